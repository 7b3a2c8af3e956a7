"""From decided drafts to the rows of the journal: each version of a claim with all of its lines."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.arrays import Texts, dates_of, either, starts_of, sum_by, where_kept, with_none
from lakehouse.synthetic.billing.adjudication import ACTIONS, Versions
from lakehouse.synthetic.billing.block import Encounters
from lakehouse.synthetic.billing.contents import Contents
from lakehouse.synthetic.billing.decision import Decided
from lakehouse.synthetic.billing.drafts import Claims, Drafts
from lakehouse.synthetic.billing.fees import Group, fee_schedule
from lakehouse.synthetic.billing.forms import forms
from lakehouse.synthetic.billing.plans import Coverage, plans
from lakehouse.synthetic.frames import CLAIM, CLAIM_LINE, NULL
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.streams import Integers, identify

_REPLACES, _VOIDS = 7, 8
_STILL_A_PATIENT = "30"


def write(journal: Journal, decided: Decided, every: Encounters, contents: Contents, coverage: Coverage) -> None:
    """Add the rows of CLAIM and CLAIM_LINE."""
    drafts, versions = decided.drafts, decided.versions
    claims = drafts.claims.take(versions.claim)
    source = claims.source, claims.part, claims.period
    ids = identify("claim", *source, versions.number, versions.second)
    journal.add(CLAIM, {
        "id": ids,
        "person": claims.person,
        "group": identify("claim group", *source, versions.second),
        "version": versions.number,
        "action": np.array(ACTIONS, dtype=object)[versions.action],
        "final": versions.is_final,
        "payer": plans().payer[coverage.plan[claims.span]],
        "processed_date": dates_of(versions.processed),
        "superseded_date": dates_of(versions.superseded),
        "denial": versions.denial,
        **_header(claims, versions, every),
        **contents.of(claims, _reason(drafts, versions)),
        **{name: sum_by(decided.version, cents, len(claims)) for name, cents in vars(decided.amounts).items()},
    })  # fmt: skip
    journal.add(CLAIM_LINE, {
        "claim": ids[decided.version],
        "person": claims.person[decided.version],
        **_lines(drafts, decided.line),
        **vars(decided.amounts),
    })  # fmt: skip


def _reason(drafts: Drafts, versions: Versions) -> Texts:
    """The diagnosis of the first line of each claim."""
    first = starts_of(drafts.lines.claim)
    return np.asarray(drafts.lines.diagnosis[first][versions.claim])


def _header(claims: Claims, versions: Versions, every: Encounters) -> Rows:
    """What stands on the head of a claim but its lists and amounts."""
    form = claims.form
    return {
        "rif": forms().rif[form],
        "claim_type": forms().claim_type[form],
        "encounter": np.where(claims.encounter < 0, NULL, np.append(every.id, NULL)[claims.encounter]),
        "start_date": dates_of(claims.start),
        "end_date": dates_of(claims.end),
        "facility": claims.facility,
        "practitioner": claims.practitioner,
        "bill_type": _bill_type(claims, versions),
        **_stay(claims, every),
    }


def _stay(claims: Claims, every: Encounters) -> Rows:
    """From where and to where the patient came and went; stated by institutions, dates by those with beds."""
    is_stay = (forms().payment != "fee")[claims.form]
    is_hospital = (forms().payment == "drg")[claims.form]
    is_institution = forms().is_institutional[claims.form]
    is_last = claims.period == claims.periods - 1
    admitted = dates_of(np.append(every.start, 0)[claims.encounter])
    never = np.full(len(claims), np.datetime64("NaT", "D"))
    discharged = either(
        is_last, _stated(every, "discharge_status", claims), np.full(len(claims), _STILL_A_PATIENT, object)
    )
    return {
        "admission_date": np.where(is_stay, admitted, never),
        "discharge_date": np.where(is_stay & is_last, dates_of(claims.end), never),
        "admission_type": where_kept(is_stay, _stated(every, "admission_type", claims)),
        "admission_source": where_kept(is_stay, _stated(every, "admission_source", claims)),
        "discharge_status": where_kept(is_institution, discharged),
        "drg": where_kept(is_hospital, _stated(every, "drg", claims)),
    }


def _stated(every: Encounters, column: str, claims: Claims) -> Texts:
    return np.asarray(with_none(every.rows[column])[claims.encounter])


def _bill_type(claims: Claims, versions: Versions) -> Texts:
    """Facility, classification and frequency: 1 from admission to discharge, 2 3 4 the parts of a long stay."""
    is_first, is_last = claims.period == 0, claims.period == claims.periods - 1
    original = np.select([is_first & is_last, is_first, is_last], [1, 2, 4], 3)
    frequency = np.select([versions.action == 1, versions.action == 2], [_REPLACES, _VOIDS], original)
    texts = forms().bill_type[claims.form] + frequency.astype(str).astype(object)
    return where_kept(forms().is_institutional[claims.form], np.asarray(texts))


def _lines(drafts: Drafts, line: Integers) -> Rows:
    """What stands on the lines but their amounts."""
    lines, schedule = drafts.lines, fee_schedule()
    form = drafts.claims.form[lines.claim]
    first = np.flatnonzero(starts_of(lines.claim))
    number = np.arange(len(lines)) - first[lines.claim] + 1
    is_drug = schedule.group[lines.fee] == Group.DRUG
    columns = {
        "line_number": number,
        "start_date": dates_of(lines.day),
        "service_key": schedule.key[lines.fee],
        "hcpcs": _or_none(schedule.hcpcs[lines.fee]),
        "revenue_center": _or_none(np.where(forms().is_institutional[form], lines.center, "")),
        "place_of_service": _or_none(forms().place_of_service[form]),
        "units": lines.units.astype(np.float64),
        "ndc": _or_none(np.where(is_drug, schedule.ndc[lines.fee], "")),
        "line_diagnosis": lines.diagnosis,
    }
    return {name: column[line] for name, column in columns.items()}


def _or_none(texts: Texts) -> Texts:
    return where_kept(np.asarray(texts != ""), texts)
