"""What is done at encounters: PROCEDURE and IMAGING."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.care.encounters import Encounters
from lakehouse.synthetic.frames import IMAGING, NULL, PROCEDURE
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import by_key, number, table
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.streams import Integers, Streams, identify

_ALWAYS_AT = {
    "dialysis_session": "hemodialysis",
    "physical_therapy_visit": "physical_therapy",
    "mental_health_visit": "psychotherapy",
}
_PRENATAL_ULTRASOUND_SHARE = 0.22


def write(streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """Write down the procedures of all encounters, and the imaging studies among them."""
    visits = encounters.visits
    for procedure in sorted({name for name in visits.procedure if name is not None}):
        _do(journal, life, encounters, procedure, np.flatnonzero(visits.procedure == procedure), 10)
    for key, procedure in _ALWAYS_AT.items():
        for_nothing_else = np.array([name is None for name in visits.procedure], dtype=bool)
        _do(journal, life, encounters, procedure, np.flatnonzero((visits.key == key) & for_nothing_else), 10)
    in_hospital = np.isin(visits.key, ("emergency", "inpatient"))
    for row in table("event_procedures"):
        at = np.flatnonzero(in_hospital & (visits.event == row["condition_key"]))
        purpose = f"procedures:{row['condition_key']}:{row['procedure_key']}"
        chosen = streams.chance(purpose, visits.id[at]) < number(row, "share")
        _do(journal, life, encounters, row["procedure_key"], at[chosen], 40)
    prenatal = np.flatnonzero(visits.key == "prenatal_visit")
    seen = streams.chance("procedures:ultrasound", visits.id[prenatal]) < _PRENATAL_ULTRASOUND_SHARE
    _do(journal, life, encounters, "fetal_ultrasound", prenatal[seen], 5)
    _of_stays(journal, life, encounters)


def _of_stays(journal: Journal, life: Life, encounters: Encounters) -> None:
    """What a stay is for, or leads to; a ventilator in the intensive care of the worst."""
    visits = encounters.visits
    drawn = {(row["condition_key"], row["procedure_key"]) for row in table("event_procedures")}
    by_procedure: dict[str, list[int]] = {}
    for place in np.flatnonzero((visits.key == "inpatient") & (visits.stay != NULL)):
        stay = life.stays[visits.stay[place]]
        done = [name for name in stay.procedures if (stay.cause, name) not in drawn]
        if stay.icu_days and stay.severity > 0.8:
            done.append("mechanical_ventilation")
        if not stay.planned and stay.cause not in ("normal_delivery", "cesarean_delivery") and stay.severity < 0.5:
            done = [name for name in done if by_key("procedures")[name]["kind"] not in ("surgery", "cardiac")]
        for name in dict.fromkeys(done):
            by_procedure.setdefault(name, []).append(int(place))
    for name, places in sorted(by_procedure.items()):
        _do(journal, life, encounters, name, np.array(places, dtype=np.int64), 240)


def _do(journal: Journal, life: Life, encounters: Encounters, procedure: str, at: Integers, after: int) -> None:
    """Do a procedure at these encounters, some minutes after they begin."""
    if not len(at):
        return
    visits = encounters.visits
    start = np.minimum(visits.start[at] + after, visits.end[at])
    rows = {
        "id": identify(f"procedure:{procedure}", visits.id[at]), "person": life.people.person[visits.person[at]],
        "encounter": visits.id[at], "procedure_key": np.full(len(at), procedure, dtype=object),
        "start_time": start.astype("datetime64[m]"), "in_ehr": encounters.in_ehr[at],
    }  # fmt: skip
    journal.add(PROCEDURE, rows | {
        "end_time": np.minimum(start + 30, visits.end[at]).astype("datetime64[m]"), "reason_key": visits.reason[at],
        "practitioner": encounters.practitioner[at],
    })  # fmt: skip
    if by_key("procedures")[procedure]["modality"]:
        journal.add(IMAGING, rows | {"id": identify(f"imaging:{procedure}", visits.id[at])})
