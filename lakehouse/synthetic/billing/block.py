"""The encounters of a block as billing sees them, with what was done in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import (
    Booleans,
    Texts,
    chance,
    days_of,
    either,
    find,
    is_missing,
    lookup,
    with_none,
)
from lakehouse.synthetic.billing.fees import fee_schedule
from lakehouse.synthetic.billing.plans import Coverage, plans
from lakehouse.synthetic.frames import (
    ADMINISTRATION,
    DIAGNOSIS,
    ENCOUNTER,
    IMMUNIZATION,
    MEASUREMENT,
    NULL,
    PROCEDURE,
    REPORT,
)
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.streams import Integers, Streams

NEVER_BILLED = 0.03
"""The share of encounters that no claim is ever made for (E)."""


@dataclass(frozen=True)
class Encounters:
    """Encounters, one a row. start, end: days. span: row of the coverage that pays, -1 for none or not billed."""

    rows: Rows
    id: Integers
    person: Integers
    start: Integers
    end: Integers
    span: Integers
    diagnosis: Texts


def encounters(journal: Journal, coverage: Coverage, streams: Streams) -> Encounters:
    """All encounters; those that are billed have a span of coverage that a claim can go to."""
    rows = journal.rows(ENCOUNTER)
    ids, person = rows["id"].astype(np.int64), rows["person"].astype(np.int64)
    start = days_of(rows["start_time"])
    end = np.where(np.isnat(rows["end_time"]), start, days_of(rows["end_time"])) if len(ids) else start
    span = coverage.on(person, start)
    # Medicare Advantage plans pay for care themselves: their members' care is not in the fee-for-service files.
    to_claims = (span >= 0) & ~plans().is_advantage[coverage.plan[span]] if len(coverage.plan) else span >= 0
    billed = to_claims & (chance(streams, "billing:never", ids) >= NEVER_BILLED)
    return Encounters(rows, ids, person, start, end, np.where(billed, span, -1), principal_diagnoses(journal, ids))


def principal_diagnoses(journal: Journal, ids: Integers) -> Texts:
    """The condition of rank 1 of each encounter; None where it has none."""
    rows = journal.rows(DIAGNOSIS)
    first = np.flatnonzero(rows["rank"] == 1)
    place = find(rows["encounter"][first].astype(np.int64), ids)
    return np.asarray(with_none(rows["condition_key"][first])[place])


@dataclass(frozen=True)
class Services:
    """What was done in encounters, one a row. encounter: its row. fee: row of the fee schedule."""

    encounter: Integers
    day: Integers
    fee: Integers
    reason: Texts

    def chosen(self, rows: Booleans) -> Services:
        """These of them only."""
        return Services(self.encounter[rows], self.day[rows], self.fee[rows], self.reason[rows])


def services(journal: Journal, every: Encounters) -> Services:
    """The visits themselves, procedures, tests, vaccines and drugs: whatever the fee schedule knows."""
    schedule = fee_schedule().rows
    reports, measurements = journal.rows(REPORT), journal.rows(MEASUREMENT)
    single = measurements["report"] == NULL if len(measurements["report"]) else np.zeros(0, dtype=bool)
    visits = lookup(every.rows["encounter_key"], schedule["encounters"])
    valued = (visits >= 0) & (fee_schedule().price[visits] > 0)
    parts = [
        Services(np.arange(len(every.id)), every.start, visits, every.diagnosis).chosen(valued),
        _done(every, journal.rows(PROCEDURE), "procedure_key", schedule["procedures"]),
        _done(every, reports, "panel_key", schedule["services"]),
        _done(
            every, {name: column[single] for name, column in measurements.items()}, "measure_key", schedule["services"]
        ),
        _done(every, journal.rows(IMMUNIZATION), "vaccine_key", schedule["vaccines"]),
        _done(every, journal.rows(ADMINISTRATION), "drug_key", schedule["drugs"]),
    ]
    return Services(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


def _done(every: Encounters, rows: Rows, key: str, fees: dict[str, int]) -> Services:
    """Rows of a frame that belong to an encounter and have a price."""
    if not len(rows[key]):
        none = np.empty(0, dtype=np.int64)
        return Services(none, none, none, np.empty(0, dtype=object))
    fee = lookup(rows[key], fees)
    encounter = find(every.id, rows["encounter"].astype(np.int64))
    reason = _reasons(rows, every.diagnosis[encounter])
    return Services(encounter, days_of(rows["start_time"]), fee, reason).chosen((fee >= 0) & (encounter >= 0))


def _reasons(rows: Rows, principal: NDArray[Any]) -> Texts:
    """What it was done for: as the row says, or else the principal diagnosis of the encounter."""
    if "reason_key" not in rows:
        return principal
    stated = rows["reason_key"]
    return either(is_missing(stated), principal, stated)
