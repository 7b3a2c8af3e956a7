"""The one crosswalk from codes to concepts."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table
from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.silver.vocabulary.concept_relationship import ConceptRelationship
from lakehouse.silver.vocabulary.source_to_concept_map import SourceToConceptMap
from lakehouse.terminology.codes import normalised


class SourceToConcept(Table):
    """The standard concept of every known code, one for each code.

    A published 'Maps to' comes first, then that the code's own concept is standard, then a mapping of our
    own; a code that maps to several concepts gets the one with the lowest id, so a join never multiplies
    rows. Codes that are known and map to nothing are here with target 0.
    """

    layer = "silver"
    grain = "one row per source code"
    key = ("source_vocabulary_id", "source_code")

    source_vocabulary_id = Column("string", "OMOP vocabulary of the code", required=True)
    source_code = Column("string", "the code as lakehouse.terminology.codes.normalised spells it", required=True)
    source_concept_id = Column("int", "concept of the code itself; 0 where it is not known", required=True)
    source_code_description = Column("string", "what the code means")
    target_concept_id = Column("int", "standard concept that it maps to; 0 where there is none", required=True)
    domain_id = Column("string", "domain of the standard concept; where there is none, of the code's own")
    known_by = Column("string", "Maps to, standard, no target, or how a mapping of our own was checked", required=True)
    is_verified = Column(
        "boolean",
        "whether a published relation, or what confirms our own, stands behind it; null where it maps to none",
    )

    @staticmethod
    def build(concepts: Concept, relationships: ConceptRelationship, own: SourceToConceptMap) -> DataFrame:
        """Gather the mappings of each code and keep the best."""
        codes = concepts.filter("concept_code is not null").selectExpr(
            "vocabulary_id as source_vocabulary_id",
            "concept_code as source_code",
            "concept_id as source_concept_id",
            "concept_name as source_code_description",
            "domain_id as source_domain_id",
            "standard_concept",
        )
        maps_to = relationships.filter("relationship_id = 'Maps to' and invalid_reason is null").selectExpr(
            "concept_id_1 as source_concept_id", "concept_id_2 as target_concept_id"
        )
        published = codes.join(maps_to, "source_concept_id").selectExpr(
            "*", "'Maps to' as known_by", "true as is_verified"
        )
        themselves = codes.selectExpr(
            "*",
            "if(standard_concept = 'S', source_concept_id, null) as target_concept_id",
            "if(standard_concept = 'S', 'standard', 'no target') as known_by",
            "if(standard_concept = 'S', true, null) as is_verified",
        )
        ours = own.selectExpr(
            "source_vocabulary_id",
            "source_code",
            "source_concept_id",
            "source_code_description",
            "target_concept_id",
            "evidence as known_by",
            "is_verified",
        )
        mappings = (
            published.withColumn("rank", F.lit(1))
            .unionByName(themselves.withColumn("rank", F.lit(2)))
            .unionByName(ours.withColumn("rank", F.lit(3)), allowMissingColumns=True)
            .withColumn("source_code", normalised(F.col("source_vocabulary_id"), F.col("source_code")))
            .join(
                concepts.selectExpr("concept_id as target_concept_id", "domain_id as target_domain_id"),
                "target_concept_id",
                "left",
            )
        )
        of_code = Window.partitionBy("source_vocabulary_id", "source_code")
        best_first = of_code.orderBy(F.col("target_concept_id").isNull(), "rank", "target_concept_id")
        return (
            mappings.withColumn("place", F.row_number().over(best_first))
            .withColumn("source_concept_id", F.max("source_concept_id").over(of_code))
            .withColumn("source_domain_id", F.max("source_domain_id").over(of_code))
            .filter("place = 1")
            .select(
                "source_vocabulary_id",
                "source_code",
                F.coalesce("source_concept_id", F.lit(0)).alias("source_concept_id"),
                "source_code_description",
                F.coalesce("target_concept_id", F.lit(0)).alias("target_concept_id"),
                F.coalesce("target_domain_id", "source_domain_id").alias("domain_id"),
                "known_by",
                "is_verified",
            )
        )
