"""The payer's files, read back by bronze: the same amounts, dates and codes as in the frames."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import landing
from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.claims.carrier import Carrier
from lakehouse.bronze.claims.claim import InstitutionalClaim, SupplierClaim
from lakehouse.bronze.claims.dme import Dme
from lakehouse.bronze.claims.hha import Hha
from lakehouse.bronze.claims.hospice import Hospice
from lakehouse.bronze.claims.inpatient import Inpatient
from lakehouse.bronze.claims.outpatient import Outpatient
from lakehouse.bronze.claims.pde import Pde
from lakehouse.bronze.claims.rif import RifRecord
from lakehouse.bronze.claims.snf import Snf
from lakehouse.storage import Storage
from lakehouse.synthetic.billing import bill
from lakehouse.synthetic.claims import FILES, KNOWLEDGE
from lakehouse.synthetic.claims.layout import fields, names
from lakehouse.synthetic.frames import ALL, CLAIM, CLAIM_LINE, DRUG_CLAIM, FRAME, IDENTITY, PERSON
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import by_key
from lakehouse.synthetic.sources import Sources, knowledge_tables
from tests.conftest import BUCKETS, SAMPLE
from tests.support import Rows
from tests.synthetic.billing.hand_made import (
    DIRECTORY,
    STREAMS,
    WORLD,
    conditions,
    dispensings,
    insured_as,
    journal,
    one_of_each,
)

PEOPLE = 35
DIED, DEATH = 1, date(2023, 3, 10)
TABLES: dict[str, type[RifRecord]] = {
    "carrier": Carrier, "inpatient": Inpatient, "outpatient": Outpatient, "snf": Snf, "hha": Hha,
    "hospice": Hospice, "dme": Dme, "pde": Pde, "beneficiary": Beneficiary,
}  # fmt: skip
PAYERS = ("medicare", "medicaid", "commercial")


@pytest.fixture(scope="module")
def told() -> Journal:
    """A hand-made block with its claims, and everybody's identity with each payer."""
    block = journal(PEOPLE, one_of_each(PEOPLE))
    dispensings(block, PEOPLE, "metformin", [date(2021, month, 1) for month in range(1, 13)])
    conditions(block, PEOPLE, "copd", date(2020, 2, 1))
    bill(WORLD, STREAMS, block, DIRECTORY)
    people = np.arange(1, PEOPLE + 1)
    block.replace(PERSON, block.rows(PERSON) | {
        "race": np.full(PEOPLE, "black", dtype=object), "ethnicity": np.full(PEOPLE, "not_hispanic", dtype=object),
        "death_date": np.where(people == DIED, np.datetime64(DEATH, "D"), np.datetime64("NaT", "D")),
    })  # fmt: skip
    for payer in PAYERS:
        block.add(IDENTITY, {
            "person": people, "world": payer, "source_id": np.array([f"-{p}" for p in people], dtype=object),
            "given_name": "Ann", "family_name": "O'Brien", "birth_date": np.full(PEOPLE, np.datetime64("1950-02-28")),
            "sex": "female", "line": "12 Elm Street", "place_key": "01002",
        })  # fmt: skip
    return block


