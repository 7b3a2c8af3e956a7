"""By what the sources know a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.contract import Table
from lakehouse.storage import Storage
from lakehouse.vault.beneficiary_link import BeneficiaryLink
from lakehouse.vault.codes import EHR, PAYER
from lakehouse.vault.master_person_index import MasterPersonIndex
from lakehouse.vault.patient_link import PatientLink
from lakehouse.vault.sample_link import SampleLink

LABORATORY, PERSON, RECORD_NUMBER, RESOURCE = "laboratory", "person", "record number", "resource"
"""Kinds of ids beside those of hospitals and payers. A resource is a version that is in another's record by mistake."""

VERSION = "concat_ws('/', resource_type, resource_id, patient_id, cast(unix_micros(last_updated) as string))"
"""SQL: what names a version of a resource."""

_LINKS: Mapping[str, tuple[type[Table], str]] = {
    EHR: (PatientLink, "patient_id"),
    PAYER: (BeneficiaryLink, "bene_id"),
    LABORATORY: (SampleLink, "sample_id"),
}
SOURCES = tuple(_LINKS)


@dataclass(frozen=True)
class SourceIds:
    """The ids of one person, by their kind."""

    person_id: int
    patients: tuple[str, ...]
    beneficiaries: tuple[str, ...]
    samples: tuple[str, ...]
    record_numbers: tuple[str, ...]
    resources: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.patients or self.beneficiaries or self.samples)

    def by_kind(self) -> dict[str, tuple[str, ...]]:
        """All of them."""
        return {
            EHR: self.patients, PAYER: self.beneficiaries, LABORATORY: self.samples, PERSON: (str(self.person_id),),
            RECORD_NUMBER: self.record_numbers, RESOURCE: self.resources,
        }  # fmt: skip


def ids_of(tables: Storage, person_id: int) -> SourceIds:
    """Those of a person; none where nobody has that id."""
    of_person = F.col("person_id") == person_id
    registered = tables.read(MasterPersonIndex).filter(of_person)
    by_source = {
        source: _names(
            registered.filter(F.col("source") == source).select("source_id"),
            tables.read(table).filter(of_person).select(column),
        )
        for source, (table, column) in _LINKS.items()
    }
    patients = by_source[EHR]
    return SourceIds(
        person_id,
        patients,
        by_source[PAYER],
        by_source[LABORATORY],
        _numbers(tables, patients),
        _moved(tables, patients),
    )


def person_of(tables: Storage, source: str, name: str) -> int | None:
    """Whose an id of a source is; None where it is nobody's."""
    table, column = _LINKS[source]
    registered = tables.read(MasterPersonIndex).filter((F.col("source") == source) & (F.col("source_id") == name))
    linked = tables.read(table).filter(F.col(column) == name).select("person_id")
    row = registered.select("person_id").unionAll(linked).filter("person_id is not null").first()
    return row.person_id if row else None


NAMED_IN: Mapping[str, tuple[tuple[type[Table], ...], str]] = {
    EHR: ((EhrLine, PatientLink), "patient_id"),
    PAYER: ((ClaimsLine, BeneficiaryLink), "bene_id"),
    LABORATORY: ((SampleLink,), "sample_id"),
    PERSON: ((PatientLink, BeneficiaryLink, SampleLink), "person_id"),
}
"""Where ids of these kinds stand, and in which column."""


def marked(tables: Storage, where: tuple[type[Table], ...], column: str, mark: Column) -> tuple[str, ...]:
    """The ids in that column of tables that are marked."""
    return _names(*(tables.read(table).filter(mark).select(F.col(column).cast("string")) for table in where))


def _names(*found: DataFrame) -> tuple[str, ...]:
    return tuple(sorted({row[0] for rows in found for row in rows.distinct().collect() if row[0] is not None}))


def _numbers(tables: Storage, patients: tuple[str, ...]) -> tuple[str, ...]:
    """Identifiers that all versions of his records have and nobody else's: record numbers and the like."""
    numbers = tables.read(Patient).select("patient_id", F.explode("identifier").alias("identifier"))
    each = numbers.filter(_IS_TELLING).select("patient_id", F.col("identifier.value").alias("number"))
    is_his = F.col("patient_id").isin(*patients)
    his = each.filter(is_his).select("number").distinct()
    of_others = each.filter(~is_his).join(F.broadcast(his), "number", "left_semi").select("number")
    return _names(his.join(of_others, "number", "left_anti"))


_IS_TELLING = """length(identifier.value) >= 6
    or coalesce(exists(identifier.type.coding, coding -> coding.code = 'MR'), false)"""
"""SQL: whether an identifier hardly stands for something else: it has six signs, or is said to be a record number."""


def _moved(tables: Storage, patients: tuple[str, ...]) -> tuple[str, ...]:
    """Versions of resources that were first in the records of others: what they tell is of him."""
    resource = ["resource_type", "resource_id"]
    left, lines = tables.read(MovedResource), tables.read(EhrLine)
    is_his = F.col("patient_id").isin(*patients)
    his = lines.filter(is_his).select(*resource).distinct()
    left_him = left.filter(is_his).select(*resource)
    moved = left.filter(~is_his).join(his, resource, "left_semi").join(left_him, resource, "left_anti")
    return _names(lines.join(F.broadcast(moved), [*resource, "patient_id"], "left_semi").select(F.expr(VERSION)))
