"""Mappings of our own."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class SourceToConceptMap(ReferenceTable):
    """Mappings from source codes to concepts where no published one is at hand, each with how it was checked.

    OMOP CDM 5.4 SOURCE_TO_CONCEPT_MAP. ICD-10-CM diagnoses, drug packages (NDC), codes whose concept was found by its
    name, units spelled otherwise than OMOP spells them. A published mapping of the same code takes precedence.
    """

    layer = "silver"
    grain = "one row per source code"
    key = ("source_vocabulary_id", "source_code")
    file = "terminology/source_to_concept_map.csv"

    source_code = Column("string", "the code", required=True)
    source_concept_id = Column("int", "concept of the code itself, where it is known")
    source_vocabulary_id = Column("string", "OMOP vocabulary of the code", required=True)
    source_code_description = Column("string", "what the code means")
    target_concept_id = Column("int", "concept that it maps to; null where none is known")
    target_vocabulary_id = Column("string", "vocabulary of that concept")
    valid_start_date = Column("date", "day on which the mapping was made", required=True)
    valid_end_date = Column("date", "last day on which it is valid; 2099-12-31 for ever", required=True)
    invalid_reason = Column("string", "D: deleted, U: replaced by another; null: valid")
    is_verified = Column("boolean", "whether a public source or equal names confirm it; null where there is no target")
    evidence = Column(
        "string",
        "how the mapping was checked: map:DO-xref, map:DO-xref-parent: cross-referenced by the Disease Ontology, the "
        "latter at the parent category; map:same-name: the names are equal; map:clinical drug, map:ingredient: the "
        "package's drug in its strength and form, or its ingredient alone; map:unverified (concept verified): the "
        "concept exists, the pairing is judgement; unverified: no mapping is known",
        required=True,
    )
    source = Column("string", "public repositories, commits and files that state the two sides")
