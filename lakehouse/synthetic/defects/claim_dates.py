"""Days on claims that cannot be."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.defects.claim_rows import holding, note_claims
from lakehouse.synthetic.defects.dates import AFTER_DEATH_DAYS, BEFORE_BIRTH_DAYS, years_later
from lakehouse.synthetic.defects.planting import Planting
from lakehouse.synthetic.frames import CLAIM, PERSON

_FROM, _THROUGH = "CLM_FROM_DT", "CLM_THRU_DT"


def plant(planting: Planting) -> None:
    """Plant them in CLAIM."""
    if planting.count(CLAIM):
        _before_birth(planting)
        _after_death(planting)
        _in_future(planting)
        _swapped(planting)


def _before_birth(planting: Planting) -> None:
    rows = planting.rows(CLAIM)
    chosen = planting.choose("service_before_birth", CLAIM, holding(planting, CLAIM), rows["id"])
    birth = planting.births[planting.person_places(rows["person"][chosen])]
    days = birth - planting.draw("service_before_birth", *BEFORE_BIRTH_DAYS, rows["id"][chosen])
    true, bad = rows["start_date"][chosen], days.astype("datetime64[D]")
    planting.change(CLAIM, "start_date", chosen, bad)
    note_claims(planting, "service_before_birth", chosen, _FROM, true, bad)


def _after_death(planting: Planting) -> None:
    """The whole claim, of one version only, moves, and is processed as much later, within the time that is told."""
    rows = planting.rows(CLAIM)
    death = planting.rows(PERSON)["death_date"].astype("datetime64[D]")[planting.person_places(rows["person"])]
    dead = ~np.isnat(death)
    after = death + planting.draw("service_after_death", *AFTER_DEATH_DAYS, rows["id"])
    by = after - rows["start_date"].astype("datetime64[D]")
    told = dead & (rows["version"] == 1) & (rows["processed_date"] + by <= np.datetime64(planting.world.end))
    chosen = planting.choose("service_after_death", CLAIM, holding(planting, CLAIM) & told, rows["id"])
    for column in ("start_date", "end_date", "processed_date"):
        planting.change(CLAIM, column, chosen, rows[column][chosen] + by[chosen])
    true = rows["start_date"][chosen]
    note_claims(planting, "service_after_death", chosen, _FROM, true, true + by[chosen])


def _in_future(planting: Planting) -> None:
    rows = planting.rows(CLAIM)
    chosen = planting.choose("service_in_future", CLAIM, holding(planting, CLAIM), rows["id"])
    true = rows["end_date"][chosen].astype("datetime64[D]")
    planting.change(CLAIM, "end_date", chosen, years_later(true))
    note_claims(planting, "service_in_future", chosen, _THROUGH, true, years_later(true))


def _swapped(planting: Planting) -> None:
    rows = planting.rows(CLAIM)
    admitted, discharged = (rows[name].astype("datetime64[D]") for name in ("admission_date", "discharge_date"))
    stays = holding(planting, CLAIM) & (rows["rif"] == "inpatient") & (discharged > admitted)
    chosen = planting.choose("claim_discharge_before_admission", CLAIM, stays, rows["id"])
    planting.change(CLAIM, "admission_date", chosen, discharged[chosen])
    planting.change(CLAIM, "discharge_date", chosen, admitted[chosen])
    note_claims(
        planting, "claim_discharge_before_admission", chosen, "CLM_ADMSN_DT", admitted[chosen], discharged[chosen]
    )
