from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse import quality
from lakehouse.bronze.claims.rif import RifRecord
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.vault.beneficiary_link import BeneficiaryLink
from tests.bronze.claims.lines import claims_lines, landed
from tests.support import Rows, rows_of

FILES = ("carrier", "dme", "hha", "hospice", "inpatient", "outpatient", "pde", "snf")

# Claims of each beneficiary in each of these files, as the generator of the sample says it wrote them.
CLAIMS = {
    "-1000000": (6, 4, 0, 1, 0, 3, 3, 0),
    "-1000001": (8, 3, 0, 0, 1, 5, 3, 0),
    "-1000002": (8, 8, 0, 0, 0, 9, 20, 0),
    "-1000003": (14, 0, 0, 0, 2, 287, 0, 0),
    "-1000005": (8, 1, 0, 0, 0, 5, 7, 1),
    "-1000006": (13, 6, 0, 0, 4, 23, 10, 0),
    "-1000008": (4, 1, 0, 1, 1, 177, 0, 0),
    "-1000011": (7, 1, 0, 1, 2, 6, 80, 1),
    "-1000012": (6, 0, 0, 2, 1, 18, 60, 0),
    "-1000013": (4, 1, 0, 0, 1, 12, 2, 1),
    "-1000014": (7, 6, 0, 0, 1, 8, 16, 1),
    "-1000017": (11, 10, 2, 0, 0, 31, 43, 0),
    "-1000018": (8, 7, 0, 0, 0, 15, 51, 2),
    "-1000019": (1, 2, 0, 0, 0, 1, 4, 1),
    "-1000021": (3, 3, 0, 0, 0, 1, 3, 0),
    "-1000022": (0, 6, 1, 0, 3, 14, 24, 1),
    "-1000024": (14, 38, 0, 0, 0, 55, 98, 0),
    "-1000025": (1, 0, 0, 0, 2, 6, 47, 0),
}


