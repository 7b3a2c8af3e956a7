"""Medical claims of all settings in one shape."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.claims.carrier import Carrier
from lakehouse.bronze.claims.dme import Dme
from lakehouse.bronze.claims.hha import Hha
from lakehouse.bronze.claims.hospice import Hospice
from lakehouse.bronze.claims.inpatient import Inpatient
from lakehouse.bronze.claims.outpatient import Outpatient
from lakehouse.bronze.claims.rif import AMOUNT, QUANTITY
from lakehouse.bronze.claims.snf import Snf
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.claims.amounts import total
from lakehouse.vault.beneficiary_link import BeneficiaryLink

_DATES_READ = "not exists(unparsed, field -> contains(field, '_DT'))"
_NUMBERS_READ = "forall(unparsed, field -> contains(field, '_DT'))"
_DATED = "claim_start_date is not null and claim_end_date is not null"
_ENDS_AFTER_IT_STARTS = "claim_start_date <= claim_end_date"
_LEAVES_AFTER_ADMISSION = "admission_date <= discharge_date"
_SOUND = " and ".join(
    f"coalesce({promise}, true)"
    for promise in (_DATES_READ, _NUMBERS_READ, _DATED, _ENDS_AFTER_IT_STARTS, _LEAVES_AFTER_ADMISSION)
)
_HCPCS = (
    "hcpcs_code rlike '^([0-9]{4}[0-9FTUM]|[A-CEGHJ-MP-V][0-9]{4})$' "
    "or coalesce(revenue_center_code in ('0022', '0023', '0024'), false)"
)
"""CPT's five signs or a letter and four digits; on lines of prospective payment stands another code (HIPPS, CMG)."""


