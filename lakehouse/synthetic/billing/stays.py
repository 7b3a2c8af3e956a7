"""What stands on the claims for stays beside single services: rooms, wards' supplies, daily visits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lakehouse.synthetic.billing.block import Encounters, Services
from lakehouse.synthetic.billing.drafts import Claims, Lines, joined_lines
from lakehouse.synthetic.billing.fees import fee_schedule
from lakehouse.synthetic.billing.forms import forms
from lakehouse.synthetic.frames import NULL
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.streams import Integers

_OPERATING_ROOM = "0360"
_EMERGENCY = "1"
_DAYS_BETWEEN_VISITS = 7


def stay_lines(claims: Claims, every: Encounters, done: Services) -> Lines:
    """The lines of knowledge/stay_charges.csv, as often as their basis says."""
    quantities = _quantities(claims, every, done)
    schedule, rows_of = fee_schedule(), fee_schedule().rows["stay_charges"]
    form_rows = {key: row for row, key in enumerate(forms().key)}
    parts = []
    for charge in table("stay_charges"):
        fee, form = rows_of[charge["key"]], form_rows[charge["form_key"]]
        units = np.where(claims.form == form, quantities[charge["basis"]], 0)
        chosen = np.flatnonzero(units > 0)
        count = len(chosen)
        parts.append(
            Lines(
                claim=chosen,
                day=claims.start[chosen],
                fee=np.full(count, fee),
                units=units[chosen],
                value=units[chosen] * schedule.price[fee],
                center=np.full(count, charge["revenue_center"], dtype=object),
                diagnosis=every.diagnosis[claims.encounter[chosen]],
            )
        )
    return joined_lines(parts)


def _quantities(claims: Claims, every: Encounters, done: Services) -> Mapping[str, Integers]:
    """How much of each basis of charging there is in each claim."""
    nights, is_first, is_last = claims.nights, claims.period == 0, claims.period == claims.periods - 1
    stated = every.rows["icu_days"][claims.encounter].astype(np.int64)
    intensive = np.where(is_first & (stated != NULL), np.clip(stated, 0, nights), 0)
    operations = done.encounter[fee_schedule().revenue_center[done.fee] == _OPERATING_ROOM]
    surgery = np.bincount(operations, minlength=len(every.id))[claims.encounter] > 0
    emergency = every.rows["admission_type"][claims.encounter] == _EMERGENCY
    return {
        "stay": is_first.astype(np.int64),
        "day": nights,
        "ward_day": nights - intensive,
        "intensive_day": intensive,
        "later_day": np.maximum(nights - 1, 0),
        "discharge": is_last.astype(np.int64),
        "visit": -(-nights // _DAYS_BETWEEN_VISITS),
        "later_visit": nights // _DAYS_BETWEEN_VISITS,
        "emergency": (is_first & emergency).astype(np.int64),
        "surgery": (is_first & surgery).astype(np.int64),
    }
