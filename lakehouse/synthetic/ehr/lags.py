"""When the EHR knows of what happened: the days that records take, the late ones, and corrections.

Every lag is drawn by a hash of the record's id, so that it depends on nothing but the record.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

EHR_BEGAN = date(2010, 1, 1)
"""The day on which this EHR went live: what is older was entered then."""

RECORD_DAYS = 3
LABORATORY_DAYS = 2
NOTE_DAYS = 7
DEATH_DAYS = 14
"""The most days that pass until a record, a laboratory result, a note or a death is known; all days are equal."""

LATE_SHARE = 0.01
LATE_DAYS = (30, 90)
"""The share of records that come late, and by how many days more: least and most."""

CORRECTED_SHARE = 0.01
RETRACTED_SHARE = 0.002
CHANGE_DAYS = (20, 60)
"""The shares of records that are corrected, or taken back, and how many days after they were first known."""

_FRACTION_BITS = 53


def draw(purpose: str, id_: Column) -> Column:
    """A number that is uniform on [0, 1), drawn for that purpose by the id."""
    bits = F.xxhash64(F.lit(purpose), id_).bitwiseAND(F.lit((1 << _FRACTION_BITS) - 1))
    return bits / F.lit(float(1 << _FRACTION_BITS))


def known_on(day: Column, id_: Column, most: int) -> Column:
    """The day on which the EHR knows of what happened on a day, within so many days unless it comes late."""
    late = F.when(draw("late", id_) < LATE_SHARE, _days("late by", id_, *LATE_DAYS)).otherwise(F.lit(0))
    return F.greatest(F.date_add(day, _days("lag", id_, 0, most) + late), F.lit(EHR_BEGAN))


def corrected_on(first: Column, id_: Column) -> Column:
    """The day of a record's correction; null for those that are never corrected."""
    return F.when(draw("fate", id_) < CORRECTED_SHARE, F.date_add(first, _days("change", id_, *CHANGE_DAYS)))


def retracted_on(first: Column, id_: Column) -> Column:
    """The day on which a record is taken back as entered in error; null for those that stay."""
    return F.when(draw("fate", id_) >= 1 - RETRACTED_SHARE, F.date_add(first, _days("change", id_, *CHANGE_DAYS)))


def _days(purpose: str, id_: Column, least: int, most: int) -> Column:
    return (F.floor(draw(purpose, id_) * (most - least + 1)) + least).cast("int")
