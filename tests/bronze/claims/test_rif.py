from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.claims.carrier import Carrier
from lakehouse.bronze.claims.dme import Dme
from lakehouse.bronze.claims.hha import Hha
from lakehouse.bronze.claims.hospice import Hospice
from lakehouse.bronze.claims.inpatient import Inpatient
from lakehouse.bronze.claims.outpatient import Outpatient
from lakehouse.bronze.claims.pde import Pde
from lakehouse.bronze.claims.rif import Field, RifRecord
from lakehouse.bronze.claims.snf import Snf
from tests.bronze.claims.lines import claims_lines, landed
from tests.support import Rows

FILES: list[type[RifRecord]] = [Carrier, Dme, Hha, Hospice, Inpatient, Outpatient, Pde, Snf]


@pytest.mark.parametrize("table", FILES)
def test_every_landed_line_is_typed_and_nothing_of_the_sample_is_unparsed(sample: Rows, table: type[RifRecord]) -> None:
    rows = sample[table].select("unparsed", "unread_fields").collect()
    assert len(rows) == len(landed(table.rif))
    assert [row.unparsed for row in rows if row.unparsed] == []


@pytest.mark.parametrize("table", FILES)
def test_fields_read_and_unread_together_are_the_header(sample: Rows, table: type[RifRecord]) -> None:
    fields = {name: column for name, column in table.declared.items() if isinstance(column, Field)}
    read = {field_name for name, field in fields.items() for field_name in field.names or (name.upper(),)}
    header = set(landed(table.rif)[0])
    unread = set(sample[table].first().unread_fields)  # type: ignore[union-attr]
    assert unread == header - read
    assert len(read & header) >= 25


def test_values_are_typed_or_named_as_unparsed(spark: SparkSession) -> None:
    def line(bene: str, **fields: str) -> tuple[str, dict[str, str]]:
        names = ("CLM_ID", "CLM_FROM_DT", "CLM_THRU_DT", "CLM_PMT_AMT", "CLM_LINE_NUM", "PRCDR_DT1", "PRCDR_DT2", "NEW")
        return "2026-01-01", {"BENE_ID": bene} | {name: fields.get(name, "") for name in names}

    lines = [
        line("cms", CLM_FROM_DT="03-Apr-2021", CLM_THRU_DT="28-FEB-2021", CLM_PMT_AMT="-12.50", CLM_LINE_NUM="3"),
        line("digits", CLM_FROM_DT="20210403", CLM_THRU_DT="2021-04-05", CLM_PMT_AMT="7"),
        line("wrong", CLM_FROM_DT="31-FEB-2021", CLM_THRU_DT="20211301", CLM_PMT_AMT="12,50", CLM_LINE_NUM="one"),
        line("arrays", PRCDR_DT1="03-Apr-2021", PRCDR_DT2="soon", NEW="?"),
        line("huge", CLM_PMT_AMT="99999999999.00", CLM_FROM_DT="3-Apr-2021", CLM_THRU_DT="03-Foo-2021"),
    ]
    rows = {row.bene_id: row for row in Inpatient.build(claims_lines(spark, "inpatient", lines)).collect()}  # type: ignore[arg-type]
    cms, digits, wrong, arrays, huge = (rows[name] for name in ("cms", "digits", "wrong", "arrays", "huge"))
    assert (cms.clm_from_dt, cms.clm_thru_dt) == (date(2021, 4, 3), date(2021, 2, 28))
    assert (cms.clm_pmt_amt, cms.clm_line_num, cms.unparsed) == (Decimal("-12.50"), 3, [])
    assert (digits.clm_from_dt, digits.clm_thru_dt) == (date(2021, 4, 3), date(2021, 4, 5))
    assert (digits.clm_pmt_amt, digits.unparsed) == (Decimal("7.00"), [])
    assert (wrong.clm_from_dt, wrong.clm_thru_dt, wrong.clm_pmt_amt, wrong.clm_line_num) == (None, None, None, None)
    assert sorted(wrong.unparsed) == ["CLM_FROM_DT", "CLM_LINE_NUM", "CLM_PMT_AMT", "CLM_THRU_DT"]
    assert arrays.prcdr_dt[:3] == [date(2021, 4, 3), None, None]
    assert (arrays.unparsed, arrays.unread_fields) == (["PRCDR_DT2"], ["NEW"])
    assert len(arrays.icd_dgns_cd) == 25
    assert sorted(huge.unparsed) == ["CLM_FROM_DT", "CLM_PMT_AMT", "CLM_THRU_DT"]


def test_fields_are_known_by_their_names_however_these_are_written(spark: SparkSession) -> None:
    line = claims_lines(spark, "inpatient", [("2026-01-01", {"BENE_ID": "b", "CLM_ID": "7", "CLM_PMT_AMT": "2.50"})])
    written = line.withColumn("header", F.lit('"bene_id","Clm_Id", "CLM_PMT_AMT"'))
    (row,) = Inpatient.build(written).collect()  # type: ignore[arg-type]
    assert (row.bene_id, row.clm_id, row.clm_pmt_amt, row.unread_fields) == ("b", "7", Decimal("2.50"), [])
