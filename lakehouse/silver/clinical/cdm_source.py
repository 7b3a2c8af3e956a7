"""What this instance of the common data model is."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.delivery import day_of
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.contract import Column, Table, expect_or_drop
from lakehouse.silver.vocabulary.vocabulary import Vocabulary

_CDM_5_4 = 756265


class CdmSource(Table):
    """The source and the version of the tables of OMOP CDM 5.4 (OMOP CDM 5.4 CDM_SOURCE).

    Both dates are that of the last delivery: the tables are a function of what was delivered, whenever they are built.
    """

    layer = "silver"
    grain = "one row"
    key = ("cdm_source_abbreviation",)

    cdm_source_name = Column("string", "name of the instance", required=True)
    cdm_source_abbreviation = Column("string", "its abbreviation", required=True)
    cdm_holder = Column("string", "who holds it: whoever runs the lakehouse", required=True)
    source_description = Column("string", "what it is made from", required=True)
    source_release_date = Column("date", "day of the last delivery", required=True)
    cdm_release_date = Column("date", "day of the last delivery", required=True)
    cdm_version = Column("string", "version of the common data model", required=True)
    cdm_version_concept_id = Column("int", "concept of that version", required=True)
    vocabulary_version = Column("string", "version of the vocabulary", required=True)

    expectations = (expect_or_drop("a delivery is dated", "source_release_date is not null"),)

    @staticmethod
    def build(files: LandedFile, vocabularies: Vocabulary) -> DataFrame:
        """Describe what the files that were taken became."""
        taken = files.filter("defect is null").agg(
            F.max(day_of("delivery")).alias("last_day"), F.count("*").alias("files")
        )
        release = vocabularies.filter("vocabulary_id = 'None'").agg(F.max("vocabulary_version").alias("release"))
        return (
            taken.filter("files > 0")
            .crossJoin(F.broadcast(release))
            .select(
                F.lit("Health-data lakehouse").alias("cdm_source_name"),
                F.lit("lakehouse").alias("cdm_source_abbreviation"),
                F.lit("whoever runs the lakehouse").alias("cdm_holder"),
                F.lit("FHIR R4 bulk exports and CMS RIF claim files, joined by person").alias("source_description"),
                F.col("last_day").alias("source_release_date"),
                F.col("last_day").alias("cdm_release_date"),
                F.lit("v5.4").alias("cdm_version"),
                F.lit(_CDM_5_4).alias("cdm_version_concept_id"),
                F.coalesce("release", F.lit("packaged subset")).alias("vocabulary_version"),
            )
        )
