"""Rows of TRUE_DEFECT as Spark makes them, and how they are gathered while the lines are written."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import TRUE_DEFECT

GATHERED = "defects"
_SPARK_TYPES = ", ".join(f"{name}: {kind}" for name, kind in TRUE_DEFECT.columns.items())
_COLUMNS = f"struct<{_SPARK_TYPES}>"


def told(
    key: Column, world: Column, file_kind: Column, source_id: Column, line_number: Column, field: Column, true: Column,
    bad: Column,
) -> Column:  # fmt: skip
    """A row of TRUE_DEFECT about the line at hand, whose `person` is the row's."""
    values = {
        "person": F.col("person"), "world": world, "defect_key": key, "file_kind": file_kind, "source_id": source_id,
        "line_number": line_number, "field": field, "true_value": true, "bad_value": bad,
    }  # fmt: skip
    return F.struct(*(values[name].cast(kind).alias(name) for name, kind in TRUE_DEFECT.columns.items()))


def no_defect() -> Column:
    """What stands in the place of a defect where there is none."""
    return F.lit(None).cast(_COLUMNS)


def gathered() -> Column:
    """An aggregate of the spoiled lines, for `DataFrame.observe`: all their defects, as `GATHERED`, in JSON.

    So they need no second pass over the lines.
    """
    return F.to_json(F.collect_list("defect")).alias(GATHERED)
