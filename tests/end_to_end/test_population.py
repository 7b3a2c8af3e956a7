"""A generated population: the defects that were planted are found, and nothing else, and its accounts balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import landing
from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.claims.carrier import Carrier
from lakehouse.bronze.claims.dme import Dme
from lakehouse.bronze.claims.hha import Hha
from lakehouse.bronze.claims.hospice import Hospice
from lakehouse.bronze.claims.inpatient import Inpatient
from lakehouse.bronze.claims.outpatient import Outpatient
from lakehouse.bronze.claims.pde import Pde
from lakehouse.bronze.claims.snf import Snf
from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.document_reference import DocumentReference
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.bronze.ehr.observation import Observation
from lakehouse.bronze.ehr.other_resource import TYPED, OtherResource
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.bronze.unreadable import Unreadable
from lakehouse.contract import Table
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.quality.quality_finding import QualityFinding
from lakehouse.storage import Storage
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.generate import Generation
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.world import Genotyping, Planted, World
from tests.conftest import BUCKETS
from tests.end_to_end.written import balanced
from tests.support import FromNothing

pytestmark = pytest.mark.slow

WORLD = World(
    800, 11, date(2022, 1, 1), date(2024, 12, 31), deliveries=2,
    planted=Planted(defects=15, identity_noise=0, lab_errors=0), genotyping=Genotyping(share=0),
)  # fmt: skip
"""Many defects, and everybody under his own name: what errors of identity lead to is not scored here."""

MEDICAL = (Inpatient, Outpatient, Snf, Hha, Hospice, Carrier, Dme)


@dataclass(frozen=True)
class Way:
    """How a kind of defect is found: by an expectation of a table, or by a finding about rows of a table.

    of_line: a row is named by the number of the claim and that of the line.
    """

    table: type[Table]
    broken: str
    of_line: bool = False
    is_finding: bool = False


def finding(table: type[Table], name: str, of_line: bool = False) -> Way:
    return Way(table, name, of_line, is_finding=True)


WAYS: Mapping[str, tuple[Way, ...]] = {
    "unit_missing": (Way(Measurement, "a number has a unit"),),
    "unit_nonstandard": (Way(Measurement, "its unit is known"),),
    "observation_after_death": (finding(Measurement, "is dated long after death"),),
    "immunization_before_birth": (finding(DrugExposure, "is dated before birth"),),
    "onset_in_future": (Way(Condition, "began before it was recorded"),),
    "discharge_before_admission": (Way(Encounter, "ends no earlier than it starts"),),
    "duplicate_observation": (finding(Measurement, "is told twice under two numbers"),),
    "orphan_encounter": (finding(Measurement, "names an encounter that is not in the record"),),
    "code_missing": (Way(Observation, "is coded"),),
    "diagnosis_code_missing": (Way(Condition, "is coded"),),
    "diagnosis_code_obsolete": (Way(Condition, "codes of ICD-10-CM begin with a letter"),),
    "diagnosis_of_other_sex": (finding(ConditionOccurrence, "is a diagnosis of the other sex"),),
    "race_missing": (Way(Patient, "race is on record"),),
    "npi_missing": (Way(MedicalClaim, "names its practitioner"),),
    "npi_transposed": (finding(MedicalClaim, "the practitioner's NPI is mistyped"),),
    "npi_unknown": (finding(MedicalClaim, "practitioner is not registered"),),
    "service_before_birth": (finding(MedicalClaim, "is dated before birth"),),
    "service_after_death": (finding(MedicalClaim, "is dated long after death"),),
    "service_in_future": (Way(MedicalClaim, "covers no day after it was processed"),),
    "claim_discharge_before_admission": (Way(MedicalClaim, "admitted no later than discharged"),),
    "duplicate_claim": (finding(MedicalClaim, "is told twice under two numbers"),),
    "claim_diagnoses_missing": (Way(MedicalClaim, "has a diagnosis"),),
    "claim_diagnosis_obsolete": (Way(MedicalClaim, "diagnoses are of ICD-10-CM since October 2015"),),
    "claim_diagnosis_of_other_sex": (finding(MedicalClaim, "is a diagnosis of the other sex"),),
    "hcpcs_missing": (Way(MedicalClaim, "a practitioner says what he did", of_line=True),),
    "hcpcs_letter_for_digit": (Way(MedicalClaim, "services are coded as HCPCS codes are", of_line=True),),
    "amount_negative": (Way(MedicalClaim, "its charge is not negative", of_line=True),),
    "amount_hundredfold": (
        finding(MedicalClaim, "charge is a hundredfold of what the claim's total leaves for it", of_line=True),
    ),
    "units_absurd": (Way(MedicalClaim, "fewer than 999 units were given", of_line=True),),
    "days_supply_absurd": (Way(PharmacyClaim, "lasts between a day and a year"),),
    "member_race_missing": (Way(Beneficiary, "race is on record"),),
    "leading_zeros_lost": (
        Way(Beneficiary, "a ZIP code has five digits"),
        Way(PharmacyClaim, "an NDC has 11 digits"),
        Way(MedicalClaim, "an NDC has 11 digits"),
    ),
    "clock_shift": (finding(Measurement, "is older than its report"),),
    "note_cut": (Way(DocumentReference, "does not end where a field of 500 characters would"),),
    "mojibake_in_name": (Way(Beneficiary, "names were not misread"),),
    "mojibake": tuple(Way(kind, "was not misread") for kind in (*TYPED, OtherResource)),
}

UNREADABLE = {"json_cut": "not a JSON object", "not_utf8": "not UTF-8", "delimiter_in_field": "wrong column count"}

NOT_FOUND = {"unit_wrong", "decimal_slip", "ndc_transposed"}
"""What no row of these tables shows for certain: see lakehouse/synthetic/README.md."""

LEAST_PRECISION = {"note_cut": 0.8}
"""Where it is less than 1: a note may have 500 characters and be whole."""

LAST_DAY_OF_ENCOUNTERS = "2024-08-31"
"""Records come up to 90 days late: of what happened until then all encounters have landed."""


class Population:
    """A population with its defects, as it landed and became tables."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        landed, truth, scratch = (str(folder / name) for name in ("landing", "truth", "scratch"))
        Generation(spark, WORLD, landed, truth, scratch).write()
        storage = Storage(spark, str(folder / "tables"))
        landing.take(storage, landed, str(folder / "checkpoint"), BUCKETS)
        self.tables = FromNothing(storage)
        told = spark.read.parquet(f"{truth}/true_defect")
        self.truth = told.collect()
        self.names = self._named().localCheckpoint()
        unread = [row for row in self.truth if row.defect_key in UNREADABLE]
        self.lost = {row.source_id for row in unread}
        self.lost_persons = {row.person for row in unread if row.file_kind in ("Patient", "beneficiary")}

    def _named(self) -> DataFrame:
        """By which name the truth calls a landed line: id of the resource, number of the claim, id of the member."""
        named = [self.tables[EhrLine].selectExpr("line_id", "resource_id as name", "cast(null as int) as number")]
        named.append(self.tables[Beneficiary].selectExpr("line_id", "bene_id as name", "1 as number"))
        named.append(self.tables[Pde].selectExpr("line_id", "pde_id as name", "1 as number"))
        for kind in MEDICAL:
            number = "line_num" if kind in (Carrier, Dme) else "clm_line_num"
            named.append(self.tables[kind].selectExpr("line_id", "clm_id as name", f"{number} as number"))
        return reduce(DataFrame.unionAll, named)

    def names_of(self, lines: DataFrame, of_line: bool) -> set[str]:
        found = self.names.join(lines.select("line_id").distinct(), "line_id")
        name = F.concat_ws("/", "name", "number") if of_line else F.col("name")
        return {row.name for row in found.select(name.alias("name")).distinct().collect()}

    def found(self, way: Way) -> tuple[set[str], set[str]]:
        """The records in which the defect is found, and all in which it could be."""
        rows = self.tables[way.table]
        if way.is_finding:
            wrong = self.tables[QualityFinding].filter(
                (F.col("finding") == way.broken) & (F.col("found_in") == way.table.table_name())
            )
        else:
            rows = self.tables.flagged[way.table]
            (predicate,) = [e.predicate for e in way.table.expectations if e.name == way.broken]
            wrong = rows.filter(f"not coalesce({predicate}, true)")
        return self.names_of(wrong, way.of_line), self.names_of(rows, way.of_line)

    def planted(self, key: str, of_line: bool, held: set[str]) -> tuple[set[str], set[str]]:
        """The held records with the defect; and those that are excused, found or not.

        Excused are records of which, or of whose person, a line could not be read, and claims with two wrong charges.
        """
        charged = Counter(row.source_id for row in self.truth if row.defect_key.startswith("amount_"))
        planted: set[str] = set()
        excused: set[str] = set()
        for row in (row for row in self.truth if row.defect_key == key):
            names = {f"{row.source_id}/{row.line_number}" if of_line else row.source_id}
            if key.startswith("duplicate_"):  # nothing tells which of the two was first
                names = {row.source_id, row.true_value}
            is_sound = row.person not in self.lost_persons and not {row.source_id, row.true_value} & self.lost
            if is_sound and names <= held and charged[row.source_id] <= 1:
                planted |= names
            else:
                excused |= names
        return planted, excused

    def comparable(self, key: str) -> set[str] | None:
        """The records of which what they are compared with has landed; None where that is no matter."""
        if key == "clock_shift":
            reports = self.tables[OtherResource].filter("resource_type = 'DiagnosticReport'")
            result = "from_json(raw, 'result array<struct<reference: string>>').result"
            told = reports.selectExpr(f"explode({result}) as told").distinct()
            return {row.told.reference.removeprefix("Observation/") for row in told.collect()}
        if key == "orphan_encounter":
            name = F.regexp_extract("encounter.reference", "Encounter/(.+)", 1)
            seen = self.tables[Observation].filter(f"effective_date_time <= '{LAST_DAY_OF_ENCOUNTERS}'")
            pairs = seen.select("resource_id", name.alias("encounter")).distinct().collect()
            return {row.resource_id for row in pairs if row.encounter not in self.lost}
        if key == "npi_unknown":
            npi = F.coalesce("attending_npi", "rendering_npi", "referring_npi")
            claims = self.tables[MedicalClaim].withColumn("npi", npi)
            known = {row.npi for row in self.tables[ProviderLink].select("npi").distinct().collect()}
            named = {row.npi for row in claims.select("npi").distinct().collect()}
            unread = named & set(Directory.of(WORLD.seed).practitioners["npi"].tolist()) - known
            return self.names_of(claims.filter(~F.col("npi").isin(*unread)), of_line=False)
        return None