class MedicalClaim(Table):
    """Lines of the claims that hold, without identifiers of the beneficiary; fields named as in the Tuva data model.

    The fields of the header stand on each line: sum the `claim_*_amount` columns over one line of each claim, such
    as those with `is_first_line`. Medicare states no allowed amount for institutions: there it is what was paid by
    Medicare and by the payer before it, plus what the beneficiary owes (deductibles and coinsurance).

    A claim has one service category, as in Tuva's grouper of 2024, and in this order: of an institution by its file
    (which is its type of bill), except that a claim for outpatients with a revenue centre or a service of the
    emergency department is `emergency department`; of a practitioner `emergency department` where a line was given
    there, `office-based` where one was given in an office or by telehealth, else `other professional`.

    A claim of an institution is denied where it has a reason of non-payment, but for payment requested (P) and the
    request of an advance (Z); any other where its code of payment and denial is none of those that name who is paid or
    liable (ResDAC, CLM_MDCR_NON_PMT_RSN_CD and CARR_CLM_PMT_DNL_CD).
    """

    layer = "silver"
    grain = "one row per line of a claim"
    key = ("line_id",)
    scope = "person_id"
    accounts_for = (Inpatient, Outpatient, Snf, Hha, Hospice, Carrier, Dme)

    person_id = Column("bigint", "whose claim it is", required=True)
    claim_id = Column("bigint", "the claim, through all of its versions", required=True)
    claim_line_number = Column("int", "number of the line in the claim")
    is_first_line = Column("boolean", "whether it is the first of the claim's lines that are here", required=True)
    claim_type = Column("string", "institutional or professional", required=True)
    source_file = Column("string", "RIF file that the claim came in", required=True)
    service_category = Column("string", "kind of service that the whole claim is for", required=True)
    is_denied = Column("boolean", "whether the payer refuses it, or another payer comes first", required=True)
    claim_start_date = Column("date", "first day that the claim covers")
    claim_end_date = Column("date", "last day that the claim covers")
    claim_line_start_date = Column("date", "first day of the service on the line")
    claim_line_end_date = Column("date", "last day of the service on the line")
    paid_date = Column("date", "end of the week in which the claim was processed")
    admission_date = Column("date", "day of admission")
    discharge_date = Column("date", "day of discharge")
    admit_type_code = Column("string", "type of admission (UB-04)")
    admit_source_code = Column("string", "where the patient came from (UB-04)")
    discharge_disposition_code = Column("string", "where the patient went, two digits (UB-04)")
    bill_type_code = Column("string", "type of bill without its leading zero: facility, classification, frequency")
    drg_code = Column("string", "MS-DRG, three digits")
    place_of_service_code = Column("string", "CMS place of service")
    revenue_center_code = Column("string", "revenue centre; 0001 is the total of the claim's others")
    hcpcs_code = Column("string", "service, by HCPCS")
    hcpcs_modifiers = Column("array<string>", "modifiers of the service")
    ndc_code = Column("string", "drug on the line, by NDC")
    service_unit_quantity = Column(QUANTITY, "units of the service")
    rendering_npi = Column("string", "NPI of who gave the service")
    rendering_specialty_code = Column("string", "CMS specialty of who gave the service")
    attending_npi = Column("string", "NPI of the attending physician of the stay or visit")
    operating_npi = Column("string", "NPI of the operating physician")
    referring_npi = Column("string", "NPI of the referring physician")
    facility_npi = Column("string", "NPI of the institution, practice or supplier")
    provider_number = Column("string", "CMS certification number, or the supplier's number")
    diagnosis_code_type = Column("string", "icd-10-cm or icd-9-cm")
    diagnosis_codes = Column("array<string>", "diagnoses without dots, the principal one first, each once")
    admitting_diagnosis_code = Column("string", "diagnosis at admission, without dot")
    line_diagnosis_code = Column("string", "diagnosis that the line is for, without dot")
    procedures = Column(
        "array<struct<procedure_code: string, procedure_date: date>>", "inpatient procedures by ICD-10-PCS, and when"
    )
    line_charge_amount = Column(AMOUNT, "charge of the line", "USD")
    line_allowed_amount = Column(AMOUNT, "charge of the line that Medicare allows", "USD")
    line_paid_amount = Column(AMOUNT, "what Medicare paid for the line", "USD")
    line_primary_payer_amount = Column(AMOUNT, "what a payer before Medicare paid for the line", "USD")
    line_deductible_amount = Column(AMOUNT, "deductible applied to the line", "USD")
    line_coinsurance_amount = Column(AMOUNT, "coinsurance owed for the line", "USD")
    claim_charge_amount = Column(AMOUNT, "charges of the whole claim", "USD")
    claim_allowed_amount = Column(AMOUNT, "allowed amount of the whole claim", "USD")
    claim_paid_amount = Column(AMOUNT, "what Medicare paid for the whole claim", "USD")
    claim_primary_payer_amount = Column(AMOUNT, "what a payer before Medicare paid for the whole claim", "USD")
    claim_deductible_amount = Column(AMOUNT, "deductibles owed by the beneficiary for the whole claim", "USD")
    claim_coinsurance_amount = Column(AMOUNT, "coinsurance owed by the beneficiary for the whole claim", "USD")
    unparsed = Column("array<string>", "fields of the landed line whose text could not be read", required=True)
    line_id = Column("bigint", "the landed line", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("dates can be read", _DATES_READ),
        expect_or_drop("amounts and numbers can be read", _NUMBERS_READ),
        expect_or_drop("names its claim", "claim_id is not null"),
        expect_or_drop("says from when to when", _DATED),
        expect_or_drop("starts no later than it ends", _ENDS_AFTER_IT_STARTS),
        expect_or_drop("admitted no later than discharged", _LEAVES_AFTER_ADMISSION),
        expect("numbers its lines", "claim_line_number is not null"),
        expect("has a diagnosis", "size(diagnosis_codes) > 0"),
        expect("amounts are not negative", "claim_charge_amount >= 0 and claim_paid_amount >= 0"),
        expect("its charge is not negative", "line_charge_amount >= 0"),
        expect("fewer than 999 units were given", "service_unit_quantity < 999"),
        expect("covers no day after it was processed", "claim_end_date <= paid_date"),
        expect("a practitioner says what he did", "claim_type != 'professional' or hcpcs_code is not null"),
        expect("services are coded as HCPCS codes are", _HCPCS),
        expect("an NDC has 11 digits", r"ndc_code rlike '^[0-9]{11}$'"),
        expect(
            "diagnoses are of ICD-10-CM since October 2015",
            "claim_end_date < date '2015-10-01' or forall(diagnosis_codes, code -> code rlike '^[A-Z]')",
        ),
        expect(
            "names its practitioner",
            "source_file = 'dme' or coalesce(attending_npi, rendering_npi, referring_npi) is not null",
        ),
        expect("Medicare pays no more than it allows", "claim_paid_amount <= claim_allowed_amount"),
    )

    @staticmethod
    def build(
        inpatient: Inpatient,
        outpatient: Outpatient,
        snf: Snf,
        hha: Hha,
        hospice: Hospice,
        carrier: Carrier,
        dme: Dme,
        links: BeneficiaryLink,
    ) -> DataFrame:
        """Bring the seven files into one shape, link persons, and give each claim its category."""
        lines = [
            _shaped(Inpatient.current(inpatient), "inpatient", "institutional", _STAY),
            _shaped(Snf.current(snf), "snf", "institutional", _STAY),
            _shaped(Outpatient.current(outpatient), "outpatient", "institutional", _OUTPATIENT),
            _shaped(Hha.current(hha), "hha", "institutional", _HHA),
            _shaped(Hospice.current(hospice), "hospice", "institutional", _HOSPICE),
            _shaped(Carrier.current(carrier), "carrier", "professional", _CARRIER),
            _shaped(Dme.current(dme), "dme", "professional", _DME),
        ]
        linked = reduce(DataFrame.unionByName, lines).join(links.select("bene_id", "person_id"), "bene_id")
        claim = Window.partitionBy("person_id", "claim_id")
        # A line that goes to quarantine is not the first of those that stay.
        first = claim.orderBy(F.expr(_SOUND).desc(), F.col("claim_line_number").asc_nulls_last(), "line_id")
        return (
            linked.withColumn("claim_id", row_id("claim", "source_file", "bene_id", "clm_grp_id"))
            .withColumn("is_first_line", F.row_number().over(first) == 1)
            .withColumn("emergency", F.max(F.expr(_EMERGENCY)).over(claim))
            .withColumn("office", F.max(F.expr(_OFFICE)).over(claim))
            .withColumn("service_category", F.expr(_SERVICE_CATEGORY))
            .select(*MedicalClaim.declared)
        )