@pytest.fixture(scope="module")
def lines(spark: SparkSession, told: Journal, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """The rows of every file, in the order in which the payers know them: later ones replace earlier ones."""
    made = _sources(spark, told, tmp_path_factory.mktemp("frames"))
    return {file: build(made).orderBy("known_on").collect() for file, build in FILES.items()}


@pytest.fixture(scope="module")
def bronze(spark: SparkSession, lines: dict[str, list[Row]], tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The same as bronze reads it."""
    home = tmp_path_factory.mktemp("payers")
    for file, rows in lines.items():
        for payer in PAYERS:
            path = home / "landing" / "claims" / "2026-01-01" / payer / f"{file}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            texts = ["|".join(value or "" for value in row.fields) for row in rows if row.payer == payer]
            path.write_text("\n".join(["|".join(names(file)), *texts]) + "\n", encoding="utf-8")
    storage = Storage(spark, f"{home}/tables")
    landing.take(storage, str(home / "landing"), f"{home}/checkpoints/landing", BUCKETS)
    return Rows(storage)


def _sources(spark: SparkSession, told: Journal, folder: Path) -> Sources:
    pq.write_table(pa.Table.from_batches(list(told.batches())), folder / "frames.parquet")
    staged = spark.read.parquet(str(folder / "frames.parquet"))
    frames = {frame: staged.filter(staged[FRAME] == frame.name).select(frame.select()) for frame in ALL}
    facilities = _small(spark, DIRECTORY.facilities, "id bigint, kind string, npi string, ccn string, place_key string")
    practitioners = _small(spark, DIRECTORY.practitioners, "id bigint, npi string, specialty string")
    return Sources(frames, knowledge_tables(spark, KNOWLEDGE), facilities, practitioners)


def _small(spark: SparkSession, columns: dict[str, Any], schema: str) -> DataFrame:
    found = [column.split()[0] for column in schema.split(", ")]
    return spark.createDataFrame(list(zip(*(columns[name].tolist() for name in found), strict=True)), schema)


def _cents(value: Decimal | None) -> int:
    return int((value or Decimal(0)) * 100)


def _claims(told: Journal, file: str) -> dict[str, dict[str, Any]]:
    """The versions of claims of a file, by the number that they have in it."""
    rows = told.rows(CLAIM)
    return {
        f"-{rows['id'][n]}": {name: column[n] for name, column in rows.items()}
        for n in np.flatnonzero(rows["rif"] == file)
    }


def test_the_headers_are_those_of_the_sample() -> None:
    for file in FILES:
        sample = SAMPLE / "claims" / "2026-01-01" / f"{'beneficiary_2025' if file == 'beneficiary' else file}.csv"
        with sample.open(encoding="utf-8") as text:
            assert text.readline().rstrip("\n").split("|") == list(names(file))


def test_unknown_files_and_fields_are_refused() -> None:
    with pytest.raises(KeyError, match="dental"):
        names("dental")
    with pytest.raises(KeyError, match="NO_SUCH_CD"):
        fields("pde", {"NO_SUCH_CD": "'1'"})


def test_every_line_is_read(lines: dict[str, list[Row]], bronze: Rows) -> None:
    for file, table in TABLES.items():
        read = bronze[table].agg(F.count("*").alias("lines"), F.max(F.size("unparsed")).alias("unparsed")).first()
        assert read is not None
        assert (read.lines, read.unparsed) == (len(lines[file]), 0)


def test_lines_come_from_the_lines_of_the_claims(told: Journal, lines: dict[str, list[Row]]) -> None:
    written = sum(len(lines[file]) for file in TABLES if file not in ("pde", "beneficiary"))
    assert written == len(told.rows(CLAIM_LINE)["claim"])
    assert len(lines["pde"]) == len(told.rows(DRUG_CLAIM)["id"])
    for row in lines["carrier"][:50]:
        assert row.known_on == told.rows(CLAIM)["processed_date"][told.rows(CLAIM)["id"] == row.claim][0]


@pytest.mark.parametrize("file", ["inpatient", "snf", "outpatient", "hha", "hospice"])
def test_claims_of_institutions_say_what_the_frames_say(told: Journal, bronze: Rows, file: str) -> None:
    table = TABLES[file]
    assert issubclass(table, InstitutionalClaim)
    claims = _claims(told, file)
    charges: dict[str, int] = defaultdict(int)
    for row in bronze[table].collect():
        claim = claims[row.clm_id]
        charges[row.clm_id] += _cents(row.rev_cntr_tot_chrg_amt)
        assert row.bene_id == f"-{claim['person']}"
        assert (row.clm_from_dt, row.clm_thru_dt) == (claim["start_date"], claim["end_date"])
        assert row.nch_wkly_proc_dt == claim["processed_date"]
        assert row.clm_fac_type_cd + row.clm_srvc_clsfctn_type_cd + row.clm_freq_cd == claim["bill_type"]
        assert _cents(row.clm_pmt_amt) == claim["paid"]
        assert _cents(row.clm_tot_chrg_amt) == claim["charge"]
        codes = [by_key("conditions")[key]["icd10cm"].replace(".", "") for key in claim["diagnoses"]]
        assert [code for code in row.icd_dgns_cd if code] == codes
        assert row.prncpal_dgns_cd == codes[0]
        assert row.rev_cntr is not None
        assert row.org_npi_num is not None
        assert (row.clm_mdcr_non_pmt_rsn_cd is not None) == (claim["denial"] is not None)
    assert charges == {number: claim["charge"] for number, claim in claims.items()}


def test_stays_say_what_the_patient_owes(told: Journal, bronze: Rows) -> None:
    claims = _claims(told, "inpatient")
    for row in bronze[Inpatient].collect():
        claim = claims[row.clm_id]
        assert _cents(row.nch_bene_ip_ddctbl_amt) == claim["deductible"]
        assert _cents(row.nch_bene_pta_coinsrnc_lblty_am) == claim["coinsurance"]
        assert row.clm_drg_cd == claim["drg"] == "291"
        assert (row.clm_admsn_dt, row.nch_bene_dschrg_dt) == (claim["admission_date"], claim["discharge_date"])
        assert [switch for switch in row.clm_poa_ind_sw if switch] == claim["poa"]


@pytest.mark.parametrize("file", ["carrier", "dme"])
def test_claims_of_practitioners_say_what_the_frames_say(told: Journal, bronze: Rows, file: str) -> None:
    table = TABLES[file]
    assert issubclass(table, SupplierClaim)
    claims = _claims(told, file)
    found: dict[str, list[int]] = {number: [0] * 5 for number in claims}
    for row in bronze[table].collect():
        claim = claims[row.clm_id]
        amounts = (
            row.line_sbmtd_chrg_amt, row.line_alowd_chrg_amt, row.line_nch_pmt_amt, row.line_bene_ptb_ddctbl_amt,
            row.line_coinsrnc_amt,
        )  # fmt: skip
        found[row.clm_id] = [total + _cents(cents) for total, cents in zip(found[row.clm_id], amounts, strict=True)]
        assert _cents(row.nch_carr_clm_alowd_amt) == claim["allowed"]
        assert row.carr_clm_entry_cd == {"original": "1", "adjustment": "5", "void": "3"}[claim["action"]]
        assert (row.line_prcsg_ind_cd == "A") == (claim["denial"] is None)
        assert row.hcpcs_cd is not None
        assert row.line_icd_dgns_cd in row.icd_dgns_cd
    money = ("charge", "allowed", "paid", "deductible", "coinsurance")
    assert found == {number: [claim[name] for name in money] for number, claim in claims.items()}


def test_the_version_that_stands_is_the_final_one(told: Journal, bronze: Rows) -> None:
    for file, table in TABLES.items():
        if file in ("pde", "beneficiary"):
            continue
        claims = _claims(told, file).items()
        standing = {number for number, claim in claims if claim["final"] and claim["action"] != "void"}
        current = table.current(bronze[table]).select("clm_id").distinct().collect()
        assert {row.clm_id for row in current} == standing


def test_drug_events_say_what_the_frames_say(told: Journal, bronze: Rows) -> None:
    drugs = told.rows(DRUG_CLAIM)
    place = {f"-{number}": n for n, number in enumerate(drugs["id"].tolist())}
    for row in bronze[Pde].collect():
        n = place[row.pde_id]
        assert _cents(row.tot_rx_cst_amt) == drugs["cost"][n]
        assert _cents(row.ptnt_pay_amt) == drugs["patient_paid"][n]
        assert _cents(row.cvrd_d_plan_pd_amt) == drugs["plan_paid"][n]
        assert row.srvc_dt == drugs["start_date"][n]
        assert row.prod_srvc_id == by_key("drugs")["metformin"]["ndc"]
        assert row.srvc_prvdr_id is not None
    voided = {f"-{group}" for group in drugs["group"][drugs["action"] == "void"].tolist()}
    current = {row.clm_grp_id for row in Pde.current(bronze[Pde]).collect()}
    assert current == {f"-{group}" for group in set(drugs["group"].tolist())} - voided


def test_the_insured_are_members_in_the_months_of_their_coverage(bronze: Rows) -> None:
    years = Beneficiary.current(bronze[Beneficiary]).collect()
    assert {int(row.bene_id[1:]) for row in years} == {p for p in range(1, PEOPLE + 1) if insured_as(p)[0]}
    for row in years:
        payer, plan, _, dual = insured_as(int(row.bene_id[1:]))
        ended = int(row.bene_id[1:]) == DIED and row.rfrnc_yr == DEATH.year
        months = DEATH.month if ended else 12
        covered = "C" if dual else "3"
        assert row.mdcr_entlmt_buyin_ind == [covered] * months + ["0"] * (12 - months)
        assert row.a_mo_cnt == row.b_mo_cnt == months
        assert (row.hmo_ind[0] == "C") == (plan == "advantage")
        assert (row.ptd_cntrct_id[0] == "0") == (payer != "medicare")
        assert (row.meta_dual_elgbl_stus_cd[0] == "02") == dual
        assert row.death_dt == (DEATH if ended else None)
        assert (row.bene_county_cd, row.bene_zip_cd, row.state_cd) == ("22080", "01002", "MA")


def test_a_year_is_told_when_it_begins_and_again_after_a_death(lines: dict[str, list[Row]]) -> None:
    of_the_dead = sorted(row.known_on for row in lines["beneficiary"] if row.person == DIED)
    assert of_the_dead == [date(2020, 1, 1), date(2021, 1, 1), date(2022, 1, 1), date(2023, 1, 1), DEATH]
    others = {row.known_on for row in lines["beneficiary"] if row.person != DIED}
    assert others == {date(year, 1, 1) for year in range(2020, 2024)}
