"""Rows that are made from a landed line say in which delivery that very line came."""

from __future__ import annotations

from functools import reduce

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import catalog
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.contract import Table
from lakehouse.silver.clinical.note import Note
from lakehouse.silver.clinical.payer_plan_period import PayerPlanPeriod
from lakehouse.silver.clinical.specimen import Specimen
from lakehouse.silver.identity.consent import Consent
from lakehouse.vault.registration_pair import RegistrationPair
from lakehouse.vault.sample_link import SampleLink
from tests.support import Rows

LINE = ("line_id", "delivery")
TABLES = [t for t in catalog.load().tables if t.layer in ("vault", "silver") and t.declared.keys() >= {*LINE}]
DELIVERIES = {Consent: 0, Note: 0, PayerPlanPeriod: 0, RegistrationPair: 0, SampleLink: 1, Specimen: 1}
"""The sample has no documents, coverages, decisions and consents, of which the tests of these tables have hand-made
ones, and one delivery of genomes; all else comes in two."""

every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.full_name())


@pytest.fixture(scope="module")
def in_two_deliveries(sample: Rows) -> Rows:
    """The sample, as if every second of its lines had come a month before already, so that claims have lines of both.

    What is delivered again unchanged is taken from its first delivery.
    """
    return sample.given({lines: _with_earlier(sample[lines]) for lines in (EhrLine, ClaimsLine)})


def _with_earlier(lines: DataFrame) -> DataFrame:
    before = {"line_id": -F.col("line_id"), "delivery": F.lit("2025-12-01")}
    return lines.unionAll(lines.filter("line_id % 2 = 0").withColumns(before))


@pytest.mark.slow
@every_table
def test_it_is_that_of_the_line(in_two_deliveries: Rows, table: type[Table]) -> None:
    landed = reduce(
        DataFrame.unionAll, [in_two_deliveries[t].select(*LINE) for t in (EhrLine, ClaimsLine, GenomicsLine)]
    )
    told = in_two_deliveries[table].filter("line_id is not null or delivery is not null").select(*LINE)
    assert told.select("delivery").distinct().count() == DELIVERIES.get(table, 2)
    assert told.join(landed, list(LINE), "left_anti").count() == 0


def test_every_table_with_a_line_has_it() -> None:
    without = {
        t.table_name() for t in catalog.load().tables if t.layer in ("vault", "silver") and "line_id" in t.declared
    }
    without -= {t.table_name() for t in TABLES}
    assert without == {"care_site_link", "provider_link", "quality_finding", "genotyped_sample"}


@every_table
def test_it_is_told_where_the_line_is(table: type[Table]) -> None:
    assert table.declared["delivery"].required == table.declared["line_id"].required
