"""Silver from outside: DuckDB reads the Delta files, and comes to the same rows another way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
import pyarrow  # type: ignore[import-untyped]
import pytest
from deltalake import DeltaTable, QueryBuilder

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.contract import Table
from lakehouse.silver.claims.claim_encounter import ClaimEncounter
from lakehouse.silver.claims.eligibility import Eligibility
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.condition_era import ConditionEra
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.drug_era import DrugEra
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.silver.vocabulary.drug_strength import DrugStrength
from lakehouse.storage import Record
from lakehouse.vault.beneficiary_link import BeneficiaryLink
from lakehouse.vault.patient_link import PatientLink
from tests.conftest import SAMPLE
from tests.support import Rows

TABLES: list[type[Table]] = [
    Beneficiary, BeneficiaryLink, ClaimEncounter, Concept, ConditionEra, ConditionOccurrence, DrugEra, DrugExposure,
    DrugStrength, Eligibility, Encounter, MedicalClaim, Patient, PatientLink, Person, PharmacyClaim, VisitOccurrence,
]  # fmt: skip

RIF = f"read_csv('{SAMPLE}/claims/*/{{}}*.csv', delim = '|', quote = '', all_varchar = true)"


@pytest.fixture(scope="module")
def duck(sample: Rows) -> duckdb.DuckDBPyConnection:
    """The sample's tables as Delta files on the disk, named as in the lakehouse, in an engine that is not Spark."""
    connection = duckdb.connect()
    for table in TABLES:
        sample.storage.replace(table, sample[table], Record("", {}, "full"))
        reader = QueryBuilder().register("rows", DeltaTable(sample.storage.path(table)))
        files = pyarrow.table(reader.execute("select * from rows"))
        connection.execute(f"create schema if not exists {table.layer}")
        connection.register("arrived", files)
        connection.execute(f"create table {table.full_name()} as select * from arrived")
    return connection


def rows(duck: duckdb.DuckDBPyConnection, query: str) -> Counter[tuple[Any, ...]]:
    return Counter(duck.execute(query).fetchall())


def test_persons_are_those_of_the_links_with_what_their_records_say(duck: duckdb.DuckDBPyConnection) -> None:
    """Each fact by a query of its own: the hospital's record before the payer's, the older line before the newer."""
    expected = rows(
        duck,
        """
        with told as (
            select person_id, 1 as trust, line_id, cast(birth_date as date) as born,
                   case gender when 'male' then 8507 when 'female' then 8532 end as sex
            from bronze.patient join vault.patient_link using (patient_id)
            union all
            select person_id, 2, line_id, bene_birth_dt,
                   case bene_sex_ident_cd when '1' then 8507 when '2' then 8532 end
            from bronze.beneficiary b join vault.beneficiary_link using (bene_id)
            where rfrnc_yr = (select max(rfrnc_yr) from bronze.beneficiary o where o.bene_id = b.bene_id)
        )
        select distinct person_id,
            (select sex from told t where t.person_id = p.person_id and sex is not null
             order by trust, line_id limit 1),
            (select year(born) from told t where t.person_id = p.person_id and born is not null
             order by trust, line_id limit 1),
            (select month(born) from told t where t.person_id = p.person_id and born is not null
             order by trust, line_id limit 1),
            (select day(born) from told t where t.person_id = p.person_id and born is not null
             order by trust, line_id limit 1)
        from told p
        """,
    )
    assert expected == rows(
        duck,
        "select person_id, gender_concept_id, year_of_birth, month_of_birth, day_of_birth from silver.person",
    )
    assert len(expected) >= 26


