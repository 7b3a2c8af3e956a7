"""Records that cannot be right, or that are there twice, as other records show."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import referenced_id, timestamp_of
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.bronze.ehr.other_resource import OtherResource
from lakehouse.contract import Column, Table
from lakehouse.keys import row_id
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.concepts import EHR_ENCOUNTER_RECORD
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.death import Death
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.observation import Observation
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.clinical.specimen import Specimen
from lakehouse.silver.clinical.visit_detail import VisitDetail
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.quality.cdm import FEMALE, MALE, SEX_OF_CONCEPT
from lakehouse.silver.quality.codes import NPI_IS_VALID, SEX_OF_DIAGNOSIS
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.vault.patient_link import PatientLink

_DAYS_AFTER_DEATH = 60


class QualityFinding(Table):
    """What is wrong with rows of silver that no look at the row alone tells; the rest are expectations of the tables.

    Of records that are there twice all are named, since nothing tells which was first. `practitioner is not registered`
    compares with the practitioners of the hospital.
    """

    layer = "silver"
    grain = "one row per finding and landed line"
    key = ("finding", "line_id")
    scope = "person_id"

    finding = Column("string", "what is wrong", required=True)
    person_id = Column("bigint", "whose record it is", required=True)
    found_in = Column("string", "table of silver that has the row", required=True)
    line_id = Column("bigint", "the landed line that the row was made from", required=True)

    @staticmethod
    def build(
        persons: Person,
        deaths: Death,
        visits: VisitOccurrence,
        details: VisitDetail,
        measurements: Measurement,
        observations: Observation,
        conditions: ConditionOccurrence,
        drugs: DrugExposure,
        procedures: ProcedureOccurrence,
        specimens: Specimen,
        medical: MedicalClaim,
        pharmacy: PharmacyClaim,
        providers: ProviderLink,
        codes: SourceToConcept,
        encounters: Encounter,
        others: OtherResource,
        links: PatientLink,
    ) -> DataFrame:
        """Look at the rows beside those that they hang together with."""
        dated = reduce(DataFrame.unionAll, [
            _dated(visits, "visit_occurrence", "visit_start_date"),
            _dated(_recorded(details), "visit_detail", "visit_detail_start_date"),
            _dated(measurements, "measurement", "measurement_date"),
            _dated(observations, "observation", "observation_date"),
            _dated(conditions, "condition_occurrence", "condition_start_date"),
            _dated(drugs, "drug_exposure", "drug_exposure_start_date"),
            _dated(procedures, "procedure_occurrence", "procedure_date"),
            _dated(specimens, "specimen", "specimen_date"),
            _dated(medical, "medical_claim", "claim_start_date"),
            _dated(pharmacy, "pharmacy_claim", "dispensing_date"),
        ])  # fmt: skip
        found = [
            _out_of_life(dated, persons, deaths),
            _of_other_sex(conditions, medical, persons),
            _nowhere(measurements, "measurement", encounters, links),
            _nowhere(observations, "observation", encounters, links),
            _repeated(measurements, "measurement", _SAME_MEASUREMENT, F.col("measurement_id")),
            _repeated(_whole_claims(medical), "medical_claim", ("signature",), F.col("claim_id")),
            _charges(medical),
            *_practitioners(medical, providers),
            _drugs(pharmacy, codes),
            _before_report(measurements, others, links),
        ]
        return _once(reduce(DataFrame.unionByName, found))


def _once(found: DataFrame) -> DataFrame:
    """One row per finding and landed line: of a claim that of the claim, and not of what OMOP makes of it."""
    is_made_of_claims = ~F.col("found_in").isin("medical_claim", "pharmacy_claim")
    first = F.min(F.struct(is_made_of_claims.alias("made"), "found_in", "person_id")).alias("first")
    told = found.groupBy("finding", "line_id").agg(first)
    return told.select("finding", "first.person_id", "first.found_in", "line_id")


def _finding(rows: DataFrame, finding: str, table: str | None = None) -> DataFrame:
    name = F.col("found_in") if table is None else F.lit(table)
    told = rows.filter("line_id is not null and person_id is not null")
    return told.select(F.lit(finding).alias("finding"), "person_id", name.alias("found_in"), "line_id")


def _recorded(details: DataFrame) -> DataFrame:
    """Parts of visits that the hospital tells of; those that are claims are looked at as claims."""
    return details.filter(F.col("visit_detail_type_concept_id") == EHR_ENCOUNTER_RECORD)


def _dated(rows: DataFrame, table: str, day: str) -> DataFrame:
    return rows.select("person_id", F.lit(table).alias("found_in"), F.col(day).alias("day"), "line_id")


def _out_of_life(dated: DataFrame, persons: DataFrame, deaths: DataFrame) -> DataFrame:
    """The day of birth must be known to the day."""
    births = persons.selectExpr("person_id", "cast(birth_datetime as date) as birth_date")
    lives = births.join(deaths.select("person_id", "death_date"), "person_id", "left")
    wrong = F.array(
        F.when(F.expr("day < birth_date"), "is dated before birth"),
        F.when(F.expr(f"day > death_date + {_DAYS_AFTER_DEATH}"), "is dated long after death"),
    )
    found = dated.filter("line_id is not null").join(lives, "person_id")
    return found.select(F.explode(F.array_compact(wrong)).alias("finding"), "person_id", "found_in", "line_id")


def _of_other_sex(conditions: DataFrame, medical: DataFrame, persons: DataFrame) -> DataFrame:
    sexes = F.create_map(*(F.lit(part) for pair in SEX_OF_CONCEPT.items() for part in pair))
    recorded = conditions.select(
        "person_id", F.lit("condition_occurrence").alias("found_in"), "line_id",
        F.array_compact(F.array(sexes[F.col("condition_concept_id")])).alias("sexes"),
    )  # fmt: skip
    billed = medical.select(
        "person_id", F.lit("medical_claim").alias("found_in"), "line_id",
        F.expr(f"array_compact(transform(diagnosis_codes, code -> {SEX_OF_DIAGNOSIS}))").alias("sexes"),
    )  # fmt: skip
    known = persons.filter(F.col("gender_concept_id").isin(MALE, FEMALE)).select("person_id", "gender_concept_id")
    wrong = recorded.unionAll(billed).join(known, "person_id").filter("exists(sexes, sex -> sex != gender_concept_id)")
    return _finding(wrong, "is a diagnosis of the other sex")


def _nowhere(rows: DataFrame, table: str, encounters: DataFrame, links: DataFrame) -> DataFrame:
    """An encounter that landed is there, even where it was refused or taken back, unless it is of another patient."""
    landed = (
        encounters.filter("not moved_on")
        .join(links.select("patient_id"), "patient_id")
        .select(row_id("visit", "patient_id", "resource_id").alias("visit_occurrence_id"))
    )
    unknown = rows.filter("visit_occurrence_id is not null").join(landed, "visit_occurrence_id", "left_anti")
    return _finding(unknown, "names an encounter that is not in the record", table)


_SAME_MEASUREMENT = (
    "visit_occurrence_id", "measurement_source_value", "measurement_datetime", "value_as_number",
    "value_source_value", "unit_source_value",
)  # fmt: skip


def _repeated(rows: DataFrame, table: str, same: tuple[str, ...], name: SparkColumn) -> DataFrame:
    """Rows that another row equals in all that is said, under another id."""
    alike = Window.partitionBy("person_id", *same)
    several = rows.withColumn("_name", name).withColumn(
        "_several", F.min("_name").over(alike) != F.max("_name").over(alike)
    )
    return _finding(several.filter("_several"), "is told twice under two numbers", table)


_SIGNATURE = (
    "source_file", "claim_start_date", "claim_end_date", "paid_date", "diagnosis_codes", "attending_npi",
    "rendering_npi", "referring_npi", "facility_npi", "provider_number", "claim_charge_amount", "claim_paid_amount",
)  # fmt: skip
_LINE_SIGNATURE = (
    "claim_line_number",
    "revenue_center_code",
    "hcpcs_code",
    "service_unit_quantity",
    "line_charge_amount",
)


def _whole_claims(medical: DataFrame) -> DataFrame:
    """The lines of claims, each with all that its claim says but for its number."""
    claim = Window.partitionBy("person_id", "claim_id")
    lines = F.sort_array(F.collect_list(F.xxhash64(*_LINE_SIGNATURE)).over(claim))
    said = F.struct(*(F.coalesce(F.col(name).cast("string"), F.lit("")).alias(name) for name in _SIGNATURE))
    return medical.filter("claim_charge_amount > 0").withColumn("signature", F.struct(said, lines))


def _charges(medical: DataFrame) -> DataFrame:
    """Lines without whose charge, or with whose charge divided by 100, the lines would add up to the head.

    Revenue centre 0001 is the total of the others.
    """
    lines = medical.filter("coalesce(revenue_center_code, '') != '0001'")
    added = lines.withColumn("lines", F.sum("line_charge_amount").over(Window.partitionBy("person_id", "claim_id")))
    hundredfold = "claim_charge_amount - (lines - line_charge_amount)"
    return _finding(
        added.filter(f"lines != claim_charge_amount and abs(100 * ({hundredfold}) - line_charge_amount) < 0.5"),
        "charge is a hundredfold of what the claim's total leaves for it",
        "medical_claim",
    )


def _practitioners(medical: DataFrame, providers: DataFrame) -> list[DataFrame]:
    npi = F.coalesce("attending_npi", "rendering_npi", "referring_npi")
    named = medical.withColumn("npi", npi).filter("npi is not null")
    known = providers.filter("npi is not null").select("npi").distinct()
    unknown = named.filter(NPI_IS_VALID).join(known, "npi", "left_anti")
    return [
        _finding(named.filter(f"not ({NPI_IS_VALID})"), "the practitioner's NPI is mistyped", "medical_claim"),
        _finding(unknown, "practitioner is not registered", "medical_claim"),
    ]


def _drugs(pharmacy: DataFrame, codes: DataFrame) -> DataFrame:
    known = codes.filter("source_vocabulary_id = 'NDC'").selectExpr("source_code as ndc_code")
    named = pharmacy.filter("length(ndc_code) = 11")
    return _finding(named.join(known, "ndc_code", "left_anti"), "drug is not known", "pharmacy_claim")


_REPORT = "effectiveDateTime string, result array<struct<reference: string>>"


def _before_report(measurements: DataFrame, others: DataFrame, links: DataFrame) -> DataFrame:
    """Values that are older than the DiagnosticReport (FHIR R4) which tells them, by the moment to which it refers."""
    reports = OtherResource.current(others.filter("resource_type = 'DiagnosticReport'"))
    told = (
        reports.withColumn("report", F.from_json("raw", _REPORT))
        .withColumn("reported", timestamp_of(F.col("report.effectiveDateTime")))
        .withColumn("reference", F.explode("report.result.reference"))
        .withColumn("resource_id", referenced_id(F.col("reference"), "Observation"))
        .withColumn("part", F.lit(0))
        .join(links.select("patient_id"), "patient_id")
        .select(row_id("measurement", "patient_id", "resource_id", "part").alias("measurement_id"), "reported")
    )
    older = measurements.join(told, "measurement_id").filter("measurement_datetime < reported")
    return _finding(older, "is older than its report", "measurement")
