"""One patient whom hospital and payer both know: one visit for one event, and codes in the table of their domain."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.contract import Table
from lakehouse.gold.readmission.readmission_index_stay import ReadmissionIndexStay
from lakehouse.quality import REASONS, dropped, flag
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.coded_event import CodedEvent
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.cost import Cost
from lakehouse.silver.clinical.device_exposure import DeviceExposure
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.observation import Observation
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.vault.patient_link import PatientLink
from tests.bronze.claims.lines import claims_lines
from tests.silver.clinical.fhir import SNOMED, Resource, concept, resource
from tests.support import Rows, ehr_lines, rows_of

HOSPITAL, CLINIC, OTHER_CLINIC, LABORATORY = "9000000037", "9000000045", "9000000052", "9000000060"
ANN, BOB = "9000000011", "9000000029"
DULOXETINE = "00002323560"
TABLES: tuple[type[Table], ...] = (
    ConditionOccurrence, ProcedureOccurrence, Measurement, Observation, DrugExposure, DeviceExposure
)  # fmt: skip


def day(number: int) -> date:
    return date(2021, 3, number)


def organization(name: str, npi: str) -> Resource:
    identifier = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": npi}]
    return {"resourceType": "Organization", "id": name, "identifier": identifier, "name": name}


def encounter(name: str, code: str, first: str, last: str | None, where: str | None, **elements: Any) -> Resource:
    place = {"serviceProvider": {"reference": f"Organization/{where}"}} if where else {}
    return resource("Encounter", name, **{"status": "finished", "class": {"code": code}, **place, **elements,
                                          "period": {"start": first, "end": last}})  # fmt: skip


def recorded(kind: str, name: str, code: str, **elements: Any) -> Resource:
    when = {"onsetDateTime": "2021-03-10"} if kind == "Condition" else {"performedDateTime": "2021-03-11"}
    return resource(kind, name, **{"code": concept((SNOMED, code)), **when, **elements})


RESOURCES = [
    organization("hospital", HOSPITAL),
    organization("clinic", CLINIC),
    organization("other clinic", OTHER_CLINIC),
    {"resourceType": "Organization", "id": "unregistered", "name": "unregistered"},
    {"resourceType": "Patient", "id": "p1", "birthDate": "1950-01-01", "gender": "female"},
    encounter("in emergency", "EMER", "2021-03-10T01:00:00Z", "2021-03-10T05:00:00Z", "hospital"),
    encounter("stay", "IMP", "2021-03-10T06:00:00Z", "2021-03-14T10:00:00Z", "hospital"),
    encounter("morning", "AMB", "2021-03-20T08:00:00Z", "2021-03-20T08:20:00Z", "clinic"),
    encounter("afternoon", "AMB", "2021-03-20T15:00:00Z", "2021-03-20T15:20:00Z", "other clinic"),
    encounter("paid by himself", "AMB", "2021-03-22T08:00:00Z", "2021-03-22T08:20:00Z", "clinic"),
    encounter("anywhere", "VR", "2021-03-24", "2021-03-24", "unregistered"),
    encounter("elsewhere", "AMB", "2021-03-26", "2021-03-26", "clinic"),
    encounter("cancelled", "AMB", "2021-03-28", "2021-03-28", "clinic", status="cancelled"),
    encounter("nursing", "NONAC", "2021-03-14", None, None, status="in-progress"),
    recorded("Condition", "stroke", "230690007", encounter={"reference": "Encounter/stay"}),
    recorded("Condition", "employed", "160903007", verificationStatus=concept(("status", "confirmed"))),
    recorded("Condition", "not employed", "73438004", verificationStatus=concept(("status", "refuted"))),
    recorded("Procedure", "anxiety assessed", "710841007", status="completed"),
    recorded("Procedure", "cultured", "117010004", status="completed"),
    recorded("Procedure", "unknown code", "1", status="completed"),
]


def line(
    claim: int, number: int, file: str, category: str, first: int, last: int | None = None, **fields: Any
) -> dict[str, Any]:
    is_professional = file in ("carrier", "dme")
    return {
        "claim_id": claim, "line_id": 100 * claim + number, "claim_line_number": number, "is_first_line": number == 1,
        "source_file": file, "claim_type": "professional" if is_professional else "institutional",
        "service_category": category, "claim_start_date": day(first), "claim_end_date": day(last or first),
        "unparsed": [], "diagnosis_code_type": "icd-10-cm", "diagnosis_codes": ["I10"], **fields,
    }  # fmt: skip


STAY = {
    "facility_npi": HOSPITAL, "admission_date": day(10), "discharge_date": day(14), "discharge_disposition_code": "03",
    "attending_npi": ANN, "operating_npi": BOB, "diagnosis_codes": ["I639", "I10"], "admitting_diagnosis_code": "R4701",
    "procedures": [("03CG3ZZ", day(11)), ("03CG3ZZ", day(11)), ("4A023N7", None)],
}  # fmt: skip
CLAIMS = [
    *(line(1, number, "inpatient", "inpatient", 10, 14, **STAY) for number in (1, 2, 3)),
    line(2, 1, "carrier", "other professional", 11, hcpcs_code="99223", place_of_service_code="21", rendering_npi=ANN),
    line(3, 1, "carrier", "office-based", 20, facility_npi=CLINIC, place_of_service_code="11", rendering_npi=ANN,
         hcpcs_code="99213", line_diagnosis_code="I10"),
    line(3, 2, "carrier", "office-based", 20, facility_npi=CLINIC, place_of_service_code="11", rendering_npi=ANN,
         hcpcs_code="G2196", line_diagnosis_code="I10"),
    line(3, 3, "carrier", "office-based", 20, facility_npi=CLINIC, place_of_service_code="11", rendering_npi=ANN,
         hcpcs_code="U0003", line_diagnosis_code="Z20822"),
    line(4, 1, "carrier", "other professional", 20, facility_npi=LABORATORY, place_of_service_code="81"),
    line(5, 1, "carrier", "office-based", 20, facility_npi=OTHER_CLINIC, place_of_service_code="11"),
    line(6, 1, "carrier", "other professional", 24, facility_npi=LABORATORY, place_of_service_code="81"),
    line(7, 1, "carrier", "office-based", 24, facility_npi=CLINIC, place_of_service_code="02", rendering_npi=BOB),
    line(8, 1, "carrier", "office-based", 26, facility_npi=OTHER_CLINIC, place_of_service_code="11"),
    line(9, 1, "carrier", "office-based", 28, facility_npi=CLINIC, place_of_service_code="11"),
    line(10, 1, "snf", "skilled nursing", 14, 25, facility_npi="9000000078", admission_date=day(14),
         discharge_date=day(25), discharge_disposition_code="01"),
    line(11, 1, "dme", "durable medical equipment", 27, hcpcs_code="E0601", referring_npi=ANN),
    line(11, 2, "dme", "durable medical equipment", 27, hcpcs_code="J3489", referring_npi=ANN),
    line(11, 3, "dme", "durable medical equipment", 27, hcpcs_code="K0001", ndc_code=DULOXETINE),
]  # fmt: skip
FILLS = [
    {"claim_id": 20, "line_id": 2001, "dispensing_date": day(15), "ndc_code": DULOXETINE, "quantity": Decimal(60),
     "days_supply": 30, "refills": 2, "prescribing_provider_npi": ANN, "unparsed": []},
    {"claim_id": 21, "line_id": 2101, "dispensing_date": day(16), "ndc_code": "99999999999", "unparsed": []},
]  # fmt: skip
PAID = dict.fromkeys(("claim_paid_amount", "line_paid_amount", "paid_amount"), Decimal(10))


@pytest.fixture(scope="module")
def given(spark: SparkSession, sample: Rows) -> Rows:
    lines = ehr_lines(spark, *RESOURCES)
    (link,) = sample.given({EhrLine: lines})[PatientLink].collect()
    whose = {"person_id": link.person_id, **PAID}
    return sample.given({
        EhrLine: lines,
        ClaimsLine: claims_lines(spark, "pde", []),
        MedicalClaim: rows_of(spark, MedicalClaim, *(claim | whose for claim in CLAIMS)),
        PharmacyClaim: rows_of(spark, PharmacyClaim, *(fill | whose for fill in FILLS)),
    })  # fmt: skip


@pytest.fixture(scope="module")
def visits(given: Rows) -> dict[str, Row]:
    """Visits by the name of the hospital's encounter, else by their first day and kind."""
    return {name_of(row): row for row in given[VisitOccurrence].collect()}