def test_visits_are_encounters_and_those_that_only_claims_tell_of(duck: duckdb.DuckDBPyConnection) -> None:
    """Visits and encounters of claims are paired greedily in Python, every one of a person with every other."""
    visits = duck.execute(
        """
        select v.person_id, v.visit_occurrence_id, v.visit_concept_id, visit_start_date, visit_end_date,
               v.claim_encounter_id
        from silver.visit_occurrence v where known_by != 'claims'
        """
    ).fetchall()
    assert len(visits) == len(duck.execute("select distinct resource_id from bronze.encounter").fetchall())
    claims = duck.execute("select * from silver.claim_encounter").fetchall()
    only = duck.execute(
        "select claim_encounter_id, person_id, visit_start_date, visit_end_date from silver.visit_occurrence "
        "where known_by = 'claims'"
    ).fetchall()
    paired = [visit[5] for visit in visits if visit[5] is not None]
    assert len(set(paired)) == len(paired)
    assert sorted(paired + [encounter for encounter, *_ in only]) == sorted(claim[0] for claim in claims)
    days = {claim[0]: (claim[1], claim[3], claim[4]) for claim in claims}
    assert all(days[encounter] == tuple(told) for encounter, *told in only)
    for person, _, concept, first, last, encounter in visits:
        if encounter is not None:
            whose, begins, ends = days[encounter]
            assert person == whose
            assert first == begins or (concept in (9201, 42898160) and first < ends and begins < last)
    preceding = rows(
        duck,
        """
        select v.visit_occurrence_id, (
            select o.visit_occurrence_id from silver.visit_occurrence o
            where o.person_id = v.person_id and (
                o.visit_start_date < v.visit_start_date
                or o.visit_start_date = v.visit_start_date and (
                    o.visit_start_datetime is null and v.visit_start_datetime is not null
                    or o.visit_start_datetime < v.visit_start_datetime
                    or o.visit_start_datetime is not distinct from v.visit_start_datetime
                       and o.visit_occurrence_id < v.visit_occurrence_id))
            order by o.visit_start_date desc, o.visit_start_datetime desc nulls last, o.visit_occurrence_id desc
            limit 1)
        from silver.visit_occurrence v
        """,
    )
    assert preceding == rows(
        duck, "select visit_occurrence_id, preceding_visit_occurrence_id from silver.visit_occurrence"
    )


ERAS = """
    with e as ({exposures}),
    starts as (
        select person_id, concept, first_day from e where not exists (
            select 1 from e o where o.person_id = e.person_id and o.concept = e.concept
            and o.first_day < e.first_day and o.last_day + 30 >= e.first_day)
        group by all),
    ends as (
        select person_id, concept, last_day from e where not exists (
            select 1 from e o where o.person_id = e.person_id and o.concept = e.concept
            and o.first_day <= e.last_day + 30 and o.last_day > e.last_day)
        group by all),
    eras as (
        select s.person_id, s.concept, s.first_day, min(f.last_day) as last_day
        from starts s join ends f on f.person_id = s.person_id and f.concept = s.concept and f.last_day >= s.first_day
        group by all)
    select r.person_id, r.concept, r.first_day, r.last_day, (
        select count(*) from e where e.person_id = r.person_id and e.concept = r.concept
        and e.first_day between r.first_day and r.last_day)
    from eras r
"""
"""An era begins on a day that none before it reaches, and ends with the first day after that that none goes beyond."""


def test_condition_eras_begin_and_end_where_nothing_reaches_over(duck: duckdb.DuckDBPyConnection) -> None:
    expected = rows(
        duck,
        ERAS.format(
            exposures="""
            select person_id, condition_concept_id as concept, condition_start_date as first_day,
                   greatest(condition_start_date, condition_end_date) as last_day
            from silver.condition_occurrence where condition_concept_id != 0
            """
        ),
    )
    assert expected == rows(
        duck,
        """
        select person_id, condition_concept_id, condition_era_start_date, condition_era_end_date,
               condition_occurrence_count
        from silver.condition_era
        """,
    )
    assert len(expected) > 100


