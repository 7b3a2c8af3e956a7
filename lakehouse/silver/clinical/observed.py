"""FHIR Observations taken apart: what the tables of measurements and of observations are both made from."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.bronze.ehr.observation import Observation
from lakehouse.silver.clinical.concepts import EHR, LAB
from lakehouse.silver.clinical.deidentified import of_persons
from lakehouse.silver.clinical.events import (
    first_dated,
    has_category,
    with_concept,
    with_provider,
    with_unit,
    with_visit,
)

_SURVEY = 32883
_PART = (*Observation.record, "part")


def observed(
    observations: DataFrame,
    links: DataFrame,
    providers: DataFrame,
    systems: DataFrame,
    codes: DataFrame,
    encounter_parts: DataFrame,
) -> DataFrame:
    """One row per value that was observed: of an Observation itself (part 0) and of its components (1, 2, ...).

    An Observation that has components and no value of its own is only the bracket around them, and no row.
    """
    current = Observation.current(observations).withColumn(
        "start",
        first_dated("effective_date_time", "effective_period.start", "effective_instant", "issued"),
    )
    parts = _parts(current)
    coded = with_concept(parts, "code", "event", _PART, systems, codes)
    answered = with_concept(coded, "answer", "answer", _PART, systems, codes)
    performed = with_provider(answered, F.col("performer"), providers)
    in_visits = with_visit(with_unit(performed, "quantity", codes), "encounter", encounter_parts)
    return (
        of_persons(in_visits, links, "event_words", "answer_words", "words", "unit_words")
        .withColumns({
            "event_source_value": F.coalesce("event_source_value", "event_words"),
            "unit_source_value": F.coalesce("unit_source_value", "unit_words"),
            "event_date": date_of(F.col("start")),
            "event_datetime": timestamp_of(F.col("start")),
            "event_type_concept_id": F.when(has_category("laboratory"), LAB)
            .when(has_category("survey"), _SURVEY)
            .otherwise(EHR),
            "value_as_number": F.col("number"),
            "value_as_concept_id": F.when(F.col("answer").isNotNull(), F.col("answer_concept_id")),
            "value_source_value": F.coalesce(
                F.concat(F.coalesce("quantity.comparator", F.lit("")), F.col("number").cast("string")),
                "answer_source_value",
                "answer_words",
                "words",
            ),
            "is_measurement": F.coalesce(
                F.col("event_domain_id") == "Measurement", F.col("number").isNotNull()
            ),
            "source_status": F.col("status"),
        })
    )  # fmt: skip


def _parts(rows: DataFrame) -> DataFrame:
    own = _part(
        F.lit(0),
        F.struct("code", F.col("value_quantity").alias("valueQuantity"), F.col("value_integer").alias("valueInteger"),
                 F.col("value_codeable_concept").alias("valueCodeableConcept"),
                 F.col("value_boolean").alias("valueBoolean"), F.col("value_date_time").alias("valueDateTime"),
                 F.coalesce("value_string", _range_in_words()).alias("valueString"),
                 F.col("reference_range").alias("referenceRange")),
    )  # fmt: skip
    components = F.transform("component", lambda component, i: _part(i + 1, component))
    has_value = own["number"].isNotNull() | own["answer"].isNotNull() | own["words"].isNotNull()
    is_bracket = F.coalesce(F.size("component") > 0, F.lit(False)) & ~has_value
    parts = F.when(is_bracket, components).otherwise(F.concat(F.array(own), F.coalesce(components, F.expr("array()"))))
    return rows.withColumn("parts", parts).drop("code").select("*", F.inline("parts")).drop("parts")


def _part(number: Column, element: Column) -> Column:
    """What an Observation and its components have in common."""
    limits = F.get(element["referenceRange"], F.lit(0))
    return F.struct(
        number.cast("int").alias("part"),
        element["code"].alias("code"),
        element["valueQuantity"].alias("quantity"),
        element["valueCodeableConcept"].alias("answer"),
        F.coalesce(element["valueQuantity"]["value"], element["valueInteger"].cast("double")).alias("number"),
        F.coalesce(element["valueString"], element["valueBoolean"].cast("string"), element["valueDateTime"]).alias(
            "words"
        ),
        limits["low"]["value"].alias("range_low"),
        limits["high"]["value"].alias("range_high"),
    )


def _range_in_words() -> Column:
    return F.concat(F.col("value_range.low.value"), F.lit(" - "), F.col("value_range.high.value"))
