from __future__ import annotations

from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.claims.claims_line import ClaimsLine
from tests.landing_zone import taken
from tests.support import Rows


def test_files_are_read_by_their_own_delimiter_and_lines_need_a_beneficiary(
    spark: SparkSession, tmp_path: Path
) -> None:
    files = {
        "beneficiary_2020.csv": 'BENE_ID,RFRNC_YR,BENE_SRNM_NAME,BENE_BIRTH_DT\n1,2020,"Li, Jr",19400102\n,2020,X,\n',
        "beneficiary_2021.csv": "RFRNC_YR\tBENE_ID\tBENE_SRNM_NAME\r\n2021\t2\tO'Hara \r\n",
        "beneficiary_2022.csv": "BENE_ID|BENE_BIRTH_DT|RFRNC_YR\n3|02-Jan-1940|2022\n4|2022\n",
    }
    rows = Rows(taken(spark, tmp_path, {f"claims/2026-01-01/{name}": text for name, text in files.items()}))

    typed = rows[Beneficiary].select("bene_id", "rfrnc_yr", "bene_srnm_name", "bene_birth_dt").collect()
    assert sorted(map(tuple, typed)) == [
        ("1", 2020, "Li, Jr", date(1940, 1, 2)),
        ("2", 2021, "O'Hara", None),
        ("3", 2022, None, date(1940, 1, 2)),
    ]
    defects = {row.defect for row in rows[ClaimsLine].filter("defect is not null").collect()}
    assert defects == {"no BENE_ID", "wrong column count: 2 fields where the header names 3"}
