"""The file of prescription drug events."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.claims.contracts import DRUGS, PACKAGE
from lakehouse.synthetic.claims.layout import ZERO, day, dollars, fields
from lakehouse.synthetic.claims.parties import with_beneficiary
from lakehouse.synthetic.claims.versions import VERSION
from lakehouse.synthetic.frames import DRUG_CLAIM
from lakehouse.synthetic.sources import Sources

_VALUES = {
    **VERSION,
    "PDE_ID": "-id",
    "SRVC_DT": day("start_date"),
    "PD_DT": day("processed_date"),
    "SRVC_PRVDR_ID_QLFYR_CD": "'01'",
    "SRVC_PRVDR_ID": "pharmacy_npi",
    "PRSCRBR_ID_QLFYR_CD": "if(prescriber_npi is null, null, '01')",
    "PRSCRBR_ID": "prescriber_npi",
    "RX_SRVC_RFRNC_NUM": "-dispensing",
    "PROD_SRVC_ID": "ndc",
    "PLAN_CNTRCT_REC_ID": f"if(payer = 'medicare', {DRUGS}, null)",
    "PLAN_PBP_REC_NUM": f"if(payer = 'medicare', {PACKAGE}, null)",
    "CMPND_CD": "'1'",
    "DAW_PROD_SLCTN_CD": "'0'",
    "QTY_DSPNSD_NUM": "cast(quantity as decimal(12, 3))",
    "DAYS_SUPLY_NUM": "days_supply",
    "FILL_NUM": "fill",
    "DRUG_CVRG_STUS_CD": "'C'",
    "ADJSTMT_DLTN_CD": "case action when 'void' then 'D' when 'adjustment' then 'A' end",
    "GDC_BLW_OOPT_AMT": dollars("cost"),
    "GDC_ABV_OOPT_AMT": ZERO,
    "PTNT_PAY_AMT": dollars("patient_paid"),
    "OTHR_TROOP_AMT": ZERO,
    "LICS_AMT": ZERO,
    "PLRO_AMT": ZERO,
    "CVRD_D_PLAN_PD_AMT": dollars("plan_paid"),
    "NCVRD_PLAN_PD_AMT": ZERO,
    "TOT_RX_CST_AMT": dollars("cost"),
    "RPTD_GAP_DSCNT_NUM": ZERO,
    "PHRMCY_SRVC_TYPE_CD": "'01'",
}


def pde(sources: Sources) -> DataFrame:
    """A line of each version of a dispensing; a person keeps to one pharmacy."""
    prescribers = sources.practitioners.selectExpr("id as practitioner", "npi as prescriber_npi")
    rows = (
        with_beneficiary(sources.frames[DRUG_CLAIM], sources)
        .join(F.broadcast(prescribers), "practitioner", "left")
        .crossJoin(F.broadcast(_pharmacies(sources)))
        .withColumn("pharmacy_npi", F.expr("get(pharmacies, cast(pmod(person, size(pharmacies)) as int))"))
    )
    return rows.select(
        "payer",
        F.lit("pde").alias("file"),
        F.col("processed_date").alias("known_on"),
        F.col("superseded_date").alias("superseded_on"),
        "person",
        F.col("id").alias("claim"),
        F.lit(1).alias("line_number"),
        fields("pde", _VALUES).alias("fields"),
    )


def _pharmacies(sources: Sources) -> DataFrame:
    """One row: the NPIs of all pharmacies in order."""
    pharmacies = sources.facilities.filter("kind = 'pharmacy'")
    return pharmacies.agg(F.sort_array(F.collect_list("npi")).alias("pharmacies"))
