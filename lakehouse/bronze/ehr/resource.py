"""What every typed table of a FHIR resource shares: its ids, its versions, and the one reader of its content."""

from __future__ import annotations

import re
from typing import ClassVar

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.record import SourceRecord
from lakehouse.contract import Column, Expectation, expect, expect_or_drop

FITS = expect("its elements have FHIR's types", "fits")

MISREAD = r"[\u00c2-\u00f4][\u0080-\u00bf]"
"""A pattern of what two or more bytes of UTF-8 look like when each is read as a sign of Latin-1."""

LEGIBLE = expect("was not misread", "not misread")

STAYS = expect("stays in the record of its patient", "not moved_on")

CODED = expect("is coded", "coalesce(exists(code.coding, coding -> coding.code is not null), false)")
"""Of resources whose `code` says what they are about."""

_READ_FROM_THE_HEAD = ("resourceType", "id", "meta", "subject", "patient", "beneficiary")


class Resource(SourceRecord):
    """One version of a FHIR resource. The newest by meta.lastUpdated holds, else the last that was delivered.

    A server has one resource of a type and id: what its newest version tells of another patient has left the first.
    """

    scope: ClassVar[str | None] = "patient_id"
    record: ClassVar[tuple[str, ...]] = ("patient_id", "resource_id")
    newer = ("last_updated",)

    resource_id = Column("string", "FHIR logical id of the resource", required=True)
    patient_id = Column("string", "FHIR id of the patient whose record it is; null where it names none")
    version_id = Column("string", "meta.versionId")
    last_updated = Column("timestamp", "meta.lastUpdated (UTC)")
    moved_on = Column("boolean", "whether the newest version of the resource is of another patient", required=True)

    @classmethod
    def latest(cls, rows: DataFrame) -> DataFrame:
        """The rows that hold for each resource in the record of the patient whose it is now."""
        return super().latest(rows.filter("not moved_on"))


class TypedResource(Resource):
    """A resource whose content is read. Named as FHIR names it; its own columns are its elements, in snake case.

    Elements that are not declared are not lost: the landed line has them, and `unread_fields` tells of them.
    """

    unread_fields = Column("array<string>", "top-level elements of the line that this table does not read")
    fits = Column("boolean", "whether every element that is read has FHIR's type; one that has not is null")
    misread = Column("boolean", "whether the line has signs that UTF-8 becomes when it is read as Latin-1")

    expectations: ClassVar[tuple[Expectation, ...]] = (
        FITS,
        expect_or_drop("names its patient", "patient_id is not null"),
        LEGIBLE,
        STAYS,
    )

    @classmethod
    def elements(cls) -> dict[str, str]:
        """The FHIR elements that the table reads, by the names of its columns."""
        return {name: _camel_case(name) for name in cls.declared if name not in TypedResource.declared}


class SharedResource(TypedResource):
    """A resource that is no patient's, such as a hospital: records of many patients refer to it."""

    scope: ClassVar[str | None] = None
    changes_by: ClassVar[str | None] = None
    record: ClassVar[tuple[str, ...]] = ("resource_id",)
    expectations: ClassVar[tuple[Expectation, ...]] = (FITS, LEGIBLE)


def read(
    lines: DataFrame, table: type[TypedResource], moved: DataFrame | None = None, **derived: SparkColumn
) -> DataFrame:
    """The readable lines of the table's resource type, with the declared elements as columns.

    moved: rows of bronze.moved_resource, for resources that can move from one patient to another.
    derived: columns of the table that are no elements, from the line's `raw`.
    """
    elements = {name: element for name, element in table.elements().items() if name not in derived}
    schema = ", ".join(f"`{element}` {table.declared[name].type}" for name, element in elements.items())
    content = F.from_json("raw", f"{schema}, _misfit string", {"columnNameOfCorruptRecord": "_misfit"})
    known = F.array(*(F.lit(name) for name in (*_READ_FROM_THE_HEAD, *elements.values())))
    of_type = lines.filter(F.col("defect").isNull() & (F.col("resource_type") == table.__name__))
    owned = of_type.withColumn("moved_on", F.lit(False)) if moved is None else with_moved(of_type, moved)
    return (
        owned.withColumn("resource", content)
        .withColumn("content", F.xxhash64("raw"))
        .withColumn("unread_fields", F.array_sort(F.array_except(F.json_object_keys("raw"), known)))
        .withColumn("fits", F.col("resource._misfit").isNull())
        .withColumn("misread", F.col("raw").rlike(MISREAD))
        .select(
            *TypedResource.declared,
            *(F.col(f"resource.`{element}`").alias(name) for name, element in elements.items()),
            *(column.alias(name) for name, column in derived.items()),
        )
    )


def with_moved(lines: DataFrame, moved: DataFrame) -> DataFrame:
    """Add `moved_on`: whether the newest version of the resource is of another patient."""
    left = moved.select("resource_type", "resource_id", "patient_id", F.lit(True).alias("moved_on"))
    marked = lines.join(left, ["resource_type", "resource_id", "patient_id"], "left")
    return marked.withColumn("moved_on", F.coalesce("moved_on", F.lit(False)))


def _camel_case(name: str) -> str:
    """FHIR's name of an element; a trailing underscore keeps a column clear of Python and of the others."""
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), name.rstrip("_"))
