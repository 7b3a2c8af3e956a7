"""FHIR Observation: laboratory results, vital signs, social history and surveys."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.blood_pressure import components, readings
from lakehouse.synthetic.ehr.datatypes import fixed, known, list_of, quantity, reference, subject, uuid
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import LABORATORY_DAYS, corrected_on, draw, known_on, retracted_on
from lakehouse.synthetic.ehr.measures import answers, measures
from lakehouse.synthetic.ehr.versions import versions, written
from lakehouse.synthetic.frames import MEASUREMENT
from lakehouse.synthetic.sources import Sources

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_WRONG_BY = (0.8, 1.25)
"""What a value that will be corrected was at first, as a multiple: too low or too high."""

_STEPS_OF_OTHER_UNITS = 100.0
"""To how many steps a unit values are rounded whose unit is not told as the measure's."""


def observation(sources: Sources) -> DataFrame:
    """One Observation per value, one per pair of blood pressures. Of corrected ones the last version is true."""
    values = _values(sources).unionByName(readings(sources.seen(MEASUREMENT)), allowMissingColumns=True)
    rows = filed(values, sources, F.col("encounter"))
    meant = concepts.with_concept(rows, "measure_key", measures(sources.knowledge), "code")
    meant = concepts.with_concept(meant, "value_key", answers(sources.knowledge), "answer")
    id_ = F.col("resource_id")
    first = known_on(F.to_date("start_time"), id_, LABORATORY_DAYS)
    is_correctable = F.col("value").isNotNull()
    told = versions(
        meant,
        first,
        corrected=F.when(is_correctable, corrected_on(first, id_)),
        retracted=retracted_on(first, id_),
    ).withColumn("value", _as_told(id_))
    return written(
        told,
        "Observation",
        F.col("profiles"),
        status=F.when(F.col("retracted"), "entered-in-error").when(F.col("corrected"), "corrected").otherwise("final"),
        category=F.array(fixed(_CATEGORY, F.col("category"))),
        code=F.col("code").withField("coding", F.when(~F.coalesce("uncoded", F.lit(False)), F.col("code.coding"))),
        subject=subject(),
        encounter=reference("Encounter", F.col("encounter")),
        effectiveDateTime=F.col("start_time"),
        issued=F.col("start_time"),
        valueQuantity=F.when(F.col("diastolic").isNull(), quantity(F.col("value"), _unit())),
        valueCodeableConcept=F.col("answer"),
        interpretation=_interpretation(),
        referenceRange=_reference_range(),
        component=components(),
    )


def _values(sources: Sources) -> DataFrame:
    """All values but blood pressures, which stand in pairs."""
    return (
        sources.seen(MEASUREMENT)
        .filter("measure_key not in ('sbp', 'dbp')")
        .select(
            "person", "encounter", "measure_key", "start_time", "value", "value_key",
            F.lit(None).cast("double").alias("diastolic"), uuid("Observation", F.col("id")).alias("resource_id"),
            F.col("unit").alias("told_unit"), "uncoded",
        )
    )  # fmt: skip


def _as_told(id_: Column) -> Column:
    """The value that the version tells, rounded as the measure is."""
    awaits_correction = corrected_on(F.to_date("start_time"), id_).isNotNull() & ~F.col("corrected")
    low, high = _WRONG_BY
    factor = F.when(draw("wrong", id_) < 0.5, low).otherwise(high)
    told = F.when(awaits_correction, F.col("value") * factor).otherwise(F.col("value"))
    steps = F.when(F.col("told_unit").isNotNull(), _STEPS_OF_OTHER_UNITS).otherwise(F.col("steps_per_unit"))
    return F.floor(told * steps + 0.5) / steps


def _unit() -> Column:
    """The unit as it is told, which may be none."""
    return known(F.coalesce("told_unit", "unit"))


def _interpretation() -> Column:
    """Low, high or normal; null where no range of normal is known, or where two values stand together."""
    value, low, high = F.col("value"), F.col("low"), F.col("high")
    code = F.when(value < low, "L").when(value > high, "H").otherwise("N")
    is_known = value.isNotNull() & F.coalesce(low, high).isNotNull() & F.col("diastolic").isNull()
    return F.when(is_known, F.array(fixed(_INTERPRETATION, code)))


def _reference_range() -> Column:
    low, high = quantity(F.col("low"), F.col("unit")), quantity(F.col("high"), F.col("unit"))
    limits = F.struct(low.alias("low"), high.alias("high"))
    return list_of(F.when(F.coalesce("low", "high").isNotNull() & (F.col("category") == "laboratory"), limits))
