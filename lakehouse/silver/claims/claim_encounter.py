"""Stays and visits as payers see them."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.rif import AMOUNT
from lakehouse.contract import Column, Table, expect, expect_or_fail
from lakehouse.silver.claims.days import FIRST_DAY, LAST_DAY
from lakehouse.silver.claims.encounter_of_claim import EncounterOfClaim
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.known import first_known


class ClaimEncounter(Table):
    """Encounters that were billed, each with what its claims say together (lakehouse.silver.claims.encounter_of_claim).

    Days, institution and codes are those of the institution's claims where there are any: the codes of arrival by the
    first of them, those of leaving, the DRG and the principal diagnosis by the last. Amounts are those of all claims.
    """

    layer = "silver"
    grain = "one row per stay or visit that was billed"
    key = ("encounter_id",)
    scope = "person_id"

    encounter_id = Column("bigint", "the encounter", required=True)
    person_id = Column("bigint", "whose encounter", required=True)
    encounter_type = Column("string", "service category of the encounter", required=True)
    encounter_start_date = Column("date", "first day", required=True)
    encounter_end_date = Column("date", "last day", required=True)
    facility_npi = Column("string", "NPI of the institution or practice")
    provider_number = Column("string", "CMS certification number of the institution")
    rendering_npi = Column("string", "NPI of the attending or else the rendering practitioner")
    admit_type_code = Column("string", "type of admission (UB-04)")
    admit_source_code = Column("string", "where the patient came from (UB-04)")
    discharge_disposition_code = Column("string", "where the patient went, two digits (UB-04)")
    drg_code = Column("string", "MS-DRG, three digits")
    primary_diagnosis_code_type = Column("string", "icd-10-cm or icd-9-cm")
    primary_diagnosis_code = Column("string", "principal diagnosis without dot")
    institutional_claims = Column("bigint", "claims of institutions", "claims", required=True)
    professional_claims = Column("bigint", "claims of practitioners and suppliers", "claims", required=True)
    charge_amount = Column(AMOUNT, "charges of all claims", "USD")
    allowed_amount = Column(AMOUNT, "allowed amounts of all claims", "USD")
    paid_amount = Column(AMOUNT, "what Medicare paid for all claims", "USD")

    expectations = (
        expect_or_fail("ends no earlier than it starts", "encounter_end_date >= encounter_start_date"),
        expect("was billed by an institution if a stay", "encounter_type != 'inpatient' or institutional_claims > 0"),
    )

    @staticmethod
    def build(lines: MedicalClaim, encounters: EncounterOfClaim) -> DataFrame:
        """Put together the headers of the claims of each encounter."""
        claims = lines.filter("is_first_line").withColumns({
            "first_day": F.expr(FIRST_DAY),
            "last_day": F.expr(LAST_DAY),
            "is_professional": F.col("claim_type") == "professional",
            "is_institutional": F.col("claim_type") == "institutional",
            "practitioner": F.coalesce("attending_npi", "rendering_npi"),
            "diagnosis": F.get("diagnosis_codes", F.lit(0)),
        })  # fmt: skip
        return (
            claims.join(encounters, ["person_id", "claim_id"])
            .groupBy("person_id", "encounter_id", "encounter_type")
            .agg(
                _earliest("first_day").alias("encounter_start_date"),
                F.max(F.struct("is_institutional", "last_day"))["last_day"].alias("encounter_end_date"),
                *(_earliest(name) for name in ("facility_npi", "provider_number")),
                _earliest("practitioner").alias("rendering_npi"),
                *(_earliest(name) for name in ("admit_type_code", "admit_source_code")),
                *(_latest(name).alias(name) for name in ("discharge_disposition_code", "drg_code")),
                _latest("diagnosis_code_type").alias("primary_diagnosis_code_type"),
                _latest("diagnosis").alias("primary_diagnosis_code"),
                F.count_if("is_institutional").alias("institutional_claims"),
                F.count_if("is_professional").alias("professional_claims"),
                *(
                    F.sum(f"claim_{name}").cast(AMOUNT).alias(name)
                    for name in ("charge_amount", "allowed_amount", "paid_amount")
                ),
            )
            .select(*ClaimEncounter.declared)
        )


def _earliest(name: str) -> SparkColumn:
    """The value on the first claim that has one; claims of institutions go before others."""
    return first_known(name, "is_professional", "first_day", "claim_id")


def _latest(name: str) -> SparkColumn:
    """The value on the last claim that has one; claims of institutions go before others."""
    order = F.struct("is_institutional", "last_day", "claim_id")
    return F.max_by(name, F.when(F.col(name).isNotNull(), order))
