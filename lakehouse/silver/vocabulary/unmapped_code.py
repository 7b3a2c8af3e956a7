"""What no standard concept is known for."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.medication import Medication
from lakehouse.contract import Column, Table
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.unmapped_code_count import UnmappedCodeCount
from lakehouse.vault.codes import SMALLEST_GROUP
from lakehouse.vault.source_coding import SourceCoding


class UnmappedCode(Table):
    """Codes, units and coded values that stand in the clinical tables with concept 0, to be mapped by frequency.

    The rows stay where they are. Which vocabulary a code is of, and what it means, is what the FHIR codings say. The
    words of few patients might name one of them, and are in vault.source_coding alone.
    """

    layer = "silver"
    grain = "one row per clinical table, kind of field and code without a standard concept"
    key = ("clinical_table", "field", "source_code")

    clinical_table = Column("string", "the table whose rows have the code", required=True)
    field = Column("string", "what the code is of: the event itself (code), its unit or its value", required=True)
    source_code = Column("string", "the code as the source gives it, else the words; empty for neither", required=True)
    source_vocabulary_id = Column("string", "its vocabulary in OMOP, else its system; null where no coding names one")
    source_code_description = Column(
        "string", f"what the code means, in words of {SMALLEST_GROUP} patients or more, or Medications; else null"
    )
    rows = Column("bigint", "rows that have it", required=True)
    persons = Column("bigint", "persons who have such a row", required=True)

    @staticmethod
    def build(
        counts: UnmappedCodeCount, codings: SourceCoding, medications: Medication, systems: CodeSystem
    ) -> DataFrame:
        """Look up what the codes mean."""
        of_medications = medications.select("resource_id", F.explode("code.coding").alias("coding"))
        records = of_medications.groupBy(*(f"coding.{name}" for name in ("system", "code", "display")))
        said = codings.unionByName(records.agg(F.count_distinct("resource_id").alias("patients")))
        vocabulary = F.when(F.col("field") == "unit", F.lit("UCUM")).otherwise(F.col("source_vocabulary_id"))
        return (
            counts.join(_meanings(said, systems), "source_code", "left")
            .withColumn("source_vocabulary_id", vocabulary)
            .select(*UnmappedCode.declared)
        )


def _meanings(codings: DataFrame, systems: DataFrame) -> DataFrame:
    """One vocabulary and one meaning of each code: the first by alphabet of those that enough records say."""
    return (
        codings.selectExpr(
            "nullif(system, '') as uri", "code as source_code", "nullif(display, '') as display", "patients"
        )
        .filter("source_code != ''")
        .join(F.broadcast(systems), "uri", "left")
        .groupBy("source_code")
        .agg(
            F.min(F.coalesce("vocabulary_id", "uri")).alias("source_vocabulary_id"),
            F.min(F.when(F.col("patients") >= SMALLEST_GROUP, F.col("display"))).alias("source_code_description"),
        )
    )
