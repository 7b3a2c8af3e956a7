"""What concepts are about."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class Domain(ReferenceTable):
    """The domains of the concepts that are carried here (OMOP CDM 5.4 DOMAIN)."""

    layer = "silver"
    grain = "one row per domain"
    key = ("domain_id",)
    file = "terminology/domain.csv"
    athena = "DOMAIN.csv"
    not_in_athena = ("source",)

    domain_id = Column("string", "name by which concepts refer to it", required=True)
    domain_name = Column("string", "its name in full", required=True)
    domain_concept_id = Column("int", "concept of the domain itself", required=True)
    source = Column("string", "public repository, commit and file that state it, or Athena's release", required=True)
