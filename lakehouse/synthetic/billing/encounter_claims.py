"""From encounters to claims: on which forms each is billed, and which services stand on them."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.arrays import lookup, repeated
from lakehouse.synthetic.billing.block import Encounters, Services
from lakehouse.synthetic.billing.drafts import Claims, Drafts, Lines
from lakehouse.synthetic.billing.fees import Group, fee_schedule
from lakehouse.synthetic.billing.forms import PARTS, forms
from lakehouse.synthetic.billing.stays import stay_lines
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.streams import Integers


def encounter_claims(every: Encounters, done: Services, directory: Directory) -> Drafts:
    """The claims of the institution, the practitioner and the laboratory of each encounter."""
    return Drafts.join(_claims_of(part, every, done, directory) for part in PARTS)


def _claims_of(part: str, every: Encounters, done: Services, directory: Directory) -> Drafts:
    form = lookup(every.rows["encounter_key"], forms().of[part])
    form = np.where(every.span >= 0, form, -1)
    if part == "institutional":
        form = np.where(_ends_in_a_stay(every), -1, form)
    billed = np.flatnonzero(form >= 0)
    days = every.end[billed] - every.start[billed] + 1
    periods = -(-days // forms().period_days[form[billed]])
    claims = _claims(part, every, billed, form, periods, directory)
    first_claim = np.full(len(every.id), -1)
    first_claim[billed] = np.cumsum(periods) - periods
    return Drafts.of(claims, [_service_lines(every, done, form, first_claim), stay_lines(claims, every, done)])


def _claims(
    part: str, every: Encounters, billed: Integers, form: Integers, periods: Integers, directory: Directory
) -> Claims:
    """A claim for each period of each billed encounter."""
    place, period = repeated(periods)
    row = billed[place]
    length = forms().period_days[form[row]]
    start = every.start[row] + period * length
    facility = every.rows["facility"][row].astype(np.int64)
    return Claims(
        source=every.id[row],
        part=np.full(len(row), PARTS.index(part)),
        person=every.person[row],
        encounter=row,
        form=form[row],
        period=period,
        periods=periods[place],
        start=start,
        end=np.minimum(start + length - 1, every.end[row]),
        facility=_laboratory_of(facility, directory) if part == "laboratory" else facility,
        practitioner=every.rows["practitioner"][row].astype(np.int64),
        span=every.span[row],
    )


def _service_lines(every: Encounters, done: Services, form: Integers, first_claim: Integers) -> Lines:
    """The services that the form takes, at the share of their worth that it takes."""
    schedule = fee_schedule()
    form_of = form[done.encounter]
    share = forms().share[form_of, schedule.group[done.fee]]
    coded = forms().is_institutional[form_of] | (schedule.hcpcs[done.fee] != "")
    rows = np.flatnonzero((form_of >= 0) & (share > 0) & coded)
    encounter, fee, of = done.encounter[rows], done.fee[rows], form_of[rows]
    longest = -(-(every.end - every.start + 1)[encounter] // forms().period_days[of]) - 1
    period = np.clip((done.day[rows] - every.start[encounter]) // forms().period_days[of], 0, longest)
    is_visit = schedule.group[fee] == Group.VISIT
    return Lines(
        claim=first_claim[encounter] + period,
        day=np.clip(done.day[rows], every.start[encounter], every.end[encounter]),
        fee=fee,
        units=np.ones(len(rows), dtype=np.int64),
        value=np.rint(schedule.price[fee] * share[rows]).astype(np.int64),
        center=np.where(is_visit, forms().visit_center[of], schedule.revenue_center[fee]),
        diagnosis=done.reason[rows],
    )


def _ends_in_a_stay(every: Encounters) -> np.ndarray:
    """Emergency visits that lead to a stay: the hospital bills them with the stay (three-day payment window)."""
    is_stay = every.rows["encounter_key"] == "inpatient"
    is_emergency = every.rows["encounter_key"] == "emergency"
    return np.asarray(is_emergency & np.isin(every.id, every.rows["from_encounter"][is_stay].astype(np.int64)))


def _laboratory_of(facility: Integers, directory: Directory) -> Integers:
    """A practice sends its tests to one laboratory."""
    laboratories = directory.facilities["id"][directory.facilities["kind"] == "laboratory"].astype(np.int64)
    return np.asarray(laboratories[facility % len(laboratories)])
