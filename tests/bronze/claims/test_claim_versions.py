"""Which version of a claim holds."""

from __future__ import annotations

from pyspark.sql import SparkSession

from lakehouse.bronze.claims.carrier import Carrier
from lakehouse.bronze.claims.claim import Claim
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.inpatient import Inpatient
from lakehouse.bronze.claims.pde import Pde
from tests.bronze.claims.lines import claims_lines

Line = tuple[str, dict[str, str]]

JAN, FEB, MAR = "2026-01-01", "2026-02-01", "2026-03-01"


def inpatient(case: str, delivery: str, claim: str, line: int, amount: int, **changes: str) -> Line:
    fields = {"DML_IND": "INSERT", "BENE_ID": case, "CLM_ID": claim, "CLM_GRP_ID": "g", "FINAL_ACTION": "F"}
    fields |= {"NCH_WKLY_PROC_DT": "02-Jan-2026", "CLM_FREQ_CD": "1", "CLM_LINE_NUM": str(line)}
    return delivery, fields | {"REV_CNTR_TOT_CHRG_AMT": str(amount)} | changes


def carrier(case: str, delivery: str, claim: str, line: int, **changes: str) -> Line:
    fields = {"BENE_ID": case, "CLM_ID": claim, "NCH_WKLY_PROC_DT": "20260102", "CARR_CLM_ENTRY_CD": "1"}
    return delivery, fields | {"CLM_DISP_CD": "01", "LINE_NUM": str(line)} | changes


def event(case: str, delivery: str, number: str, cost: int, **changes: str) -> Line:
    fields = {"BENE_ID": case, "PDE_ID": number, "CLM_GRP_ID": "g", "ADJSTMT_DLTN_CD": "", "TOT_RX_CST_AMT": str(cost)}
    return delivery, fields | changes


def holding(spark: SparkSession, table: type[Claim], lines: list[Line], *columns: str) -> dict[str, list[tuple]]:  # type: ignore[type-arg]
    build = table.inputs()
    assert list(build.values()) == [ClaimsLine]
    rows = table.current(table.build(claims_lines(spark, table.rif, lines)))  # type: ignore[attr-defined]
    found: dict[str, list[tuple]] = {fields["BENE_ID"]: [] for _, fields in lines}  # type: ignore[type-arg]
    for row in rows.select("bene_id", *columns).collect():
        found[row.bene_id].append(tuple(row)[1:])
    return {case: sorted(held) for case, held in found.items()}


def test_a_later_version_replaces_all_lines_of_a_claim(spark: SparkSession) -> None:
    adjusted = {"NCH_WKLY_PROC_DT": "06-Feb-2026", "CLM_FREQ_CD": "7"}
    lines = [
        inpatient("adjusted", JAN, "1", 1, 10),
        inpatient("adjusted", JAN, "1", 2, 20),
        inpatient("adjusted", FEB, "2", 1, 15, **adjusted),
        inpatient("original arrives late", JAN, "2", 1, 15, **adjusted),
        inpatient("original arrives late", FEB, "1", 1, 10),
        inpatient("original arrives late", FEB, "1", 2, 20),
        inpatient("both in one delivery", JAN, "1", 1, 10, FINAL_ACTION="N"),
        inpatient("both in one delivery", JAN, "2", 1, 15),
        inpatient("final though processed earlier", JAN, "1", 1, 10),
        inpatient("final though processed earlier", FEB, "2", 1, 15, FINAL_ACTION="N", **adjusted),
        inpatient("fewer lines", JAN, "1", 1, 10),
        inpatient("fewer lines", JAN, "1", 2, 20),
        inpatient("fewer lines", FEB, "1", 1, 10),
        inpatient("one line corrected", JAN, "1", 1, 10),
        inpatient("one line corrected", JAN, "1", 2, 20),
        inpatient("one line corrected", FEB, "1", 1, 10),
        inpatient("one line corrected", FEB, "1", 2, 25),
        inpatient("repeated", JAN, "1", 1, 10),
        inpatient("repeated", JAN, "1", 2, 20),
        inpatient("repeated", FEB, "1", 1, 10),
        inpatient("repeated", FEB, "1", 2, 20),
        inpatient("twice in a delivery", JAN, "1", 1, 10),
        inpatient("twice in a delivery", JAN, "1", 1, 10),
        inpatient("reverted", JAN, "1", 1, 10),
        inpatient("reverted", FEB, "1", 1, 11),
        inpatient("reverted", MAR, "1", 1, 10),
    ]
    found = holding(spark, Inpatient, lines, "clm_id", "clm_line_num", "rev_cntr_tot_chrg_amt", "delivery")
    assert found == {
        "adjusted": [("2", 1, 15, FEB)],
        "original arrives late": [("2", 1, 15, JAN)],
        "both in one delivery": [("2", 1, 15, JAN)],
        "final though processed earlier": [("1", 1, 10, JAN)],
        "fewer lines": [("1", 1, 10, JAN)],
        "one line corrected": [("1", 1, 10, JAN), ("1", 2, 25, FEB)],
        "repeated": [("1", 1, 10, JAN), ("1", 2, 20, JAN)],
        "twice in a delivery": [("1", 1, 10, JAN)],
        "reverted": [("1", 1, 10, JAN)],
    }