def name_of(visit: Row) -> str:
    if visit.line_id:
        return str(RESOURCES[visit.line_id - 1]["id"])
    return f"{visit.visit_source_value} {visit.visit_start_date.day}"


@pytest.fixture(scope="module")
def events(given: Rows) -> list[dict[str, Any]]:
    """Rows of the tables of events, with what they have in common under one name, and their table."""
    found = []
    for table in TABLES:
        what = table.table_name().partition("_")[0]
        for row in given[table].collect():
            values = row.asDict()
            shared = {name.removeprefix(f"{what}_"): value for name, value in values.items()}
            found.append({**values, **shared, "table": table, "id": values[table.key[0]]})
    return found


def test_the_same_event_is_one_visit(visits: dict[str, Row]) -> None:
    assert {name: row.known_by for name, row in visits.items()} == {
        **dict.fromkeys(("stay", "morning", "afternoon", "anywhere", "nursing"), "both"),
        **dict.fromkeys(("in emergency", "paid by himself", "elsewhere", "cancelled"), "ehr"),
        **dict.fromkeys(("other professional 20", "other professional 24", "office-based 26"), "claims"),
        **dict.fromkeys(("office-based 28", "durable medical equipment 27"), "claims"),
    }


def test_the_hospital_s_word_holds_and_claims_fill_the_rest(visits: dict[str, Row]) -> None:
    stay, nursing = visits["stay"], visits["nursing"]
    assert (stay.visit_concept_id, stay.visit_type_concept_id, stay.visit_source_value) == (9201, 32827, "IMP")
    assert (stay.discharged_to_source_value, stay.discharged_to_concept_id) == ("03", 8863)
    assert stay.provider_id is not None
    assert stay.visit_end_datetime is not None
    assert (nursing.visit_end_date, nursing.discharged_to_source_value) == (day(25), "01")
    assert (nursing.visit_concept_id, nursing.visit_source_value) == (42898160, "NONAC")
    assert visits["afternoon"].care_site_id != visits["morning"].care_site_id


