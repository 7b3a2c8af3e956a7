"""Who withdrew from a purpose counts for nothing in the tables that serve it, and as before in the others."""

from __future__ import annotations

import pytest
from pyspark.sql import Row

from lakehouse import catalog
from lakehouse.bronze.identity.person_consent import PersonConsent
from lakehouse.contract import GENOMICS, RESEARCH, Table
from lakehouse.gold.cost.cost_per_member_month import CostPerMemberMonth
from lakehouse.gold.readmission.readmission_index_stay import ReadmissionIndexStay
from lakehouse.silver.genomics.genotyped_sample import CONSENT_WITHDRAWN, GenotypedSample
from lakehouse.silver.genomics.variant import Variant
from lakehouse.silver.identity.consent import Consent
from lakehouse.vault.master_person_index import MasterPersonIndex
from tests.support import Rows, rows_of

SERVING = [table for table in catalog.load().tables if table.serves]


@pytest.fixture(scope="module")
def person(sample: Rows) -> int:
    """Somebody with stays and a sample that can be used."""
    with_sample = sample[GenotypedSample].filter("is_primary and person_id is not null").select("person_id")
    chosen = sample[ReadmissionIndexStay].join(with_sample, "person_id").selectExpr("min(person_id) as person_id")
    person: int = chosen.collect()[0].person_id
    return person


@pytest.fixture(scope="module")
def withdrawn(sample: Rows, person: int) -> Rows:
    """The sample, where that person withdrew from research and genomics, somebody else from nothing."""
    registered = sample[MasterPersonIndex].filter(f"person_id = {person}").orderBy("source").collect()
    of_person = [f"{row.source}|{row.source_id}" for row in registered]
    said = [(of_person[-1], RESEARCH, "withdrawn"), (of_person[0], GENOMICS, "withdrawn"), ("ehr|?", RESEARCH, "given")]
    consents = [
        {
            "file": "identity/2026-03-01/consents.csv", "block_start": 0, "line": line, "line_id": line,
            "content": line, "delivery": "2026-03-01", "registration_id": whose, "purpose": purpose, "consent": consent,
        }
        for line, (whose, purpose, consent) in enumerate(said, start=1)
    ]  # fmt: skip
    other = Rows(sample.storage)
    serving = catalog.load().downstream({PersonConsent})
    other._built = {table: rows for table, rows in sample._built.items() if table not in serving}
    other._built[PersonConsent] = rows_of(sample.storage.spark, PersonConsent, *consents)
    return other


def test_each_consent_is_that_of_a_person(withdrawn: Rows, person: int) -> None:
    told = {row.line_id: (row.purpose, row.is_withdrawn, row.is_registered) for row in withdrawn[Consent].collect()}
    assert told == {1: (RESEARCH, True, True), 2: (GENOMICS, True, True), 3: (RESEARCH, False, False)}
    assert {row.person_id for row in withdrawn[Consent].filter("is_registered").collect()} == {person}


@pytest.mark.parametrize("table", [t for t in SERVING if RESEARCH in t.serves], ids=lambda table: table.full_name())
def test_research_has_everybody_else(sample: Rows, withdrawn: Rows, person: int, table: type[Table]) -> None:
    def of(rows: Rows) -> set[Row]:
        return set(rows[table].collect())

    assert of(withdrawn) == {row for row in of(sample) if row.person_id != person}
    assert of(withdrawn) != of(sample)


def test_genotypes_are_not_looked_at(sample: Rows, withdrawn: Rows, person: int) -> None:
    samples = withdrawn[GenotypedSample].filter(f"person_id = {person}").collect()
    assert samples
    assert all(row.failed_checks == [CONSENT_WITHDRAWN] and row.call_rate is None for row in samples)
    others = withdrawn[GenotypedSample].filter(f"not person_id <=> {person} and is_primary").count()
    assert others == sample[GenotypedSample].filter("is_primary").count() - 1
    alleles = {rows: rows[Variant].selectExpr("max(an) as an").collect()[0].an for rows in (sample, withdrawn)}
    assert alleles[withdrawn] == alleles[sample] - 2


def test_costs_are_those_of_everybody(sample: Rows, withdrawn: Rows) -> None:
    assert set(withdrawn[CostPerMemberMonth].collect()) == set(sample[CostPerMemberMonth].collect())


@pytest.mark.parametrize("table", SERVING, ids=lambda table: table.full_name())
def test_what_serves_a_purpose_hangs_on_consent(table: type[Table]) -> None:
    assert Consent in catalog.load().upstream({table})