_EMERGENCY = """coalesce(revenue_center_code in ('0450', '0451', '0452', '0459', '0981'), false)
    or coalesce(place_of_service_code = '23', false)
    or coalesce(hcpcs_code in ('99281', '99282', '99283', '99284', '99285',
                               'G0380', 'G0381', 'G0382', 'G0383', 'G0384'), false)"""
_OFFICE = "coalesce(place_of_service_code in ('02', '10', '11'), false)"
_SERVICE_CATEGORY = """case
    when source_file = 'inpatient' then 'inpatient'
    when source_file = 'snf' then 'skilled nursing'
    when source_file = 'hha' then 'home health'
    when source_file = 'hospice' then 'hospice'
    when source_file = 'dme' then 'durable medical equipment'
    when emergency then 'emergency department'
    when source_file = 'outpatient' then 'outpatient'
    when office then 'office-based'
    else 'other professional' end"""

_CLAIM = {
    "claim_start_date": "clm_from_dt",
    "claim_end_date": "clm_thru_dt",
    "paid_date": "nch_wkly_proc_dt",
    "hcpcs_code": "hcpcs_cd",
    "hcpcs_modifiers": "array_compact(array(hcpcs_1st_mdfr_cd, hcpcs_2nd_mdfr_cd))",
    "diagnosis_code_type": "case prncpal_dgns_vrsn_cd when '0' then 'icd-10-cm' when '9' then 'icd-9-cm' end",
    "diagnosis_codes": "array_distinct(transform(array_compact(concat(array(prncpal_dgns_cd), icd_dgns_cd)), "
    "code -> upper(replace(code, '.'))))",
    "claim_paid_amount": "clm_pmt_amt",
    "unparsed": "unparsed",
    "line_id": "line_id",
    "delivery": "delivery",
}

_INSTITUTIONAL = {
    **_CLAIM,
    "claim_line_number": "clm_line_num",
    "discharge_disposition_code": "lpad(ptnt_dschrg_stus_cd, 2, '0')",
    "bill_type_code": "clm_fac_type_cd || clm_srvc_clsfctn_type_cd || clm_freq_cd",
    "revenue_center_code": "lpad(rev_cntr, 4, '0')",
    "service_unit_quantity": "rev_cntr_unit_cnt",
    "rendering_npi": "rndrng_physn_npi",
    "attending_npi": "at_physn_npi",
    "facility_npi": "org_npi_num",
    "provider_number": "prvdr_num",
    "is_denied": "coalesce(clm_mdcr_non_pmt_rsn_cd not in ('P', 'Z'), false)",
    "line_charge_amount": "rev_cntr_tot_chrg_amt",
    "claim_charge_amount": "clm_tot_chrg_amt",
    "claim_primary_payer_amount": "nch_prmry_pyr_clm_pd_amt",
    "claim_allowed_amount": total("clm_pmt_amt", "nch_prmry_pyr_clm_pd_amt"),
}

_PROCEDURES = (
    "transform(filter(arrays_zip(icd_prcdr_cd, prcdr_dt), done -> done.icd_prcdr_cd is not null), done -> "
    "struct(upper(replace(done.icd_prcdr_cd, '.')) as procedure_code, done.prcdr_dt as procedure_date))"
)

_STAY_DEDUCTIBLES = ("nch_bene_ip_ddctbl_amt", "nch_bene_blood_ddctbl_lblty_am")

