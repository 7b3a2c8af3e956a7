"""How results in one unit are told in another."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable, expect_or_fail


class UnitConversion(ReferenceTable):
    """Factors from the units in which a test is reported to its usual unit in silver.lab_vital.

    The number in the usual unit is the number times `factor` plus `addend`. Between masses and amounts of substance
    the factor hangs on what is measured: it is the molar mass.
    """

    layer = "silver"
    grain = "one row per test and unit other than its usual one"
    key = ("measurement_concept_id", "unit_concept_id")
    file = "terminology/unit_conversion.csv"

    measurement_concept_id = Column("int", "concept of the test", required=True)
    loinc_code = Column("string", "its LOINC code", required=True)
    unit_concept_id = Column("int", "concept of the unit that is converted", required=True)
    ucum_unit = Column("string", "that unit as OMOP writes it", required=True)
    factor = Column("double", "what the number is multiplied by", required=True)
    addend = Column("double", "what is added then, in the usual unit", required=True)
    source = Column("string", "what defines the factor", required=True)

    expectations = (expect_or_fail("a factor is positive", "factor > 0"),)
