"""A small catalogue with every kind of dependency that the engine knows, for tests of its promises."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.catalog import Catalog
from lakehouse.contract import Column, LandedTable, Table, expect, expect_or_drop, expect_or_fail


class Visit(LandedTable):
    """Visits as they land, by the patient id of the hospital."""

    layer = "bronze"
    grain = "one row per visit and version"
    key = ("visit_id", "version")
    scope = "patient_id"

    visit_id = Column("int", "the visit")
    version = Column("int", "later ones replace earlier ones")
    patient_id = Column("string", "whose visit")
    cost = Column("int", "what it cost; null takes the visit back", unit="USD")


class Name(LandedTable):
    """Which patient ids are one person: later versions replace earlier ones."""

    layer = "bronze"
    grain = "one row per patient id and version"
    key = ("patient_id", "version")
    scope = "patient_id"

    patient_id = Column("string", "the hospital's id")
    version = Column("int", "later ones replace earlier ones")
    person = Column("string", "the person's name")


class Link(Table):
    """Who is who now. It looks at everything, and tells its changes by person."""

    layer = "silver"
    grain = "one row per patient id"
    key = ("patient_id",)
    changes_by = "person_id"

    patient_id = Column("string", "the hospital's id")
    person_id = Column("bigint", "the person")

    @staticmethod
    def build(names: Name) -> DataFrame:
        latest = names.groupBy("patient_id").agg(F.max_by("person", "version").alias("person"))
        return latest.select("patient_id", F.xxhash64("person").alias("person_id"))


class LatestVisit(Table):
    """The latest version of each visit that was not taken back."""

    layer = "silver"
    grain = "one row per visit"
    key = ("patient_id", "visit_id")
    scope = "patient_id"

    patient_id = Column("string", "the hospital's id")
    visit_id = Column("int", "the visit")
    cost = Column("int", "what it cost", unit="USD")

    expectations = (expect_or_drop("cost is not negative", "cost >= 0"), expect("cost below 90", "cost < 90"))

    @staticmethod
    def build(visits: Visit) -> DataFrame:
        latest = visits.groupBy("patient_id", "visit_id").agg(F.max_by("cost", "version").alias("cost"))
        return latest.filter("cost is not null")


class PersonVisit(Table):
    """Visits by person: its input has another key, and the link table is the bridge."""

    layer = "silver"
    grain = "one row per visit of a patient id"
    key = ("patient_id", "visit_id")
    scope = "person_id"

    person_id = Column("bigint", "the person")
    patient_id = Column("string", "the hospital's id")
    visit_id = Column("int", "the visit")
    cost = Column("int", "what it cost", unit="USD")

    expectations = (expect_or_fail("no visit costs a million", "cost < 1000000"),)

    @staticmethod
    def build(visits: LatestVisit, links: Link) -> DataFrame:
        return visits.join(links, "patient_id").select("person_id", "patient_id", "visit_id", "cost")


class PersonCost(Table):
    """Cost by person."""

    layer = "gold"
    grain = "one row per person with a visit"
    key = ("person_id",)
    scope = "person_id"

    person_id = Column("bigint", "the person")
    visits = Column("bigint", "how many visits")
    cost = Column("bigint", "of all visits", unit="USD")

    @staticmethod
    def build(visits: PersonVisit) -> DataFrame:
        return visits.groupBy("person_id").agg(F.count("*").alias("visits"), F.sum("cost").alias("cost"))


class Total(Table):
    """Everything in one row: no scope, so rebuilt when an input changed."""

    layer = "gold"
    grain = "one row"
    key = ("persons",)

    persons = Column("bigint", "how many persons have a visit")
    cost = Column("bigint", "of all visits", unit="USD")

    @staticmethod
    def build(costs: PersonCost) -> DataFrame:
        return costs.agg(F.count("*").alias("persons"), F.sum("cost").alias("cost"))


class VisitsOfCost(Table):
    """How many visits cost how much: it adds up over persons, so that what changed of some is all that is counted."""

    layer = "gold"
    grain = "one row per cost of a visit"
    key = ("cost",)
    adds_up_by = "person_id"

    cost = Column("int", "of a visit", unit="USD")
    visits = Column("bigint", "how many cost that", required=True)

    @staticmethod
    def build(visits: PersonVisit, links: Link) -> DataFrame:
        linked = visits.join(links, ["person_id", "patient_id"], "left_semi")
        return linked.groupBy("cost").agg(F.count("*").alias("visits"))


CATALOG = Catalog.of([Visit, Name, Link, LatestVisit, PersonVisit, PersonCost, Total, VisitsOfCost])
