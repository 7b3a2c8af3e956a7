"""In which units results can be given."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table
from lakehouse.silver.vocabulary.lab_vital import LabVital
from lakehouse.silver.vocabulary.unit_conversion import UnitConversion


class UnitOfTest(Table):
    """The units of each test that has a usual one: that one, and those that can be converted to it.

    A number without a unit tells its unit where the test has units of different scales, and the plausible ranges of
    no two of these touch: a haemoglobin A1c of 48 is in mmol/mol, a height of 70 may be in inches or in centimetres.
    """

    layer = "silver"
    grain = "one row per test and unit"
    key = ("measurement_concept_id", "unit_concept_id")

    measurement_concept_id = Column("int", "concept of the test", required=True)
    unit_concept_id = Column("int", "concept of the unit", required=True)
    usual_unit_concept_id = Column("int", "concept of the unit to which it is converted", required=True)
    factor = Column("double", "what a number is multiplied by", required=True)
    addend = Column("double", "what is added then, in the usual unit", required=True)
    plausible_low = Column("double", "lowest plausible value, in the unit of the row")
    plausible_high = Column("double", "highest plausible value, in the unit of the row")
    is_told_by_range = Column(
        "boolean",
        "whether a plausible number without a unit can only be in this one; of units of one scale, true for one",
        required=True,
    )

    @staticmethod
    def build(tests: LabVital, conversions: UnitConversion) -> DataFrame:
        """List the units of each test, and compare their ranges."""
        usual = tests.filter("unit_concept_id is not null").selectExpr(
            "concept_id as measurement_concept_id",
            "unit_concept_id as usual_unit_concept_id",
            "plausible_low as low",
            "plausible_high as high",
        )
        themselves = usual.selectExpr(
            "measurement_concept_id", "usual_unit_concept_id as unit_concept_id", "1D as factor", "0D as addend"
        )
        others = conversions.select(*themselves.columns)
        of_test = Window.partitionBy("measurement_concept_id")
        of_scale = Window.partitionBy("measurement_concept_id", "factor", "addend").orderBy(
            F.expr("unit_concept_id != usual_unit_concept_id"), "unit_concept_id"
        )
        scale = F.struct("factor", "addend", "plausible_low", "plausible_high")
        return (
            themselves.unionByName(others)
            .join(usual, "measurement_concept_id")
            .withColumn("plausible_low", F.expr("(low - addend) / factor"))
            .withColumn("plausible_high", F.expr("(high - addend) / factor"))
            .withColumn("place", F.row_number().over(of_scale))
            .withColumn("scales", F.collect_set(scale).over(of_test))
            .withColumn("is_told_by_range", (F.col("place") == 1) & _are_apart(F.col("scales")))
            .select(*UnitOfTest.declared)
        )


def _are_apart(scales: SparkColumn) -> SparkColumn:
    """Whether there are several scales, and no two of their ranges touch; false where a range is not known."""
    ranges = F.array_sort(F.transform(scales, lambda scale: F.struct(scale["plausible_low"], scale["plausible_high"])))
    count = F.size(scales)
    pairs = F.arrays_zip(F.slice(ranges, 1, count - 1).alias("one"), F.slice(ranges, 2, count).alias("next"))
    apart = F.forall(pairs, lambda pair: pair["one"]["plausible_high"] < pair["next"]["plausible_low"])
    return (count > 1) & F.coalesce(apart, F.lit(False))
