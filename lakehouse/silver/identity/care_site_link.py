"""Organisations and places as care sites."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import identifier_in, name_meant
from lakehouse.bronze.ehr.location import Location
from lakehouse.bronze.ehr.organization import Organization
from lakehouse.contract import Column, Table, expect
from lakehouse.keys import row_id
from lakehouse.silver.identity.names import CERTIFICATION_NUMBER, NPI, by_name


class CareSiteLink(Table):
    """Which care site a reference to an organisation or a place means.

    An organisation is the care site of its NPI, which claims name too, else of its CMS certification number, else one
    of its own. A place belongs to the care site of the organisation that runs it; where none does it is one of its own.
    """

    layer = "silver"
    grain = "one row per name of an organisation or a place: the id of its record, and each of its identifiers"
    key = ("resource_type", "named_by")
    accounts_for = (Organization, Location)

    resource_type = Column("string", "Organization or Location", required=True)
    named_by = Column("string", "FHIR id of the record, or system|value of an identifier", required=True)
    care_site_id = Column("bigint", "the care site", required=True)
    source_value = Column("string", "NPI, else CMS certification number, else FHIR id of the record", required=True)
    line_id = Column("bigint", "the landed line that tells the name", required=True)

    expectations = (expect("is registered with CMS", r"source_value rlike '^([0-9]{10}|[0-9A-Z]{6})$'"),)

    @staticmethod
    def build(organizations: Organization, locations: Location) -> DataFrame:
        """Give each organisation its care site, and each place that of its organisation, by each of their names."""
        number = F.coalesce(identifier_in(NPI), identifier_in(CERTIFICATION_NUMBER), "resource_id")
        of_organizations = by_name(
            Organization.current(organizations)
            .withColumn("source_value", number)
            .withColumn("care_site_id", row_id("care_site", "source_value"))
            .withColumn("resource_type", F.lit("Organization"))
        ).select(*CareSiteLink.declared)
        run_by = of_organizations.selectExpr("named_by as manager", "care_site_id", "source_value")
        of_places = by_name(
            Location.current(locations)
            .withColumn("manager", name_meant(F.col("managing_organization"), "Organization"))
            .join(run_by, "manager", "left")
            .withColumn("source_value", F.coalesce("source_value", "resource_id"))
            .withColumn("care_site_id", row_id("care_site", "source_value"))
            .withColumn("resource_type", F.lit("Location"))
        ).select(*CareSiteLink.declared)
        return of_organizations.unionByName(of_places)
