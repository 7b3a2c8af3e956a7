"""Mappings of our own."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class SourceToConceptMap(ReferenceTable):
    """Mappings from source codes to concepts where no published one is at hand, each with how it was checked.

    OMOP CDM 5.4 SOURCE_TO_CONCEPT_MAP without its validity. ICD-10-CM diagnoses, drug packages (NDC),
    units spelled otherwise than OMOP spells them. A published mapping of the same code takes precedence.
    """

    layer = "silver"
    grain = "one row per source code"
    key = ("source_vocabulary_id", "source_code")
    file = "terminology/source_to_concept_map.csv"

    source_vocabulary_id = Column("string", "OMOP vocabulary of the code", required=True)
    source_code = Column("string", "the code", required=True)
    source_concept_id = Column("int", "concept of the code itself, where it is known")
    source_code_description = Column("string", "what the code means")
    target_concept_id = Column("int", "concept that it maps to; null where none is known")
    verified = Column(
        "string",
        "how the mapping was checked: map:DO-xref, map:DO-xref-parent: cross-referenced by the Disease Ontology, the "
        "latter at the parent category; map:same-name: the names are equal; map:clinical drug, map:ingredient: the "
        "package's drug in its strength and form, or its ingredient alone; map:unverified (concept verified): the "
        "concept exists, the pairing is judgement; unverified: no mapping is known",
        required=True,
    )
    source = Column("string", "public repositories, commits and files that state the two sides")
