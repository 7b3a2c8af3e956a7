"""What values common tests can take."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class LabVital(ReferenceTable):
    """Common laboratory tests and vital signs with their usual unit and, for most, the range of plausible values.

    The ranges are those of the OHDSI Data Quality Dashboard of 31 March 2022; some are narrow (leukocytes
    up to 11), so a value outside is a question, not an error.
    """

    layer = "silver"
    grain = "one row per test"
    key = ("loinc_code",)
    file = "terminology/lab_vital.csv"

    loinc_code = Column("string", "LOINC code", required=True)
    loinc_name = Column("string", "what is measured", required=True)
    concept_id = Column("int", "concept of the LOINC code", required=True)
    ucum_unit = Column("string", "usual unit in UCUM")
    unit_concept_id = Column("int", "concept of that unit")
    plausible_low = Column("double", "lowest plausible value, in that unit")
    plausible_high = Column("double", "highest plausible value, in that unit")
    verified = Column("string", "what of the row a public source states", required=True)
    source = Column("string", "public repositories, commits and files that state it", required=True)
