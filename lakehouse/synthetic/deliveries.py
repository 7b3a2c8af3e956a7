"""How what is known is cut into deliveries, and those into files."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.errors import UsageError
from lakehouse.synthetic.world import BLOCK, World

BATCH_BLOCKS = 20
"""How many blocks are simulated and written before the next ones: what is staged at a time. Files end with it."""

FILE_KILOBYTES = 100_000
"""How large a file should be at most, before it is compressed."""

KILOBYTES_A_YEAR = {
    "Observation": 26.0, "Condition": 6.0, "Encounter": 5.0, "DocumentReference": 3.0, "DiagnosticReport": 3.0,
    "carrier": 2.2, "MedicationRequest": 1.5, "Procedure": 1.3, "pde": 0.6,
}  # fmt: skip
"""What a person's year is in such a file, roughly; it only decides how many files there are."""

_KILOBYTES_OF_OTHERS = 0.5
_FILE_PERSONS = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
_DAYS_A_YEAR = 365.25


def batches(world: World) -> list[range]:
    """The blocks of each batch."""
    return [range(i, min(i + BATCH_BLOCKS, world.blocks)) for i in range(0, world.blocks, BATCH_BLOCKS)]


def check(world: World) -> None:
    """Raises UsageError where the first delivery would have nothing to tell of."""
    if world.end < world.begin:
        raise UsageError(f"--until {world.end} must not be before --from {world.begin}")
    most = _most_deliveries(world)
    if world.deliveries > most:
        raise UsageError(
            f"--deliveries monthly:{world.deliveries} is more than there are months from {world.begin} until "
            f"{world.end} after the first: at most monthly:{most}"
        )


def days(world: World) -> tuple[date, ...]:
    """The days of the deliveries: the last is the day after the world's end, each other one a month before the next."""
    last = world.end + timedelta(days=1)
    return tuple(_months_before(last, months) for months in range(world.deliveries, -1, -1))


def delivery(world: World, known_on: Column) -> Column:
    """The name of the delivery that first tells what is known from that day on; null if none does.

    A delivery tells what was known before its day.
    """
    first, *later = (F.lit(day) for day in days(world))
    found = F.when(known_on < first, first)
    for day in later:
        found = found.when(known_on < day, day)
    return found.cast("string")


def file_number(world: World, kind: str, known_on: Column, person: Column) -> Column:
    """The number, from 1, of the file of its delivery that a row is in: by person, whatever else is in the file.

    So the first persons of a larger population have the same files. What belongs to nobody is in the first.
    """
    history, month = (
        F.lit(_persons_a_file(kind, years)) for years in ((days(world)[0] - world.begin).days / _DAYS_A_YEAR, 1 / 12)
    )
    persons = F.when(known_on < F.lit(days(world)[0]), history).otherwise(month)
    return F.coalesce(F.floor(person / persons) + 1, F.lit(1)).cast("int")


def _persons_a_file(kind: str, years: float) -> int:
    """How many persons fill a file with so many years: a number that goes evenly into a batch."""
    of_one, batch = KILOBYTES_A_YEAR.get(kind, _KILOBYTES_OF_OTHERS) * years, BATCH_BLOCKS * BLOCK
    fitting = [persons for persons in _FILE_PERSONS if persons <= batch and persons * of_one <= FILE_KILOBYTES]
    return max(fitting, default=_FILE_PERSONS[0])


def _most_deliveries(world: World) -> int:
    """How many monthly deliveries can follow the first, so that it has a day to tell of."""
    last, months = world.end + timedelta(days=1), 0
    while _months_before(last, months + 1) > world.begin:
        months += 1
    return months


def _months_before(day: date, months: int) -> date:
    """The same day so many months before, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
