"""What drugs are made of, and how much of it is in them."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class DrugStrength(ReferenceTable):
    """Ingredients of drugs and their strength (OMOP CDM 5.4 DRUG_STRENGTH).

    A solid form has an amount; a solution or a device a numerator for each denominator. In the package read from the
    names of the drugs, which RxNorm writes in a normal form; an ingredient whose concept is not carried has no row.
    """

    layer = "silver"
    grain = "one row per drug and ingredient"
    key = ("drug_concept_id", "ingredient_concept_id")
    file = "terminology/drug_strength.csv"
    athena = "DRUG_STRENGTH.csv"
    not_in_athena = ("verified", "source")

    drug_concept_id = Column("int", "the drug", required=True)
    ingredient_concept_id = Column("int", "an ingredient of it", required=True)
    amount_value = Column("double", "how much of the ingredient one tablet or other piece has, in its amount unit")
    amount_unit_concept_id = Column("int", "unit of the amount")
    numerator_value = Column("double", "how much of the ingredient the denominator has, in its numerator unit")
    numerator_unit_concept_id = Column("int", "unit of the numerator")
    denominator_value = Column("double", "whole content, in its denominator unit; null stands for one unit")
    denominator_unit_concept_id = Column("int", "unit of the denominator")
    box_size = Column("int", "how many pieces a box has")
    valid_start_date = Column("date", "first day on which it was valid; null where it is not stated")
    valid_end_date = Column("date", "last day on which it is valid; null where it is not stated")
    invalid_reason = Column("string", "D: deleted, U: replaced by another; null: valid")
    verified = Column(
        "string",
        "how sure the row is: name: the drug's name has the ingredient's own name; name:salt: it has the name of a "
        "salt or form of the ingredient; or Athena's release",
        required=True,
    )
    source = Column(
        "string", "public repository, commit and file that state the drug, or Athena's release", required=True
    )
