from __future__ import annotations

from collections import Counter
from datetime import date

from pyspark.sql import SparkSession

from lakehouse import quality
from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.silver.claims.eligibility import Eligibility
from lakehouse.silver.claims.enrollment_year import EnrollmentYear
from lakehouse.vault.beneficiary_link import BeneficiaryLink
from tests.bronze.claims.lines import landed
from tests.support import Rows, rows_of


def member_months() -> Counter[date]:
    """Enrolled beneficiaries by month, counted from the landed lines."""
    return Counter(
        date(int(line["RFRNC_YR"]), month, 1)
        for line in landed("beneficiary")
        for month in range(1, 13)
        if line[f"MDCR_ENTLMT_BUYIN_{month}_IND"] in {"1", "2", "3", "A", "B", "C"}
    )


def test_months_of_enrolment_are_those_that_landed(sample: Rows) -> None:
    found = {row.month: row["count"] for row in sample[Eligibility].groupBy("month").count().collect()}
    assert found == dict(member_months())


def test_each_year_of_a_beneficiary_is_found_again(sample: Rows) -> None:
    years = sample[EnrollmentYear]
    assert Beneficiary.current(sample[Beneficiary]).join(years, "line_id", "left_anti").count() == 0
    examination = quality.examine(EnrollmentYear, quality.flag(EnrollmentYear, years), old=None, buckets=1)
    assert (examination.dropped, examination.repeated_keys) == (0, [])
    # The generator counts months of Part B for beneficiaries whom it gives Part A alone.
    miscounted = [
        line
        for line in landed("beneficiary")
        if int(line["B_MO_CNT"]) != sum(line[f"MDCR_ENTLMT_BUYIN_{n}_IND"] in {*"23BC"} for n in range(1, 13))
    ]
    assert examination.broken == {"the months of Part B are as many as counted": len(miscounted)}


def test_months_say_what_the_person_was_enrolled_in(spark: SparkSession) -> None:
    nothing: list[str | None] = [None] * 12
    arrays = {name: nothing for name, column in EnrollmentYear.declared.items() if column.type == "array<string>"}
    blank = {"person_id": 1, "year": 2024, **arrays, "unparsed": []}
    year: dict[str, object] = {
        "entitlement_codes": ["0", "1", "2", "3", "C", *nothing[5:]],
        "managed_care_codes": [None, "0", "4", "C", "1", *nothing[5:]],
        "drug_plan_contract_ids": [None, "N", "0", "S1234", "H1234", *nothing[5:]],
        "dual_status_codes": ["NA", "NA", "01", "02", "09", *nothing[5:]],
    }
    without: dict[str, object] = {"year": 2025}
    other_number: dict[str, object] = {"entitlement_codes": ["2", *nothing[1:]]}
    rows = [{**blank, "line_id": n, **given} for n, given in enumerate((year, without, other_number))]
    years = rows_of(spark, EnrollmentYear, *rows)
    months = Eligibility.build(years).orderBy("month").collect()  # type: ignore[arg-type]
    assert [(m.month.month, m.part_a, m.part_b, m.part_c, m.part_d, m.dual_status) for m in months] == [
        (1, False, True, False, False, "none"),
        (2, True, False, False, False, "none"),
        (3, False, True, False, False, "partial"),
        (4, True, True, True, True, "full"),
        (5, True, True, True, True, "none"),
    ]
    assert {m.month.year for m in months} == {2024}


def test_persons_are_those_of_the_link(sample: Rows) -> None:
    persons = {row.person_id for row in sample[Eligibility].select("person_id").distinct().collect()}
    assert persons == {row.person_id for row in sample[BeneficiaryLink].collect()}