@pytest.fixture(scope="module")
def population(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Population:
    return Population(spark, tmp_path_factory.mktemp("defects"))


def score(found: set[str], planted: set[str]) -> tuple[float, float]:
    """Precision and recall."""
    right = len(found & planted)
    return right / max(len(found), 1), right / max(len(planted), 1)


def test_every_kind_is_scored() -> None:
    assert set(WAYS) | set(UNREADABLE) | NOT_FOUND == {row["key"] for row in table("defects")}


@pytest.mark.parametrize("key", WAYS)
def test_defects_are_found(population: Population, key: str) -> None:
    found: set[str] = set()
    planted: set[str] = set()
    for way in WAYS[key]:
        of_way, held = population.found(way)
        planted_there, excused = population.planted(key, way.of_line, held)
        found |= of_way - (excused - planted_there)
        planted |= planted_there
    comparable = population.comparable(key)
    if comparable is not None:
        found, planted = found & comparable, planted & comparable
    precision, recall = score(found, planted)
    told = f"{key}: {len(planted)} planted, precision {precision:.3f}, recall {recall:.3f}"
    print(told)
    assert planted, told
    wrong, missed = sorted(found - planted)[:3], sorted(planted - found)[:3]
    assert precision >= LEAST_PRECISION.get(key, 1.0), f"{told}; not planted {wrong}"
    assert recall == 1.0, f"{told}; not found {missed}"


@pytest.mark.parametrize("key", UNREADABLE)
def test_lines_that_cannot_be_read_are_found(population: Population, key: str) -> None:
    """By the numbers of the records that stand in them, but for lines that were cut: by how long they are."""
    refused = population.tables[Unreadable].filter(F.col("reason").startswith(UNREADABLE[key])).collect()
    planted = [row for row in population.truth if row.defect_key == key]
    assert planted
    assert len(refused) == len(planted)
    for row in planted:
        assert any(_shows(line, row) for line in refused), row


def _shows(line: Row, defect: Row) -> bool:
    if defect.defect_key == "json_cut":
        return len(line.raw.encode()) == int(defect.bad_value)
    return defect.source_id in line.raw


def test_accounts_balance_by_source_and_delivery(population: Population) -> None:
    """With what came late, was corrected, or was taken back."""
    found = balanced(population.tables)
    assert {account.delivery for account in found} == {"2024-11-01", "2024-12-01", "2025-01-01"}
    assert len({account.source for account in found}) > 20
    for account in found:
        assert account.missing == 0, account
    assert any(account.quarantined for account in found)
    for fate in ("kept", "superseded", "retracted"):
        assert any(getattr(account, fate) for account in found if account.delivery > "2024-11-01"), fate
