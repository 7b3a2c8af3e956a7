"""Claims taken apart: what was found, done and given, by the codes that they name."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.keys import row_id
from lakehouse.silver.clinical.concepts import (
    FACILITY_CLAIM_DETAIL,
    FACILITY_CLAIM_HEADER,
    INPATIENT_CLAIM_DETAIL,
    INPATIENT_CLAIM_HEADER,
    PHARMACY_CLAIM,
    PROFESSIONAL_CLAIM_DETAIL,
    PROFESSIONAL_CLAIM_HEADER,
)

DIAGNOSIS, PROCEDURE, LINE, DISPENSED = "claim diagnosis", "claim procedure", "claim line", "pharmacy claim"
"""Kinds of codes on claims: of the header's diagnoses, of the header's procedures, of a line, of a dispensed drug."""

_PRIMARY_ADMISSION_DIAGNOSIS, _PRIMARY_DIAGNOSIS, _PRIMARY_DISCHARGE_DIAGNOSIS = 32901, 32902, 32903

_IS_STAY = "source_file in ('inpatient', 'snf')"
HEADER = f"""case when {_IS_STAY} then {INPATIENT_CLAIM_HEADER}
    when claim_type = 'institutional' then {FACILITY_CLAIM_HEADER} else {PROFESSIONAL_CLAIM_HEADER} end"""
"""SQL: the kind of record that the header of a claim is, by the columns of silver.medical_claim."""

_DETAIL = f"""case when {_IS_STAY} then {INPATIENT_CLAIM_DETAIL}
    when claim_type = 'institutional' then {FACILITY_CLAIM_DETAIL} else {PROFESSIONAL_CLAIM_DETAIL} end"""

_IS_ICD_9 = "coalesce(diagnosis_code_type = 'icd-9-cm', claim_start_date < date '2015-10-01')"
"""Where the version is not told, the day tells: ICD-10 began on 1 October 2015."""

_OF_DIAGNOSIS = f"""struct(
    '{DIAGNOSIS}' as kind, code as code,
    if({_IS_ICD_9}, 'ICD9CM', 'ICD10CM') as vocabulary_id,
    'Condition' as usual_domain_id,
    {HEADER} as type_concept_id,
    case when code = get(diagnosis_codes, 0) then if({_IS_STAY}, {_PRIMARY_DISCHARGE_DIAGNOSIS}, {_PRIMARY_DIAGNOSIS})
        when code = admitting_diagnosis_code then {_PRIMARY_ADMISSION_DIAGNOSIS} else 0 end as status_concept_id,
    claim_start_date as start_date, cast(null as date) as end_date,
    coalesce(attending_npi, rendering_npi) as npi, cast(null as double) as quantity)"""

_OF_PROCEDURE = f"""struct(
    '{PROCEDURE}' as kind, done.procedure_code as code,
    if({_IS_ICD_9}, 'ICD9Proc', 'ICD10PCS') as vocabulary_id,
    'Procedure' as usual_domain_id,
    {HEADER} as type_concept_id, 0 as status_concept_id,
    coalesce(done.procedure_date, claim_start_date) as start_date, cast(null as date) as end_date,
    coalesce(operating_npi, attending_npi) as npi, cast(null as double) as quantity)"""

_OF_LINE = f"""struct(
    '{LINE}' as kind, coalesce(ndc_code, hcpcs_code) as code,
    case when ndc_code is not null then 'NDC' when hcpcs_code rlike '^[A-Z]' then 'HCPCS' else 'CPT4' end
        as vocabulary_id,
    case when ndc_code is not null then 'Drug' when source_file = 'dme' then 'Device' else 'Procedure' end
        as usual_domain_id,
    {_DETAIL} as type_concept_id, 0 as status_concept_id,
    coalesce(claim_line_start_date, claim_start_date) as start_date,
    coalesce(claim_line_end_date, claim_end_date) as end_date,
    if(source_file = 'dme', referring_npi, coalesce(rendering_npi, attending_npi)) as npi,
    cast(service_unit_quantity as double) as quantity)"""

_EVERY_DIAGNOSIS = """array_distinct(array_compact(
    concat(coalesce(diagnosis_codes, array()), array(admitting_diagnosis_code), array_sort(of_lines))))"""

_EVENTS = f"""concat(
    if(is_first_line, transform(every_diagnosis, code -> {_OF_DIAGNOSIS}), array()),
    if(is_first_line, transform(array_distinct(coalesce(procedures, array())), done -> {_OF_PROCEDURE}), array()),
    if(coalesce(ndc_code, hcpcs_code) is not null, array({_OF_LINE}), array()))"""


def billed(medical: DataFrame, pharmacy: DataFrame, visits: DataFrame) -> DataFrame:
    """One row per diagnosis and procedure of a claim, line that names a service or drug, and dispensed drug.

    A diagnosis is told once a claim, however many of its lines repeat it. A line that names a drug by its NDC is for
    that drug, whatever its HCPCS. CPT codes are those of HCPCS that begin with a digit. `usual_domain_id` is where a
    code belongs whose meaning is not known. visits: as `visits_of_claims` makes them.
    """
    claim = Window.partitionBy("person_id", "claim_id")
    lines = (
        medical.withColumn("of_lines", F.collect_set("line_diagnosis_code").over(claim))
        .filter("is_first_line or hcpcs_code is not null or ndc_code is not null")
        .withColumn("every_diagnosis", F.expr(_EVERY_DIAGNOSIS))
        .select("person_id", "claim_id", "line_id", "delivery", F.inline(F.expr(_EVENTS)))
        .join(visits, ["person_id", "claim_id"], "left")
    )
    kind = F.col("kind")
    event_id = (
        F.when(kind == DIAGNOSIS, row_id(DIAGNOSIS, "claim_id", "code"))
        .when(kind == PROCEDURE, row_id(PROCEDURE, "claim_id", "code", "start_date"))
        .when(kind == LINE, row_id(LINE, "line_id"))
        .otherwise(row_id(DISPENSED, "line_id"))
    )
    return (
        lines.unionByName(_dispensed(pharmacy), allowMissingColumns=True)
        .withColumns({"coded_event_id": event_id, "provider_id": row_id("provider", "npi")})
        .drop("claim_id", "npi")
    )


def visits_of_claims(encounters: DataFrame, visits: DataFrame) -> DataFrame:
    """The visit that each medical claim is for, and its part of it.

    The columns are person_id, claim_id, visit_occurrence_id and visit_detail_id.
    """
    known = visits.select("person_id", F.col("claim_encounter_id").alias("encounter_id"), "visit_occurrence_id")
    return encounters.join(known, ["person_id", "encounter_id"]).select(
        "person_id", "claim_id", "visit_occurrence_id", row_id("claim visit", "claim_id").alias("visit_detail_id")
    )


def _dispensed(pharmacy: DataFrame) -> DataFrame:
    return pharmacy.selectExpr(
        "person_id",
        "claim_id",
        "line_id",
        "delivery",
        f"'{DISPENSED}' as kind",
        "ndc_code as code",
        "'NDC' as vocabulary_id",
        "'Drug' as usual_domain_id",
        f"{PHARMACY_CLAIM} as type_concept_id",
        "0 as status_concept_id",
        "dispensing_date as start_date",
        "cast(null as date) as end_date",
        "prescribing_provider_npi as npi",
        "cast(quantity as double) as quantity",
        "days_supply",
        "refills",
    )