def test_claims_of_each_beneficiary_and_file_are_those_that_were_written(sample: Rows) -> None:
    claims = (
        sample[MedicalClaim]
        .select("person_id", "claim_id", "source_file")
        .unionByName(sample[PharmacyClaim].select("person_id", "claim_id", F.lit("pde").alias("source_file")))
        .join(sample[BeneficiaryLink], "person_id")
        .groupBy("bene_id", "source_file")
        .agg(F.count_distinct("claim_id").alias("claims"))
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in claims.collect():
        found[row.bene_id][row.source_file] = row.claims
    assert {bene: tuple(files.get(file, 0) for file in FILES) for bene, files in found.items()} == CLAIMS


# The field of the landed header or line that each amount must add up to, by file.
INSTITUTIONAL = {"claim_paid_amount": "CLM_PMT_AMT", "claim_charge_amount": "CLM_TOT_CHRG_AMT"}
PROFESSIONAL = {
    "claim_paid_amount": "CLM_PMT_AMT",
    "claim_charge_amount": "NCH_CARR_CLM_SBMTD_CHRG_AMT",
    "claim_allowed_amount": "NCH_CARR_CLM_ALOWD_AMT",
    "claim_deductible_amount": "CARR_CLM_CASH_DDCTBL_APLD_AMT",
}
OF_CLAIM = {
    **dict.fromkeys(("inpatient", "outpatient", "snf", "hha", "hospice"), INSTITUTIONAL),
    **dict.fromkeys(("carrier", "dme"), PROFESSIONAL),
}
STAY = {"line_charge_amount": "REV_CNTR_TOT_CHRG_AMT"}
VISIT = {"line_charge_amount": "REV_CNTR_TOT_CHRG_AMT", "line_paid_amount": "REV_CNTR_PMT_AMT_AMT"}
PRACTICE = {
    "line_charge_amount": "LINE_SBMTD_CHRG_AMT",
    "line_allowed_amount": "LINE_ALOWD_CHRG_AMT",
    "line_paid_amount": "LINE_NCH_PMT_AMT",
    "line_coinsurance_amount": "LINE_COINSRNC_AMT",
    "line_deductible_amount": "LINE_BENE_PTB_DDCTBL_AMT",
}
OF_LINE = {
    **dict.fromkeys(("inpatient", "snf"), STAY),
    **dict.fromkeys(("outpatient", "hha", "hospice"), VISIT),
    **dict.fromkeys(("carrier", "dme"), PRACTICE),
}


def test_amounts_are_those_that_landed_to_the_cent(sample: Rows) -> None:
    of_claim = {name for fields in OF_CLAIM.values() for name in fields}
    of_line = {name for fields in OF_LINE.values() for name in fields}
    sums = sample[MedicalClaim].groupBy("source_file").agg(
        *(F.expr(f"sum({name}) filter (where is_first_line)").alias(name) for name in of_claim),
        *(F.sum(name).alias(name) for name in of_line),
    )  # fmt: skip
    for row in sums.collect():
        lines = landed(row.source_file)
        claims = {line["CLM_ID"]: line for line in lines}.values()
        for name, field in OF_CLAIM[row.source_file].items():
            assert row[name] == sum(Decimal(line[field]) for line in claims), (row.source_file, name)
        for name, field in OF_LINE[row.source_file].items():
            assert row[name] == sum(Decimal(line[field].strip() or 0) for line in lines), (row.source_file, name)


def test_nothing_of_the_sample_goes_to_quarantine_or_is_lost(sample: Rows) -> None:
    rows = quality.flag(MedicalClaim, sample[MedicalClaim])
    assert quality.dropped(rows).count() == 0
    kept = {row.line_id for row in rows.select("line_id").collect()}
    sources = [source for source in MedicalClaim.accounts_for if issubclass(source, RifRecord)]
    for source in sources:
        assert {row.line_id for row in source.current(sample[source]).select("line_id").collect()} <= kept
    assert len(sources) == 7


def test_no_identifier_of_the_beneficiary_is_in_silver() -> None:
    for table in (MedicalClaim, PharmacyClaim):
        assert not {"bene_id", "mbi_num", "clm_id", "clm_grp_id", "pde_id"} & set(table.declared)


HEADERS = {
    "CLM_FROM_DT": "03-Apr-2021",
    "CLM_THRU_DT": "05-Apr-2021",
    "NCH_WKLY_PROC_DT": "09-Apr-2021",
    "CLM_PMT_AMT": "80.00",
    "PRNCPAL_DGNS_CD": "E11.9",
    "PRNCPAL_DGNS_VRSN_CD": "0",
    "ICD_DGNS_CD1": "i10",
    "ICD_DGNS_CD2": "E119",
}


def built(spark: SparkSession, **files: list[dict[str, str]]) -> dict[str, list[Row]]:
    """Rows by beneficiary, with the reasons for quarantine, from hand-made lines of the named files."""
    inputs: dict[str, DataFrame] = {}
    benes: set[str] = set()
    for name, table in MedicalClaim.inputs().items():
        if issubclass(table, RifRecord):
            inputs[name] = rows_of(spark, table)
            if lines := [HEADERS | {"CLM_ID": line["BENE_ID"]} | line for line in files.get(table.rif, [])]:
                benes |= {line["BENE_ID"] for line in lines}
                landed_lines = claims_lines(spark, table.rif, [("2026-01-01", line) for line in lines])
                inputs[name] = table.build(landed_lines).cache()  # type: ignore[attr-defined]
    names = sorted(benes)
    inputs["links"] = spark.createDataFrame(list(zip(names, range(len(names)), strict=True)), BeneficiaryLink.ddl())
    found: dict[str, list[Row]] = defaultdict(list)
    for row in quality.flag(MedicalClaim, MedicalClaim.build(**inputs)).orderBy("line_id").collect():  # type: ignore[arg-type]
        found[names[row.person_id]].append(row)
    return found


def test_fields_are_brought_into_one_shape(spark: SparkSession) -> None:
    stay = {
        "BENE_ID": "stay",
        "CLM_FAC_TYPE_CD": "1",
        "CLM_SRVC_CLSFCTN_TYPE_CD": "1",
        "CLM_FREQ_CD": "1",
        "CLM_ADMSN_DT": "03-Apr-2021",
        "NCH_BENE_DSCHRG_DT": "05-Apr-2021",
        "PTNT_DSCHRG_STUS_CD": "1",
        "CLM_DRG_CD": "65",
        "NCH_BENE_IP_DDCTBL_AMT": "15.25",
        "NCH_BENE_PTA_COINSRNC_LBLTY_AM": "4.75",
        "CLM_TOT_CHRG_AMT": "200",
        "ICD_PRCDR_CD1": "0DTM0ZZ",
        "PRCDR_DT1": "04-Apr-2021",
        "ICD_PRCDR_CD3": "0TY00Z2",
        "REV_CNTR": "450",
    }
    lines = [stay | {"CLM_LINE_NUM": "2"}, stay | {"CLM_LINE_NUM": "1", "REV_CNTR": "0001"}]
    second, first = built(spark, inpatient=lines)["stay"]
    assert (first.claim_id == second.claim_id, first.is_first_line, second.is_first_line) == (True, True, False)
    assert (first.claim_type, first.service_category, first.bill_type_code) == ("institutional", "inpatient", "111")
    assert (first.admission_date, first.discharge_date) == (date(2021, 4, 3), date(2021, 4, 5))
    assert (first.discharge_disposition_code, first.drg_code, second.revenue_center_code) == ("01", "065", "0450")
    assert (first.diagnosis_code_type, first.diagnosis_codes) == ("icd-10-cm", ["E119", "I10"])
    assert [tuple(done) for done in first.procedures] == [("0DTM0ZZ", date(2021, 4, 4)), ("0TY00Z2", None)]
    assert first.claim_allowed_amount == Decimal("100.00")
    assert first.quarantine_reasons == []


def test_each_claim_has_one_service_category(spark: SparkSession) -> None:
    rows = built(
        spark,
        outpatient=[
            {"BENE_ID": "emergency room", "REV_CNTR": "0450", "HCPCS_CD": ""},
            {"BENE_ID": "emergency room", "REV_CNTR": "0300", "HCPCS_CD": ""},
            {"BENE_ID": "emergency service", "REV_CNTR": "0001", "HCPCS_CD": "G0380"},
            {"BENE_ID": "clinic", "REV_CNTR": "0510", "HCPCS_CD": ""},
        ],
        carrier=[
            {"BENE_ID": "doctor in emergency room", "LINE_PLACE_OF_SRVC_CD": "23"},
            {"BENE_ID": "doctor in emergency room", "LINE_PLACE_OF_SRVC_CD": "11"},
            {"BENE_ID": "office", "LINE_PLACE_OF_SRVC_CD": "11"},
            {"BENE_ID": "telehealth", "LINE_PLACE_OF_SRVC_CD": "2"},
            {"BENE_ID": "ward", "LINE_PLACE_OF_SRVC_CD": "21"},
        ],
        dme=[{"BENE_ID": "equipment", "LINE_PLACE_OF_SRVC_CD": "23"}],
        hha=[{"BENE_ID": "home"}],
        hospice=[{"BENE_ID": "hospice"}],
        snf=[{"BENE_ID": "nursing"}],
    )
    assert {name: {row.service_category for row in lines} for name, lines in rows.items()} == {
        "emergency room": {"emergency department"},
        "emergency service": {"emergency department"},
        "clinic": {"outpatient"},
        "doctor in emergency room": {"emergency department"},
        "office": {"office-based"},
        "telehealth": {"office-based"},
        "ward": {"other professional"},
        "equipment": {"durable medical equipment"},
        "home": {"home health"},
        "hospice": {"hospice"},
        "nursing": {"skilled nursing"},
    }


def test_a_denied_claim_says_so(spark: SparkSession) -> None:
    rows = built(
        spark,
        snf=[
            {"BENE_ID": "paid stay", "CLM_MDCR_NON_PMT_RSN_CD": ""},
            {"BENE_ID": "stay not covered", "CLM_MDCR_NON_PMT_RSN_CD": "N"},
            {"BENE_ID": "stay to be paid", "CLM_MDCR_NON_PMT_RSN_CD": "P"},
        ],
        carrier=[
            {"BENE_ID": "paid visit", "CARR_CLM_PMT_DNL_CD": "1"},
            {"BENE_ID": "denied visit", "CARR_CLM_PMT_DNL_CD": "0"},
            {"BENE_ID": "visit of a demonstration", "CARR_CLM_PMT_DNL_CD": "D"},
            {"BENE_ID": "visit that another pays", "CARR_CLM_PMT_DNL_CD": "12"},
            {"BENE_ID": "visit that the patient pays", "CARR_CLM_PMT_DNL_CD": "A"},
        ],
        dme=[{"BENE_ID": "equipment of which nothing is said"}],
    )
    denied = {name for name, lines in rows.items() if all(row.is_denied for row in lines)}
    assert denied == {"stay not covered", "denied visit", "visit of a demonstration", "visit that another pays"}
    assert len(rows) == 9


def test_lines_that_cannot_be_right_are_kept_apart_with_the_reason(spark: SparkSession) -> None:
    names = ("CLM_FROM_DT", "CLM_THRU_DT", "CLM_PMT_AMT", "CLM_ADMSN_DT", "NCH_BENE_DSCHRG_DT", "CLM_LINE_NUM")
    wrong: dict[str, dict[str, str]] = {
        "sound": {},
        "no such day": {"CLM_FROM_DT": "31-Feb-2021"},
        "no amount": {"CLM_PMT_AMT": "many"},
        "ends before it starts": {"CLM_THRU_DT": "02-Apr-2021"},
        "no date": {"CLM_FROM_DT": ""},
        "leaves before coming": {"CLM_ADMSN_DT": "03-Apr-2021", "NCH_BENE_DSCHRG_DT": "02-Apr-2021"},
    }
    lines = [
        {"BENE_ID": case} | {name: changes.get(name, HEADERS.get(name, "")) for name in names}
        for case, changes in wrong.items()
    ]
    rows = built(spark, snf=lines)
    assert {case: found[0].quarantine_reasons for case, found in rows.items()} == {
        "sound": [],
        "no such day": ["dates can be read", "says from when to when"],
        "no amount": ["amounts and numbers can be read"],
        "ends before it starts": ["starts no later than it ends"],
        "no date": ["says from when to when"],
        "leaves before coming": ["admitted no later than discharged"],
    }


def test_a_line_that_is_refused_is_not_the_first_of_its_claim(spark: SparkSession) -> None:
    lines = [{"BENE_ID": "b", "CLM_LINE_NUM": number, "REV_CNTR_DT": day, "REV_CNTR": "0510", "HCPCS_CD": ""}
             for number, day in (("1", "31-Feb-2021"), ("2", "03-Apr-2021"), ("3", "03-Apr-2021"))]  # fmt: skip
    rows = built(spark, outpatient=lines)["b"]
    assert [(len(row.quarantine_reasons), row.is_first_line) for row in rows] == [(1, False), (0, True), (0, False)]
