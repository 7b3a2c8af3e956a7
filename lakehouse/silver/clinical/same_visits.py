"""Which visit of the hospital's record and which encounter of claims are one: the one rule, said once.

Both are of one person, in one kind of setting, and where both name an institution that is registered with CMS it is
the same. Visits begin on the same day. Stays may also overlap by more than the day on which one ends and the other
begins, which is how a transfer looks. The best pair of each group comes first, and nothing is taken twice: same
institution before one that is not told, then the fewest days between the beginnings and the ends, then the same
practitioner, then a claim of an institution or office before one of another practitioner (as of a laboratory).
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.keys import row_id

_STAY, _EMERGENCY, _OUTPATIENT, _HOME = "stay", "emergency", "outpatient", "home"

_SETTING_OF_VISIT = f"""case
    when visit_concept_id = 9201 then '{_STAY}'
    when visit_concept_id = 9203 then '{_EMERGENCY}'
    when visit_concept_id in (9202, 5083, 581385) then '{_OUTPATIENT}'
    when visit_concept_id = 581476 then '{_HOME}' end"""

_SETTING_OF_CATEGORY = f"""case
    when encounter_type in ('inpatient', 'skilled nursing') then '{_STAY}'
    when encounter_type = 'emergency department' then '{_EMERGENCY}'
    when encounter_type in ('outpatient', 'office-based', 'other professional') then '{_OUTPATIENT}'
    when encounter_type in ('home health', 'hospice') then '{_HOME}' end"""

_SAME_DAYS = f"first_day = begins or (setting = '{_STAY}' and first_day < ends and begins < last_day)"

_SAME_PLACE = "institution is null or place is null or institution in (place, other_place)"

_ONE_TO_ONE = """aggregate(
    pairs,
    cast(array() as array<struct<visit_occurrence_id: bigint, encounter_id: bigint>>),
    (taken, pair) -> if(
        exists(taken, t -> t.visit_occurrence_id = pair.visit_occurrence_id or t.encounter_id = pair.encounter_id),
        taken,
        concat(taken, array(struct(pair.visit_occurrence_id as visit_occurrence_id, pair.encounter_id as encounter_id)))
    ))"""


def same_visits(visits: DataFrame, encounters: DataFrame) -> DataFrame:
    """Pairs of `visit_occurrence_id` and `encounter_id` that are one; no id is in two pairs.

    visits: rows with the columns of silver.visit_occurrence, and `institution`: the care site, where it is registered.
    encounters: rows of silver.claim_encounter.
    """
    of_hospital = visits.select(
        "person_id",
        "visit_occurrence_id",
        F.expr(_SETTING_OF_VISIT).alias("setting"),
        F.col("visit_start_date").alias("first_day"),
        F.col("visit_end_date").alias("last_day"),
        "institution",
        "provider_id",
    )
    number = row_id("care_site", "provider_number")
    of_payer = encounters.select(
        "person_id",
        "encounter_id",
        F.expr(_SETTING_OF_CATEGORY).alias("setting"),
        F.col("encounter_start_date").alias("begins"),
        F.col("encounter_end_date").alias("ends"),
        F.coalesce(row_id("care_site", "facility_npi"), number).alias("place"),
        number.alias("other_place"),
        row_id("provider", "rendering_npi").alias("practitioner"),
        (F.col("encounter_type") == "other professional").alias("is_other"),
    )
    pairs = (
        of_hospital.withColumn("bucket", F.explode(_buckets("first_day", "last_day")))
        .join(of_payer.withColumn("bucket", F.explode(_buckets("begins", "ends"))), ["person_id", "setting", "bucket"])
        .filter(_SAME_DAYS)
        .filter(_SAME_PLACE)
        .withColumn("day", F.when(F.col("setting") != _STAY, F.col("bucket")))
    )
    return (
        pairs.groupBy("person_id", "setting", "day")
        .agg(F.array_sort(F.collect_set(_best_first())).alias("pairs"))
        .select(F.inline(F.expr(_ONE_TO_ONE)))
    )


def _buckets(first: str, last: str) -> Column:
    """What two rows of one setting must share to be compared: the day of a visit, a month of a stay."""
    months = F.sequence(F.trunc(first, "month"), F.trunc(F.greatest(first, last), "month"), F.expr("interval 1 month"))
    return F.when(F.col("setting") == _STAY, months).otherwise(F.array(first))


def _best_first() -> Column:
    """A pair, such that the best one of a group sorts first."""

    def unlike(one: str, other: str) -> Column:
        return F.coalesce(F.col(one) != F.col(other), F.lit(True))

    return F.struct(
        (F.col("institution").isNull() | F.col("place").isNull()).alias("elsewhere"),
        F.abs(F.datediff("first_day", "begins")).alias("apart_at_first"),
        F.abs(F.datediff("last_day", "ends")).alias("apart_at_last"),
        unlike("provider_id", "practitioner").alias("by_another"),
        "is_other",
        "visit_occurrence_id",
        "encounter_id",
    )
