"""What kinds of concepts a vocabulary has."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class ConceptClass(ReferenceTable):
    """The classes of the concepts that are carried here (OMOP CDM 5.4 CONCEPT_CLASS)."""

    layer = "silver"
    grain = "one row per class"
    key = ("concept_class_id",)
    file = "terminology/concept_class.csv"
    athena = "CONCEPT_CLASS.csv"
    not_in_athena = ("source",)

    concept_class_id = Column("string", "name by which concepts refer to it", required=True)
    concept_class_name = Column("string", "its name in full", required=True)
    concept_class_concept_id = Column("int", "concept of the class itself", required=True)
    source = Column("string", "public package and file that state it, or Athena's release", required=True)