_STAY = {
    **_INSTITUTIONAL,
    "admission_date": "clm_admsn_dt",
    "discharge_date": "nch_bene_dschrg_dt",
    "admit_type_code": "clm_ip_admsn_type_cd",
    "admit_source_code": "clm_src_ip_admsn_cd",
    "drg_code": "lpad(clm_drg_cd, 3, '0')",
    "operating_npi": "op_physn_npi",
    "admitting_diagnosis_code": "upper(replace(admtg_dgns_cd, '.'))",
    "procedures": _PROCEDURES,
    "claim_deductible_amount": total(*_STAY_DEDUCTIBLES),
    "claim_coinsurance_amount": "nch_bene_pta_coinsrnc_lblty_am",
    "claim_allowed_amount": total(
        "clm_pmt_amt", "nch_prmry_pyr_clm_pd_amt", *_STAY_DEDUCTIBLES, "nch_bene_pta_coinsrnc_lblty_am"
    ),
}

_LINE_OF_VISIT = {
    "claim_line_start_date": "rev_cntr_dt",
    "claim_line_end_date": "rev_cntr_dt",
    "line_paid_amount": "rev_cntr_pmt_amt_amt",
}

_VISIT_DEDUCTIBLES = ("nch_bene_ptb_ddctbl_amt", "nch_bene_blood_ddctbl_lblty_am")

_OUTPATIENT = {
    **_INSTITUTIONAL,
    **_LINE_OF_VISIT,
    "operating_npi": "op_physn_npi",
    "procedures": _PROCEDURES,
    "line_deductible_amount": "rev_cntr_cash_ddctbl_amt",
    "line_coinsurance_amount": "rev_cntr_coinsrnc_wge_adjstd_c",
    "claim_deductible_amount": total(*_VISIT_DEDUCTIBLES),
    "claim_coinsurance_amount": "nch_bene_ptb_coinsrnc_amt",
    "claim_allowed_amount": total(
        "clm_pmt_amt", "nch_prmry_pyr_clm_pd_amt", *_VISIT_DEDUCTIBLES, "nch_bene_ptb_coinsrnc_amt"
    ),
}

_HHA = {**_INSTITUTIONAL, **_LINE_OF_VISIT, "admission_date": "clm_admsn_dt"}

_HOSPICE = {
    **_INSTITUTIONAL,
    **_LINE_OF_VISIT,
    "admission_date": "clm_hospc_start_dt_id",
    "discharge_date": "nch_bene_dschrg_dt",
}

_PROFESSIONAL = {
    **_CLAIM,
    "claim_line_number": "line_num",
    "claim_line_start_date": "line_1st_expns_dt",
    "claim_line_end_date": "line_last_expns_dt",
    "place_of_service_code": "lpad(line_place_of_srvc_cd, 2, '0')",
    "ndc_code": "line_ndc_cd",
    "service_unit_quantity": "line_srvc_cnt",
    "referring_npi": "rfr_physn_npi",
    "is_denied": "coalesce(carr_clm_pmt_dnl_cd not rlike '^[1-9AB]$', false)",
    "line_diagnosis_code": "upper(replace(line_icd_dgns_cd, '.'))",
    "line_charge_amount": "line_sbmtd_chrg_amt",
    "line_allowed_amount": "line_alowd_chrg_amt",
    "line_paid_amount": "line_nch_pmt_amt",
    "line_primary_payer_amount": "line_bene_prmry_pyr_pd_amt",
    "line_deductible_amount": "line_bene_ptb_ddctbl_amt",
    "line_coinsurance_amount": "line_coinsrnc_amt",
    "claim_charge_amount": "nch_carr_clm_sbmtd_chrg_amt",
    "claim_allowed_amount": "nch_carr_clm_alowd_amt",
    "claim_primary_payer_amount": "carr_clm_prmry_pyr_pd_amt",
    "claim_deductible_amount": "carr_clm_cash_ddctbl_apld_amt",
}

_CARRIER = {
    **_PROFESSIONAL,
    "rendering_npi": "prf_physn_npi",
    "rendering_specialty_code": "prvdr_spclty",
    "facility_npi": "org_npi_num",
}

_DME = {
    **_PROFESSIONAL,
    "hcpcs_modifiers": "array_compact(array(hcpcs_1st_mdfr_cd, hcpcs_2nd_mdfr_cd, "
    "hcpcs_3rd_mdfr_cd, hcpcs_4th_mdfr_cd))",
    "facility_npi": "prvdr_npi",
    "provider_number": "prvdr_num",
}

_GIVEN_LATER = ("person_id", "claim_id", "is_first_line", "service_category")


def _shaped(rows: DataFrame, source_file: str, claim_type: str, values: dict[str, str]) -> DataFrame:
    """The rows in the shape of the table, still with the source's ids; what the file does not have is null."""
    values = {**values, "source_file": f"'{source_file}'", "claim_type": f"'{claim_type}'"}
    columns = {name: column for name, column in MedicalClaim.declared.items() if name not in _GIVEN_LATER}
    return rows.selectExpr(
        "bene_id",
        "clm_grp_id",
        *(f"cast({values.get(name, 'null')} as {column.type}) as {name}" for name, column in columns.items()),
    )