def test_visits_that_only_claims_tell_of(visits: dict[str, Row]) -> None:
    office, delivery = visits["office-based 28"], visits["durable medical equipment 27"]
    assert (office.visit_concept_id, office.visit_type_concept_id) == (581477, 32873)
    assert (office.visit_start_date, office.visit_end_date, office.line_id) == (day(28), day(28), None)
    assert delivery.visit_concept_id == 0
    assert visits["office-based 26"].care_site_id == visits["afternoon"].care_site_id


def test_every_encounter_of_claims_is_a_visit_that_stays(given: Rows, visits: dict[str, Row]) -> None:
    claimed = [row.claim_encounter_id for row in visits.values() if row.claim_encounter_id]
    assert len(claimed) == len(set(claimed)) == 10
    refused = dropped(flag(VisitOccurrence, given[VisitOccurrence])).collect()
    assert [(name_of(row), row[REASONS]) for row in refused] == [("cancelled", ["took place"])]


def test_a_stay_that_both_know_is_one_index_stay(given: Rows) -> None:
    (stay,) = given[ReadmissionIndexStay].collect()
    assert (stay.admission_date, stay.discharge_date) == (day(10), day(14))


def test_diagnoses_of_a_claim_are_told_once(events: list[dict[str, Any]], visits: dict[str, Row]) -> None:
    of_stay = [e for e in events if e["table"] is ConditionOccurrence and e["line_id"] == 101]
    found = {(e["source_value"], e["concept_id"], e["type_concept_id"], e["status_concept_id"]) for e in of_stay}
    assert found == {("I639", 443454, 32855, 32903), ("I10", 320128, 32855, 0), ("R4701", 0, 32855, 32901)}
    assert len(of_stay) == 3
    assert {e["visit_occurrence_id"] for e in of_stay} == {visits["stay"].visit_occurrence_id}
    of_office = [e for e in events if e["table"] is ConditionOccurrence and e["line_id"] == 301]
    assert sorted((e["source_value"], e["status_concept_id"]) for e in of_office) == [("I10", 32902), ("Z20822", 0)]


def test_a_condition_that_both_tell_is_in_the_one_visit(events: list[dict[str, Any]], visits: dict[str, Row]) -> None:
    strokes = [e for e in events if e["table"] is ConditionOccurrence and e["source_value"] in ("230690007", "I639")]
    assert {e["type_concept_id"] for e in strokes} == {32817, 32855}
    assert {e["visit_occurrence_id"] for e in strokes} == {visits["stay"].visit_occurrence_id}


