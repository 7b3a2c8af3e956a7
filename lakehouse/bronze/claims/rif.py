"""How the lines of CMS Research Identifiable Files become typed rows: driven by the declaration of the table.

A declared `Field` names its column in lower case and takes its value from the RIF field of the same name,
wherever the header of the line puts it. A repeated field (25 diagnoses, 12 months) is one array column whose
positions are the field's own numbers. Text that does not convert is not lost: the field is null, and its name
is listed in `unparsed`. What no column reads is listed in `unread_fields`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.record import SourceRecord
from lakehouse.contract import Column

AMOUNT = "decimal(12,2)"
QUANTITY = "decimal(12,3)"

_NUMBER = r"^[+-]?\d*\.?\d+$"

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEPT", "OCT", "NOV", "DEC")


@dataclass(frozen=True)
class Field(Column):
    """A column read from RIF fields.

    names: the fields that an array takes its elements from, in order; for a single value the names to look for
        in turn where they are not simply the column's own name.
    """

    names: tuple[str, ...] = ()


def code(comment: str) -> Field:
    """A code, identifier or name: kept as the text that it is."""
    return Field("string", comment)


def amount(comment: str) -> Field:
    """An amount of money."""
    return Field(AMOUNT, comment, "USD")


def numbered(pattern: str, most: int, comment: str, element: str = "string") -> Field:
    """A field that repeats as FIELD1, FIELD2 and so on; `{}` stands for the number."""
    return Field(f"array<{element}>", comment, names=tuple(pattern.format(n) for n in range(1, most + 1)))


def monthly(pattern: str, comment: str) -> Field:
    """A field that repeats for the months of a year; `{}` stands for RIF's name of the month."""
    return Field("array<string>", comment, names=tuple(map(pattern.format, MONTHS)))


class RifRecord(SourceRecord):
    """A line of one of the RIF files. `rif` says which."""

    rif: ClassVar[str]
    retracted: ClassVar[str] = "dml_ind = 'DELETE'"

    unparsed = Column("array<string>", "fields whose text could not be read as their type", required=True)
    unread_fields = Column("array<string>", "fields of the header that no column takes its value from", required=True)
    dml_ind = Field("string", "what the delivery does with the record: INSERT, UPDATE or DELETE")


def read(table: type[RifRecord], lines: ClaimsLine) -> DataFrame:
    """The readable lines of the table's kind of file, as the table declares them.

    All fields of one type are read by one expression, as an array that the columns are then taken from:
    the plan stays small however many fields there are.
    """
    fields = {name: column for name, column in table.declared.items() if isinstance(column, Field)}
    names = _names_by_type(fields)
    places = {type_: f"_place_{number}" for number, type_ in enumerate(names)}
    texts = {type_: f"_text_{number}" for number, type_ in enumerate(names)}
    values = {type_: f"_value_{number}" for number, type_ in enumerate(names)}
    readable = lines.filter((F.col("file_kind") == table.rif) & F.col("defect").isNull())
    rows = (
        readable.join(F.broadcast(_layouts(readable, names, places)), "header")
        .withColumns({texts[type_]: F.transform(places[type_], _text) for type_ in names})
        .withColumns({values[type_]: F.transform(texts[type_], _reader(type_)) for type_ in names})
    )
    unparsed = [_unparsed(names[type_], texts[type_], values[type_]) for type_ in names]
    return rows.select(
        *(F.col(name) for name in SourceRecord.declared if name != "content"),
        F.xxhash64("raw").alias("content"),
        F.concat(*unparsed).alias("unparsed"),
        "unread_fields",
        *(_column(name, field, names, values).alias(name) for name, field in fields.items()),
    )


def _layouts(lines: DataFrame, names: dict[str, list[str]], places: dict[str, str]) -> DataFrame:
    """Where each header has the fields: looked up once a header, of which there are few, and not once a line."""
    names_told = F.transform(F.split("header", r"[|\t,]"), lambda name: F.upper(F.trim(F.replace(name, F.lit('"')))))
    split = lines.select("header").distinct().withColumn("_header", names_told)
    found = {
        place: F.transform(_array(names[type_]), lambda name: _position(F.col("_header"), name))
        for type_, place in places.items()
    }
    unread = F.array_except("_header", F.flatten(F.array(*map(_array, names.values()))))
    return split.select("header", unread.alias("unread_fields"), *(at.alias(name) for name, at in found.items()))


def _names_of(name: str, field: Field) -> tuple[str, ...]:
    return field.names or (name.upper(),)


def _element_of(field: Field) -> str:
    return field.type.removeprefix("array<").removesuffix(">")


def _names_by_type(fields: dict[str, Field]) -> dict[str, list[str]]:
    """The RIF fields to read as each type."""
    names: dict[str, list[str]] = {}
    for name, field in fields.items():
        names.setdefault(_element_of(field), []).extend(_names_of(name, field))
    return names


def _column(name: str, field: Field, names: dict[str, list[str]], values: dict[str, str]) -> SparkColumn:
    """A column's part of the values of its type."""
    values_of_type, type_ = values[_element_of(field)], _element_of(field)
    places = [names[type_].index(field_name) for field_name in _names_of(name, field)]
    if field.type != type_:
        return F.slice(values_of_type, places[0] + 1, len(places))
    return F.coalesce(*(F.get(values_of_type, F.lit(place)) for place in places))


def _array(texts: list[str]) -> SparkColumn:
    return F.array(*map(F.lit, texts))


def _text(place: SparkColumn) -> SparkColumn:
    """The text of the field in that place, from 1; null where the header does not have it."""
    return F.get("field_values", place - 1)


def _position(texts: SparkColumn, text: SparkColumn) -> SparkColumn:
    """The place of a text in an array, from 1; 0 where it is not there."""
    return F.call_function("array_position", texts, text).cast("int")


def _reader(type_: str) -> Callable[[SparkColumn], SparkColumn]:
    """How text becomes a value of that type: null where it does not."""
    if type_ == "string":
        return lambda text: text
    return _date if type_ == "date" else lambda text: F.when(text.rlike(_NUMBER), text).cast(type_)


def _date(text: SparkColumn) -> SparkColumn:
    """A date as CMS writes it (03-Apr-2021, 20210403) or as ISO does."""
    month = _position(_array([name[:3] for name in MONTHS]), F.upper(F.substring(text, 4, 3)))
    day = F.make_date(F.substring(text, 8, 4).cast("int"), month, F.substring(text, 1, 2).cast("int"))
    iso = F.regexp_replace(text, r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3")
    return F.when(text.rlike(r"^\d{2}-[A-Za-z]{3}-\d{4}$"), day).when(
        iso.rlike(r"^\d{4}-\d{2}-\d{2}$"), iso.cast("date")
    )


def _unparsed(names: list[str], texts: str, values: str) -> SparkColumn:
    """Names of the fields that hold text and became null."""

    def lost(name: SparkColumn, place: SparkColumn) -> SparkColumn:
        return F.when(F.get(texts, place).isNotNull() & F.get(values, place).isNull(), name)

    return F.array_compact(F.transform(_array(names), lost))
