"""Encounters of the hospital that are parts of others."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, referenced_id
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.contract import Column, Table
from lakehouse.keys import row_id
from lakehouse.silver.clinical.concepts import INPATIENT_VISIT, VISIT_OF_ACT_CODE, concept_of
from lakehouse.vault.patient_link import PatientLink

_SOUND = (
    "coalesce(status not in ('planned', 'cancelled'), true) and begins is not null and coalesce(ends >= begins, true)"
)
_WITHIN = "begins >= stay_begins - 1 and begins <= coalesce(stay_ends, begins) + 1"


class EncounterPart(Table):
    """The stay that a FHIR Encounter belongs to which is a part of another, as the time on one ward is.

    OMOP calls the whole a visit and the part a visit detail. The whole must be a stay in hospital, or a part of one,
    that has landed for the same patient, and the part must begin in its days or the day before or after. Both took
    place and are dated. Every other part, as a visit of a series or one long after the stay, is a visit of its own; so
    is what is nested more than three deep, or in a circle.
    """

    layer = "silver"
    grain = "one row per encounter that is a part of another"
    key = ("encounter_key",)
    scope = "person_id"

    encounter_key = Column("bigint", "what its visit_occurrence_id would be if it were no part", required=True)
    person_id = Column("bigint", "whose encounter", required=True)
    visit_occurrence_id = Column("bigint", "the visit that it is a part of: the stay", required=True)
    visit_detail_id = Column("bigint", "its own id as a part", required=True)
    parent_visit_detail_id = Column("bigint", "the part that it is a part of; null where that is the stay itself")

    @staticmethod
    def build(encounters: Encounter, links: PatientLink) -> DataFrame:
        """Follow each encounter to the one that is a part of nothing, among those of its person that hang together."""
        sound = (
            Encounter.current(encounters)
            .join(links.select("patient_id", "person_id"), "patient_id")
            .withColumn("whole_id", referenced_id(F.col("part_of.reference"), "Encounter"))
            .select(
                "person_id",
                row_id("visit", "patient_id", "resource_id").alias("encounter_key"),
                row_id("visit", "patient_id", "whole_id").alias("whole"),
                concept_of(F.col("class_.code"), VISIT_OF_ACT_CODE).alias("setting"),
                "status",
                date_of(F.col("period.start")).alias("begins"),
                date_of(F.col("period.end")).alias("ends"),
            )
            .filter(_SOUND)
        )
        stays = sound.filter(F.col("setting") == INPATIENT_VISIT).selectExpr(
            "person_id", "encounter_key as whole", "begins as stay_begins", "ends as stay_ends"
        )
        return (
            sound.filter("whole is not null")
            .join(stays, ["person_id", "whole"])
            .filter(_WITHIN)
            .groupBy("person_id")
            .agg(F.map_from_entries(F.collect_list(F.struct("encounter_key", "whole"))).alias("whole_of"))
            .select("person_id", "whole_of", F.explode("whole_of").alias("encounter_key", "first"))
            .withColumn("second", F.expr("whole_of[first]"))
            .withColumn("third", F.expr("whole_of[second]"))
            .filter("whole_of[third] is null")
            .withColumns({
                "visit_occurrence_id": F.coalesce("third", "second", "first"),
                "visit_detail_id": row_id("visit detail", "encounter_key"),
                "parent_visit_detail_id": F.when(F.col("second").isNotNull(), row_id("visit detail", "first")),
            })
            .select(*EncounterPart.declared)
        )  # fmt: skip
