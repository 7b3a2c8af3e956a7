"""The sample as others might deliver it: a hospital without payers, payers without a hospital, another century."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import quality
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.contract import Table
from lakehouse.silver.claims.eligibility import Eligibility
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.condition_era import ConditionEra
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.death import Death
from lakehouse.silver.clinical.drug_era import DrugEra
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.observation_period import ObservationPeriod
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from tests.support import Rows

pytestmark = pytest.mark.slow

DAY_OF = {
    VisitOccurrence: "visit_start_date",
    ConditionOccurrence: "condition_start_date",
    DrugExposure: "drug_exposure_start_date",
    Measurement: "measurement_date",
    Death: "death_date",
    ObservationPeriod: "observation_period_end_date",
    ConditionEra: "condition_era_end_date",
    DrugEra: "drug_era_start_date",
    MedicalClaim: "claim_start_date",
    PharmacyClaim: "dispensing_date",
    Eligibility: "month",
}


def kept(rows: Rows, table: type[Table]) -> DataFrame:
    return quality.kept(quality.flag(table, rows[table]))


def in_the_next_century(lines: DataFrame) -> DataFrame:
    """Every day a hundred years later. There is none in the sample on a 29 February that 2100 has not."""
    raw = F.regexp_replace("raw", r'"20(\d\d-\d\d-\d\d)', '"21$1')
    return lines.withColumns({
        "delivery": F.lit("2126-01-01"),
        "last_updated": F.col("last_updated") + F.expr("interval 100 years"),
        "raw": F.regexp_replace(raw, r'"19(\d\d-\d\d-\d\d)', '"20$1'),
    })  # fmt: skip


def claims_in_the_next_century(lines: DataFrame) -> DataFrame:
    fields = "field_values"
    for before, after in (("20", "21"), ("19", "20")):
        fields = f"transform({fields}, v -> regexp_replace(v, '-{before}([0-9]{{2}})$', '-{after}$1'))"
    year = "transform({0}, v -> if(file_kind = 'beneficiary', regexp_replace(v, '^20([0-9]{{2}})$', '21$1'), v))"
    return lines.withColumns({"delivery": F.lit("2126-01-01"), "field_values": F.expr(year.format(fields))})


@pytest.fixture(scope="module")
def of_hospital(sample: Rows) -> Rows:
    return sample.given({ClaimsLine: sample[ClaimsLine].filter("false")})


@pytest.fixture(scope="module")
def of_payers(sample: Rows) -> Rows:
    return sample.given({EhrLine: sample[EhrLine].filter("false")})


@pytest.fixture(scope="module")
def later(sample: Rows) -> Rows:
    return sample.given({
        EhrLine: in_the_next_century(sample[EhrLine]), ClaimsLine: claims_in_the_next_century(sample[ClaimsLine])
    })  # fmt: skip


def test_a_hospital_alone_has_its_patients_and_all_their_visits(sample: Rows, of_hospital: Rows) -> None:
    assert kept(of_hospital, Person).count() == 26
    visits = kept(of_hospital, VisitOccurrence)
    assert {row.known_by for row in visits.select("known_by").distinct().collect()} == {"ehr"}
    assert visits.count() == sample[VisitOccurrence].filter("known_by != 'claims'").count()
    assert kept(of_hospital, MedicalClaim).count() == 0
    assert kept(of_hospital, DrugEra).count() > 0


def test_payers_alone_have_their_members_and_all_their_claims(sample: Rows, of_payers: Rows) -> None:
    assert kept(of_payers, Person).count() == sample[Eligibility].select("person_id").distinct().count()
    visits = kept(of_payers, VisitOccurrence)
    assert {row.known_by for row in visits.select("known_by").distinct().collect()} == {"claims"}
    assert visits.count() == sample[VisitOccurrence].filter("known_by != 'ehr'").count()
    for table in (MedicalClaim, PharmacyClaim):
        assert kept(of_payers, table).count() == kept(sample, table).count()
    assert kept(of_payers, ConditionOccurrence).count() > 0


@pytest.mark.parametrize("table", DAY_OF, ids=lambda table: table.full_name())
def test_a_hundred_years_later_all_is_the_same(sample: Rows, later: Rows, table: type[Table]) -> None:
    day = F.date_format(DAY_OF[table], "yyyy-MM-dd")
    then = [row.day for row in kept(sample, table).select(day.alias("day")).collect()]
    now = [row.day for row in kept(later, table).select(day.alias("day")).collect()]
    assert then
    assert sorted(now) == sorted(f"{int(day[:4]) + 100}{day[4:]}" for day in then)
