"""As what, and where, providers work."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import name_meant
from lakehouse.bronze.ehr.practitioner_role import PractitionerRole
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.silver.clinical.events import with_concept
from lakehouse.silver.identity.care_site_link import CareSiteLink
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept


class ProviderRole(Table):
    """Roles of providers, from FHIR PractitionerRole: OMOP keeps one specialty and care site of each provider."""

    layer = "silver"
    grain = "one row per role of a practitioner"
    key = ("line_id",)
    accounts_for = (PractitionerRole,)

    provider_id = Column("bigint", "who", required=True)
    care_site_id = Column("bigint", "the organisation that he works for")
    specialty_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    specialty_source_value = Column("string", "the code as the source gives it, else the words")
    specialty_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    line_id = Column("bigint", "the landed line that it was made from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("its practitioner is known", "provider_id is not null"),
        expect("where is known", "care_site_id is not null"),
        expect("has a standard specialty", "specialty_concept_id != 0"),
    )

    @staticmethod
    def build(
        roles: PractitionerRole,
        providers: ProviderLink,
        care_sites: CareSiteLink,
        systems: CodeSystem,
        codes: SourceToConcept,
    ) -> DataFrame:
        """Read the roles, with whom and what they refer to."""
        told = PractitionerRole.current(roles).withColumns({
            "first_specialty": F.get("specialty", F.lit(0)),
            "practitioner_name": name_meant(F.col("practitioner"), "Practitioner"),
            "organization_name": name_meant(F.col("organization"), "Organization"),
        })  # fmt: skip
        organizations = care_sites.filter("resource_type = 'Organization'").selectExpr(
            "named_by as organization_name", "care_site_id"
        )
        return (
            with_concept(told, "first_specialty", "specialty", ("resource_id",), systems, codes)
            .join(providers.selectExpr("named_by as practitioner_name", "provider_id"), "practitioner_name", "left")
            .join(organizations, "organization_name", "left")
            .select(*ProviderRole.declared)
        )