def test_drug_eras_begin_and_end_where_nothing_reaches_over(duck: duckdb.DuckDBPyConnection) -> None:
    expected = rows(
        duck,
        ERAS.format(
            exposures="""
            select person_id, ingredient as concept, drug_exposure_start_date as first_day,
                   greatest(drug_exposure_start_date, drug_exposure_end_date) as last_day
            from silver.drug_exposure join (
                select drug_concept_id, ingredient_concept_id as ingredient from silver.drug_strength
                union
                select concept_id, concept_id from silver.concept
                where vocabulary_id = 'RxNorm' and concept_class_id = 'Ingredient') using (drug_concept_id)
            """
        ),
    )
    assert expected == rows(
        duck,
        """
        select person_id, drug_concept_id, drug_era_start_date, drug_era_end_date, drug_exposure_count
        from silver.drug_era
        """,
    )
    assert len(expected) > 50


def test_claims_and_their_amounts_are_those_of_the_landed_files(duck: duckdb.DuckDBPyConnection) -> None:
    """DuckDB reads the files of the sample itself; none of their claims was adjusted."""
    charge = {"carrier": "NCH_CARR_CLM_SBMTD_CHRG_AMT", "dme": "NCH_CARR_CLM_SBMTD_CHRG_AMT"}
    for file in ("carrier", "dme", "hha", "hospice", "inpatient", "outpatient", "snf"):
        landed = rows(
            duck,
            f"""
            select person_id, count(distinct clm_id), count(*), sum(distinct_paid), sum(distinct_charge) from (
                select person_id, clm_id,
                    case when row_number() over (partition by clm_id) = 1 then cast(CLM_PMT_AMT as decimal(12, 2)) end
                        as distinct_paid,
                    case when row_number() over (partition by clm_id) = 1
                        then cast({charge.get(file, "CLM_TOT_CHRG_AMT")} as decimal(12, 2)) end as distinct_charge
                from {RIF.format(file)} join vault.beneficiary_link using (bene_id)) group by person_id
            """,
        )
        assert landed == rows(
            duck,
            f"""
            select person_id, count(distinct claim_id), count(*),
                sum(claim_paid_amount) filter (is_first_line), sum(claim_charge_amount) filter (is_first_line)
            from silver.medical_claim where source_file = '{file}' group by person_id
            """,
        ), file
        assert landed or file in ("hha", "hospice", "snf"), file


def test_dispensed_drugs_are_those_of_the_landed_file(duck: duckdb.DuckDBPyConnection) -> None:
    landed = rows(
        duck,
        f"""
        select person_id, PROD_SRVC_ID, strptime(SRVC_DT, '%d-%b-%Y')::date, DAYS_SUPLY_NUM::int,
            TOT_RX_CST_AMT::decimal(12, 2)
        from {RIF.format("pde")} join vault.beneficiary_link using (bene_id)
        """,
    )
    assert landed == rows(
        duck,
        "select person_id, ndc_code, dispensing_date, days_supply, allowed_amount from silver.pharmacy_claim",
    )
    assert landed


def test_member_months_are_the_months_that_the_landed_file_marks(duck: duckdb.DuckDBPyConnection) -> None:
    """Unpivoted from the columns of the file, where the table takes arrays apart."""
    marked = " union all ".join(
        f"select person_id, make_date(RFRNC_YR::int, {number}, 1) as month, MDCR_ENTLMT_BUYIN_{number}_IND as code "
        f"from {RIF.format('beneficiary')} join vault.beneficiary_link using (bene_id)"
        for number in range(1, 13)
    )
    expected = rows(
        duck,
        f"""
        select person_id, month, bool_or(code in ('1', '3', 'A', 'C')), bool_or(code in ('2', '3', 'B', 'C'))
        from ({marked}) where code in ('1', '2', '3', 'A', 'B', 'C') group by all
        """,
    )
    assert expected == rows(duck, "select person_id, month, part_a, part_b from silver.eligibility")
    assert len(expected) > 100