def test_procedures_of_claims(events: list[dict[str, Any]], visits: dict[str, Row]) -> None:
    done = {
        (e["source_value"], e["procedure_date"], e["type_concept_id"], e["visit_occurrence_id"])
        for e in events
        if e["table"] is ProcedureOccurrence and e["line_id"] > 100
    }
    stay, morning = (visits[name].visit_occurrence_id for name in ("stay", "morning"))
    assert done == {
        ("03CG3ZZ", day(11), 32855, stay),
        ("4A023N7", day(10), 32855, stay),
        ("99223", day(11), 32872, stay),
        ("99213", day(20), 32872, morning),
    }


def test_the_domain_decides_the_table(events: list[dict[str, Any]]) -> None:
    tables = {
        "160903007": Observation,  # a Condition
        "710841007": ProcedureOccurrence,
        "117010004": Measurement,
        "1": ProcedureOccurrence,  # unknown: stays with its kind
        "G2196": Observation,  # a line
        "U0003": Measurement,
        "E0601": DeviceExposure,
        "J3489": DrugExposure,  # by the code's own domain
        DULOXETINE: DrugExposure,
    }
    found = {(e["source_value"], e["table"]) for e in events if e["source_value"] in tables}
    assert found == set(tables.items())


def test_what_was_refuted_is_refused_by_the_table_of_its_domain(given: Rows) -> None:
    refused = {
        (table, RESOURCES[row.line_id - 1]["id"])
        for table in TABLES
        for row in dropped(flag(table, given[table])).collect()
    }
    assert refused == {(Observation, "not employed")}


def test_every_coded_event_is_in_one_table(given: Rows, events: list[dict[str, Any]]) -> None:
    ids = [e["id"] for e in events]
    assert len(ids) == len(set(ids))
    assert sorted(ids) == sorted(row.coded_event_id for row in given[CodedEvent].collect())


def test_dispensed_drugs(events: list[dict[str, Any]]) -> None:
    fills = {e["line_id"]: e for e in events if e["type_concept_id"] == 32869}
    assert set(fills) == {2001, 2101}
    known, unknown = fills[2001], fills[2101]
    assert (known["concept_id"], known["table"], unknown["concept_id"], unknown["table"]) == (
        715294, DrugExposure, 0, DrugExposure
    )  # fmt: skip
    assert (known["quantity"], known["days_supply"], known["refills"]) == (60.0, 30, 2)
    assert (known["drug_exposure_start_date"], known["drug_exposure_end_date"]) == (day(15), date(2021, 4, 13))
    assert known["provider_id"] is not None


def test_costs_are_those_of_rows_that_exist(given: Rows, events: list[dict[str, Any]], visits: dict[str, Row]) -> None:
    costs = {row.line_id: row for row in given[Cost].collect()}
    ids = {(e["table"].table_name().partition("_")[0].capitalize(), e["id"]) for e in events}
    ids |= {("Visit", row.visit_occurrence_id) for row in visits.values()}
    assert {(row.cost_domain_id, row.cost_event_id) for row in costs.values()} <= ids
    domains = {line: row.cost_domain_id for line, row in costs.items()}
    assert domains == {
        101: "Visit", 201: "Procedure", 301: "Procedure", 302: "Observation", 303: "Measurement", 401: "Visit",
        501: "Visit", 601: "Visit", 701: "Visit", 801: "Visit", 901: "Visit", 1001: "Visit", 1101: "Device",
        1102: "Drug", 1103: "Drug", 2001: "Drug", 2101: "Drug",
    }  # fmt: skip
    assert costs[101].cost_event_id == visits["stay"].visit_occurrence_id


def test_a_fill_that_was_taken_back_is_no_exposure(spark: SparkSession, sample: Rows) -> None:
    def fill(number: str, deleted: str = "") -> tuple[str, dict[str, str]]:
        return "2026-01-01", {
            "BENE_ID": "b1", "PDE_ID": number, "CLM_GRP_ID": number, "ADJSTMT_DLTN_CD": deleted,
            "SRVC_DT": "15-Mar-2021", "PROD_SRVC_ID": DULOXETINE, "QTY_DSPNSD_NUM": "30", "DAYS_SUPLY_NUM": "30",
        }  # fmt: skip

    lines = claims_lines(spark, "pde", [fill("1"), fill("2"), fill("2", "D")])
    nothing = rows_of(spark, MedicalClaim)
    made = sample.given({EhrLine: ehr_lines(spark, RESOURCES[0]), ClaimsLine: lines, MedicalClaim: nothing})
    (kept,) = made[DrugExposure].collect()
    assert (kept.line_id, kept.drug_concept_id, kept.drug_exposure_start_date) == (1, 715294, day(15))
