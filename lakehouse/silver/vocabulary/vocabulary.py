"""Where concepts come from."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class Vocabulary(ReferenceTable):
    """The vocabularies of the concepts that are carried here (OMOP CDM 5.4 VOCABULARY).

    In the package without version: the concepts were gathered from several releases, each named in `source` of
    silver.concept.
    """

    layer = "silver"
    grain = "one row per vocabulary"
    key = ("vocabulary_id",)
    file = "terminology/vocabulary.csv"
    athena = "VOCABULARY.csv"
    not_in_athena = ("source",)

    vocabulary_id = Column("string", "name by which concepts refer to it", required=True)
    vocabulary_name = Column("string", "its name in full", required=True)
    vocabulary_reference = Column("string", "where it is published")
    vocabulary_version = Column("string", "its release; that of 'None' is the release of all of OMOP's vocabularies")
    vocabulary_concept_id = Column("int", "concept of the vocabulary itself", required=True)
    source = Column("string", "public repository, commit and file that state it, or Athena's release", required=True)
