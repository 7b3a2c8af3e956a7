"""By what the sources know a person."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.patient import Patient
from lakehouse.contract import Table
from lakehouse.storage import Storage
from lakehouse.vault.beneficiary_link import BeneficiaryLink
from lakehouse.vault.codes import EHR, PAYER
from lakehouse.vault.master_person_index import MasterPersonIndex
from lakehouse.vault.patient_link import PatientLink
from lakehouse.vault.registration import Registration
from lakehouse.vault.sample_link import SampleLink

LABORATORY = "laboratory"


@dataclass(frozen=True)
class SourceIds:
    """The ids by which sources know one person, and the ids that he and his samples have from silver on."""

    person_id: int
    patients: tuple[str, ...]
    beneficiaries: tuple[str, ...]
    samples: tuple[str, ...]
    specimens: tuple[int, ...]

    def __bool__(self) -> bool:
        return bool(self.patients or self.beneficiaries or self.samples)

    def by_source(self) -> dict[str, tuple[str, ...]]:
        """The ids of the sources, by the source."""
        return {EHR: self.patients, PAYER: self.beneficiaries, LABORATORY: self.samples}


def ids_of(tables: Storage, person_id: int) -> SourceIds:
    """Those of a person; none where nobody has that id."""
    samples = _of(tables, SampleLink, person_id).collect()
    registered = _of(tables, MasterPersonIndex, person_id)
    return SourceIds(
        person_id,
        _names(
            registered.filter(F.col("source") == EHR).select("source_id"),
            _of(tables, PatientLink, person_id).select("patient_id"),
        ),
        _names(
            registered.filter(F.col("source") == PAYER).select("source_id"),
            _of(tables, BeneficiaryLink, person_id).select("bene_id"),
        ),
        tuple(sorted(row.sample_id for row in samples)),
        tuple(sorted(row.specimen_id for row in samples)),
    )


def person_of(tables: Storage, source: str, name: str) -> int | None:
    """Whose an id of a source is; None where it is nobody's."""
    table, column = _LINKS[source]
    row = tables.read(table).filter(F.col(column) == name).select("person_id").first()
    return row.person_id if row else None


def marks_of(tables: Storage, ids: SourceIds) -> tuple[str, ...]:
    """What else tells him where it stands: his record, member and other numbers as the sources write them."""
    registered = Patient.current(tables.read(Patient)).filter(F.col("patient_id").isin(*ids.patients))
    numbers = registered.select(F.explode("identifier.value").alias("mark"))
    enrolled = tables.read(Registration).filter(F.col("source_id").isin(*ids.beneficiaries))
    told = numbers.unionAll(enrolled.select(F.explode("member_numbers")))
    return tuple(sorted({row.mark for row in told.distinct().collect() if row.mark and len(row.mark) >= _TELLING}))


_TELLING = 6
"""Signs of a number that hardly stands for something else."""

_LINKS = {EHR: (PatientLink, "patient_id"), PAYER: (BeneficiaryLink, "bene_id"), LABORATORY: (SampleLink, "sample_id")}
SOURCES = tuple(_LINKS)


def _of(tables: Storage, table: type[Table], person_id: int) -> DataFrame:
    return tables.read(table).filter(F.col("person_id") == person_id)


def _names(registered: DataFrame, linked: DataFrame) -> tuple[str, ...]:
    """Ids that are registered, or that records name without a registration."""
    return tuple(sorted({row[0] for row in registered.unionAll(linked).collect()}))
