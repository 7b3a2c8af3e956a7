"""What the tables of clinical events share: how a coded resource becomes an OMOP row."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, name_in, referenced_id
from lakehouse.keys import row_id
from lakehouse.terminology.codes import normalised

_REGISTERED = r"source_value rlike '^([0-9]{10}|[0-9A-Z]{6})$'"

NEVER_WAS = "'refuted', 'not-done', 'preparation'"
"""SQL: statuses of a Condition or Procedure that say that it was not, whichever table its meaning belongs to."""


def with_concept(
    rows: DataFrame, codeable_concept: str, into: str, key: tuple[str, ...], systems: DataFrame, codes: DataFrame
) -> DataFrame:
    """Add what a CodeableConcept means: `<into>_concept_id`, `_source_concept_id`, `_source_value` and `_domain_id`.

    Of several codings one that has a standard concept is taken, before others one whose own concept is known
    too, and among equals the first. Without any code the source value is null, and what is told instead is in
    `<into>_words`, as it is: it may tell who the patient is. `key` names a row, its patient first.
    """
    codings = rows.select("*", F.posexplode_outer(f"{codeable_concept}.coding").alias("_place", "_coding"))
    vocabularies = systems.selectExpr("uri as _uri", "vocabulary_id as _vocabulary")
    named = codings.join(F.broadcast(vocabularies), F.col("_coding.system") == F.col("_uri"), "left")
    found = _with_target(named, F.col("_vocabulary"), F.col("_coding.code"), codes)
    best_first = Window.partitionBy(*key).orderBy(
        (F.col("_target") > 0).desc_nulls_last(), (F.col("_source") > 0).desc_nulls_last(), "_place"
    )
    return (
        found.withColumn("_rank", F.row_number().over(best_first))
        .filter("_rank = 1")
        .withColumns({
            f"{into}_concept_id": F.coalesce("_target", F.lit(0)),
            f"{into}_source_concept_id": F.coalesce("_source", F.lit(0)),
            f"{into}_source_value": F.col("_coding.code"),
            f"{into}_words": F.when(
                F.col("_coding.code").isNull(), F.coalesce(f"{codeable_concept}.text", "_coding.display")
            ),
            f"{into}_domain_id": F.col("_domain"),
        })
        .drop("_place", "_coding", "_uri", "_vocabulary", "_target", "_source", "_domain", "_rank")
    )  # fmt: skip


def with_code(rows: DataFrame, vocabulary: str, code: str, into: str, codes: DataFrame) -> DataFrame:
    """Add what a code of a known vocabulary means, in the columns that `with_concept` adds."""
    return (
        _with_target(rows, F.col(vocabulary), F.col(code), codes)
        .withColumns({
            f"{into}_concept_id": F.coalesce("_target", F.lit(0)),
            f"{into}_source_concept_id": F.coalesce("_source", F.lit(0)),
            f"{into}_source_value": F.col(code),
            f"{into}_domain_id": F.col("_domain"),
        })
        .drop("_target", "_source", "_domain")
    )  # fmt: skip


def of_domain(events: DataFrame, domain: str, table: str, start: str) -> DataFrame:
    """The rows of silver.coded_event that belong to a domain, under OMOP's names of what its tables share.

    table: whose id they get. start: what the names of their first day and instant begin with.
    """
    what = domain.lower()
    shared = ("concept_id", "source_concept_id", "source_value", "type_concept_id")
    return (
        events.filter(F.col("domain_id") == domain)
        .withColumnsRenamed({name: f"{what}_{name}" for name in shared})
        .withColumnsRenamed({
            "coded_event_id": f"{table}_id", "start_date": f"{start}_date", "start_datetime": f"{start}_datetime",
            "status_source_value": "source_status",
        })
    )  # fmt: skip


def with_unit(rows: DataFrame, quantity: str, codes: DataFrame) -> DataFrame:
    """Add `unit_source_value`, the unit's code, and `unit_concept_id`, null where no unit is given.

    A unit without a code is in `unit_words`, as it is.
    """
    code, words = F.col(f"{quantity}.code"), F.col(f"{quantity}.unit")
    told = rows.withColumns({
        "unit_source_value": code, "unit_words": F.when(code.isNull(), words), "_unit": F.coalesce(code, words),
    })  # fmt: skip
    return (
        _with_target(told, F.lit("UCUM"), F.col("_unit"), codes)
        .withColumn("unit_concept_id", F.when(F.col("_unit").isNotNull(), F.coalesce("_target", F.lit(0))))
        .drop("_unit", "_target", "_source", "_domain")
    )


def with_visit(rows: DataFrame, encounter: str, parts: DataFrame) -> DataFrame:
    """Add the visit that a reference to an Encounter means, and the part of it; null where it means none.

    parts: rows of silver.encounter_part, which tell what the encounters are that are no visits of their own.
    """
    wholes = parts.selectExpr("encounter_key", "visit_occurrence_id", "visit_detail_id")
    return (
        rows.withColumn("_encounter_id", referenced_id(F.col(f"{encounter}.reference"), "Encounter"))
        .withColumn("encounter_key", row_id("visit", "patient_id", "_encounter_id"))
        .join(wholes, "encounter_key", "left")
        .withColumn("visit_occurrence_id", F.coalesce("visit_occurrence_id", "encounter_key"))
        .drop("_encounter_id", "encounter_key")
    )


def with_provider(rows: DataFrame, references: Column, providers: DataFrame) -> DataFrame:
    """Add `provider_id`, whom the first of an array of references to practitioners means; null where it means none."""
    names = F.transform(references, lambda reference: name_in(reference["reference"], "Practitioner"))
    return _with_named(rows, F.get(F.array_compact(names), F.lit(0)), providers, "provider_id")


def with_care_site(
    rows: DataFrame, reference: Column, care_sites: DataFrame, resource_type: str = "Organization"
) -> DataFrame:
    """Add `care_site_id`, which care site a reference to a resource of that type means; null where it means none.

    `institution` is the same where it has an NPI or a CMS certification number, by which claims name it too.
    """
    registered = F.when(F.expr(_REGISTERED), F.col("care_site_id"))
    of_type = care_sites.filter(F.col("resource_type") == resource_type).withColumn("institution", registered)
    return _with_named(rows, name_in(reference, resource_type), of_type, "care_site_id", "institution")


def first_dated(*date_times: str) -> Column:
    """The first of these FHIR dates and times that can be read; null where none can."""
    return F.coalesce(*(F.when(date_of(F.col(name)).isNotNull(), F.col(name)) for name in date_times))


def has_category(code: str) -> Column:
    """Whether one of the resource's categories has that code; null where it has no category."""
    return F.exists("category", lambda concept: F.exists(concept["coding"], lambda coding: coding["code"] == code))


def _with_named(rows: DataFrame, name: Column, links: DataFrame, *ids: str) -> DataFrame:
    known = links.select(F.col("named_by").alias("_name"), *ids)
    return rows.withColumn("_name", name).join(F.broadcast(known), "_name", "left").drop("_name")


def _with_target(rows: DataFrame, vocabulary: Column, code: Column, codes: DataFrame) -> DataFrame:
    crosswalk = codes.selectExpr(
        "source_vocabulary_id as _of", "source_code as _as",
        "target_concept_id as _target", "source_concept_id as _source", "domain_id as _domain",
    )  # fmt: skip
    same = (F.col("_of") == vocabulary) & (F.col("_as") == normalised(vocabulary, code))
    return rows.join(crosswalk, same, "left").drop("_of", "_as")