def test_claims_that_were_taken_back_do_not_hold(spark: SparkSession) -> None:
    lines = [
        inpatient("voided", JAN, "1", 1, 10),
        inpatient("voided", FEB, "2", 1, 10, CLM_FREQ_CD="8", NCH_WKLY_PROC_DT="06-Feb-2026"),
        inpatient("voided in the same week", JAN, "1", 1, 10),
        inpatient("voided in the same week", JAN, "0", 1, 10, CLM_FREQ_CD="8"),
        inpatient("deleted", JAN, "1", 1, 10),
        inpatient("deleted", FEB, "1", 1, 10, DML_IND="DELETE"),
        inpatient("deleted and sent again", JAN, "1", 1, 10, DML_IND="DELETE"),
        inpatient("deleted and sent again", FEB, "1", 1, 12),
    ]
    found = holding(spark, Inpatient, lines, "clm_id", "rev_cntr_tot_chrg_amt")
    assert found == {
        "voided": [],
        "voided in the same week": [],
        "deleted": [],
        "deleted and sent again": [("1", 12)],
    }


def test_practitioners_claims_without_a_group_are_versions_of_their_number(spark: SparkSession) -> None:
    lines = [
        carrier("two claims", JAN, "1", 1),
        carrier("two claims", JAN, "2", 1),
        carrier("credited", JAN, "1", 1),
        carrier("credited", FEB, "1", 1, CARR_CLM_ENTRY_CD="3"),
        carrier("cancelled", JAN, "1", 1),
        carrier("cancelled", FEB, "1", 1, CLM_DISP_CD="03"),
    ]
    found = holding(spark, Carrier, lines, "clm_id")
    assert found == {"two claims": [("1",), ("2",)], "credited": [], "cancelled": []}


def test_drug_events_are_adjusted_and_deleted(spark: SparkSession) -> None:
    lines = [
        event("adjusted", JAN, "1", 10),
        event("adjusted", JAN, "0", 12, ADJSTMT_DLTN_CD="A"),
        event("deleted", JAN, "1", 10),
        event("deleted", FEB, "1", 10, ADJSTMT_DLTN_CD="D"),
        event("repeated", JAN, "1", 10),
        event("repeated", FEB, "1", 10),
    ]
    found = holding(spark, Pde, lines, "pde_id", "tot_rx_cst_amt", "delivery")
    assert found == {"adjusted": [("0", 12, JAN)], "deleted": [], "repeated": [("1", 10, JAN)]}
