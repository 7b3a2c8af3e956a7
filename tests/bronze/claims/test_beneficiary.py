from __future__ import annotations

from datetime import date, datetime

from pyspark.sql import Row

from lakehouse.bronze.claims.beneficiary import Beneficiary
from tests.bronze.claims.lines import landed
from tests.support import Rows


def as_date(text: str) -> date | None:
    return datetime.strptime(text, "%d-%b-%Y").date() if text.strip() else None


def in_sample(row: Row) -> tuple[object, ...]:
    return (
        row.bene_id,
        row.rfrnc_yr,
        row.bene_birth_dt,
        row.bene_sex_ident_cd,
        row.bene_srnm_name,
        row.death_dt,
        row.mdcr_entlmt_buyin_ind,
        row.ptd_cntrct_id,
    )


MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEPT", "OCT", "NOV", "DEC"]


def test_lines_are_typed_as_they_landed(sample: Rows) -> None:
    expected = [
        (
            line["BENE_ID"],
            int(line["RFRNC_YR"]),
            as_date(line["BENE_BIRTH_DT"]),
            line["BENE_SEX_IDENT_CD"],
            line["BENE_SRNM_NAME"],
            as_date(line["DEATH_DT"]),
            [line[f"MDCR_ENTLMT_BUYIN_{n}_IND"] or None for n in range(1, 13)],
            [line[f"PTD_CNTRCT_{month}_ID"] or None for month in MONTHS],
        )
        for line in landed("beneficiary")
    ]
    rows = sample[Beneficiary].collect()
    assert sorted(map(in_sample, rows), key=str) == sorted(expected, key=str)
    assert [row.unparsed for row in rows if row.unparsed] == []
    assert all("BENE_CRNT_HIC_NUM" in row.unread_fields for row in rows)


def test_each_beneficiary_and_year_has_one_current_row(sample: Rows) -> None:
    current = Beneficiary.current(sample[Beneficiary])
    assert current.count() == len({(line["BENE_ID"], line["RFRNC_YR"]) for line in landed("beneficiary")})
