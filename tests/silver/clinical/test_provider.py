"""Who gives care and where: the hospital's practitioners and organisations, and those of claims, joined by NPI."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.location import Location as LocationResource
from lakehouse.bronze.ehr.organization import Organization
from lakehouse.bronze.ehr.practitioner import Practitioner
from lakehouse.bronze.ehr.practitioner_role import PractitionerRole
from lakehouse.contract import Table
from lakehouse.quality import REASONS, dropped, flag
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.care_site import CareSite
from lakehouse.silver.clinical.location import Location
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.clinical.provider import Provider
from lakehouse.silver.clinical.provider_role import ProviderRole
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.identity.care_site_link import CareSiteLink
from lakehouse.silver.identity.provider_link import ProviderLink
from tests.silver.clinical.fhir import Resource, concept
from tests.support import Rows, ehr_lines, rows_of

NPI, CCN = "http://hl7.org/fhir/sid/us-npi", "urn:oid:2.16.840.1.113883.4.336"
SPECIALTY, NUCC = "https://bluebutton.cms.gov/resources/variables/prvdr_spclty", "http://nucc.org/provider-taxonomy"
ANN, BOB, CLINIC, LAB = "9000000011", "9000000029", "9000000037", "9000000045"
GENERAL_PRACTICE, MEDICAL_ONCOLOGY, HOSPITAL = 38004446, 38004507, 38004515


def shared(kind: str, id_: str, /, *identifiers: tuple[str, str], **elements: Any) -> Resource:
    known = [{"system": system, "value": value} for system, value in identifiers]
    return {"resourceType": kind, "id": id_, "identifier": known, **elements}


def role(name: str, practitioner: Resource, organization: Resource, specialty: tuple[str, str]) -> Resource:
    return shared("PractitionerRole", name, practitioner=practitioner, organization=organization,
                  specialty=[concept(specialty)])  # fmt: skip


def visit(name: str, *individuals: tuple[str, str], organization: str | None = None) -> Resource:
    code = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
    return {
        "resourceType": "Encounter", "id": name, "subject": {"reference": "Patient/p1"}, "status": "finished",
        "class": {"code": "AMB"}, "period": {"start": "2024-01-01", "end": "2024-01-01"},
        "participant": [{"type": [concept((code, as_what))], "individual": {"reference": who}}
                        for as_what, who in individuals],
        "serviceProvider": {"reference": organization} if organization else None,
    }  # fmt: skip


MAIN_STREET = {
    "line": ["1 Main St", "Floor 2"],
    "city": "Boston",
    "state": "MA",
    "postalCode": "02118",
    "country": "US",
}
AT_HOME = {"line": ["9 Elm St"], "city": "Salem", "state": "MA", "postalCode": "01970", "country": "US"}

RESOURCES = [
    shared("Practitioner", "ann", (NPI, ANN), gender="female", birthDate="1970-05-01", name=[{"family": "A"}]),
    shared("Practitioner", "ann again", (NPI, ANN), ("http://local.example", "17")),
    shared("Practitioner", "eve"),
    shared("Organization", "clinic", (NPI, CLINIC), (CCN, "ZZ0001"), name="Clinic", address=[MAIN_STREET]),
    shared("Organization", "hospital", (CCN, "ZZ0002"), name="Hospital"),
    shared("Organization", "payer", name="Payer", type=[concept(("http://type", "pay"))]),
    shared("Location", "ward", address=MAIN_STREET, position={"latitude": 42.3, "longitude": -71.1},
           type=[concept(("http://role", "HOSP"))],
           managingOrganization={"identifier": {"system": CCN, "value": "ZZ0002"}}),
    shared("Location", "tent", name="Tent"),
    role("r1", {"identifier": {"system": NPI, "value": ANN}}, {"reference": "Organization/clinic"}, (SPECIALTY, "01")),
    role("r2", {"reference": "Practitioner/ann"}, {"reference": "Organization/clinic"}, (SPECIALTY, "01")),
    role("r3", {"reference": "Practitioner/ann"}, {"reference": "Organization/hospital"}, (NUCC, "207R00000X")),
    role("r4", {"reference": "Practitioner/gone"}, {"reference": "Organization/hospital"}, (NUCC, "207R00000X")),
    visit("primary", ("ATND", "Practitioner/eve"), ("PPRF", f"Practitioner?identifier={NPI}|{ANN}"),
          organization=f"Organization?identifier={NPI}|{CLINIC}"),
    visit("attended", ("ADM", "Practitioner/ann"), ("ATND", "Practitioner/eve"), organization="Organization/hospital"),
    visit("by somebody", ("ADM", "Practitioner/ann")),
    visit("by nobody known", ("PPRF", "Practitioner/gone"), organization="Organization/gone"),
    {"resourceType": "Procedure", "id": "done", "subject": {"reference": "Patient/p1"}, "status": "completed",
     "performedDateTime": "2024-01-01", "performer": [{"actor": {"reference": "Organization/clinic"}},
                                                      {"actor": {"reference": "Practitioner/eve"}}]},
    {"resourceType": "Patient", "id": "p1", "birthDate": "1950-01-01", "gender": "male", "address": [AT_HOME],
     "generalPractitioner": [{"reference": "Organization/clinic"}, {"reference": "Practitioner/ann"}]},
    {"resourceType": "Patient", "id": "p2", "birthDate": "1950-01-01", "address": [{"postalCode": "03601"}]},
]  # fmt: skip

CLAIMS = [
    {"rendering_npi": ANN, "rendering_specialty_code": "90", "facility_npi": LAB, "source_file": "carrier"},
    {"rendering_npi": BOB, "rendering_specialty_code": "90", "facility_npi": LAB, "source_file": "carrier"},
    {"rendering_npi": BOB, "rendering_specialty_code": "01", "facility_npi": CLINIC, "source_file": "carrier"},
    {"rendering_npi": BOB, "rendering_specialty_code": "01", "facility_npi": CLINIC, "source_file": "carrier"},
    {"attending_npi": "9000000052", "facility_npi": CLINIC, "source_file": "inpatient"},
    {"referring_npi": "9000000060", "provider_number": "ZZ0003", "source_file": "snf"},
]
PRESCRIBED = [{"prescribing_provider_npi": "9000000078"}]


@pytest.fixture(scope="module")
def given(spark: SparkSession, sample: Rows) -> Rows:
    return sample.given({
        EhrLine: ehr_lines(spark, *RESOURCES),
        MedicalClaim: rows_of(spark, MedicalClaim, *CLAIMS),
        PharmacyClaim: rows_of(spark, PharmacyClaim, *PRESCRIBED),
        Beneficiary: rows_of(spark, Beneficiary),
    })  # fmt: skip


@pytest.fixture(scope="module")
def providers(given: Rows) -> dict[str, Row]:
    return {row.provider_source_value: row for row in given[Provider].collect()}


@pytest.fixture(scope="module")
def care_sites(given: Rows) -> dict[str, Row]:
    return {row.care_site_source_value: row for row in given[CareSite].collect()}


def test_providers_are_those_of_both_sides_one_by_npi(providers: dict[str, Row]) -> None:
    assert set(providers) == {ANN, BOB, "eve", "9000000052", "9000000060", "9000000078"}
    ann, eve = providers[ANN], providers["eve"]
    assert (ann.npi, ann.year_of_birth, ann.gender_concept_id, ann.gender_source_value) == (ANN, 1970, 8532, "female")
    assert (eve.npi, eve.gender_concept_id, eve.specialty_concept_id, eve.care_site_id) == (None, 0, 0, None)


def test_specialty_and_care_site_are_of_roles_and_else_of_most_claims(
    providers: dict[str, Row], care_sites: dict[str, Row]
) -> None:
    ann, bob = providers[ANN], providers[BOB]
    clinic = care_sites[CLINIC].care_site_id
    assert (ann.specialty_source_value, ann.specialty_concept_id, ann.care_site_id) == ("01", GENERAL_PRACTICE, clinic)
    assert (bob.specialty_source_value, bob.specialty_concept_id, bob.care_site_id) == ("01", GENERAL_PRACTICE, clinic)
    assert providers["9000000052"].care_site_id == clinic
    assert providers["9000000060"].specialty_source_value is None


def test_care_sites(care_sites: dict[str, Row]) -> None:
    assert set(care_sites) == {CLINIC, LAB, "ZZ0002", "ZZ0003", "tent"}
    names = {number: (row.care_site_name, row.place_of_service_concept_id) for number, row in care_sites.items()}
    assert names == {
        CLINIC: ("Clinic", HOSPITAL),
        LAB: (None, 0),
        "ZZ0002": ("Hospital", HOSPITAL),
        "ZZ0003": (None, 8863),
        "tent": ("Tent", 0),
    }
    assert care_sites[CLINIC].location_id == care_sites["ZZ0002"].location_id is not None
    assert care_sites["tent"].location_id is None


def test_locations_are_whole_for_care_and_coarse_for_persons(given: Rows) -> None:
    found = {(r.address_1, r.address_2, r.city, r.state, r.zip, r.latitude) for r in given[Location].collect()}
    assert found == {
        ("1 Main St", "Floor 2", "Boston", "MA", "02118", 42.3),
        (None, None, None, "MA", "019", None),
        (None, None, None, None, "000", None),
    }
    areas = {r.zip: r.location_id for r in given[Location].collect()}
    living = {r.line_id: r for r in given[Person].collect()}
    names = {RESOURCES[line - 1]["id"]: row for line, row in living.items()}
    assert (names["p1"].location_id, names["p2"].location_id) == (areas["019"], areas["000"])


def test_events_name_their_provider_and_care_site(
    given: Rows, providers: dict[str, Row], care_sites: dict[str, Row]
) -> None:
    who = {row.provider_id: name for name, row in providers.items()} | {None: None}
    where = {row.care_site_id: name for name, row in care_sites.items()} | {None: None}
    visits = {RESOURCES[r.line_id - 1]["id"]: (who[r.provider_id], where[r.care_site_id])
              for r in given[VisitOccurrence].collect()}  # fmt: skip
    assert visits == {
        "primary": (ANN, CLINIC),
        "attended": ("eve", "ZZ0002"),
        "by somebody": (ANN, None),
        "by nobody known": (None, None),
    }
    (done,) = given[ProcedureOccurrence].collect()
    assert who[done.provider_id] == "eve"
    person = next(r for r in given[Person].collect() if r.provider_id)
    assert (who[person.provider_id], where[person.care_site_id]) == (ANN, CLINIC)


@pytest.mark.parametrize(
    ("table", "kinds"),
    [
        (ProviderLink, {"Practitioner"}),
        (CareSiteLink, {"Organization", "Location"}),
        (ProviderRole, {"PractitionerRole"}),
    ],
)
def test_every_record_is_accounted_for(given: Rows, table: type[Table], kinds: set[str]) -> None:
    found = {row.line_id for row in given[table].collect()}
    assert found == {n for n, resource in enumerate(RESOURCES, start=1) if resource["resourceType"] in kinds}


def test_a_role_of_nobody_goes_to_quarantine(given: Rows) -> None:
    refused = dropped(flag(ProviderRole, given[ProviderRole])).collect()
    assert [(RESOURCES[r.line_id - 1]["id"], r[REASONS]) for r in refused] == [("r4", ["its practitioner is known"])]


def test_in_the_sample_records_and_claims_meet_in_practitioners(sample: Rows) -> None:
    known = {npi for (npi,) in sample[ProviderLink].select("npi").distinct().collect()}
    on_claims = {npi for (npi,) in sample[MedicalClaim].select("rendering_npi").distinct().collect() if npi}
    found = sample[Provider].collect()
    assert known <= {row.npi for row in found}
    assert known & on_claims
    recorded = sample[VisitOccurrence].filter("line_id is not null")
    assert recorded.filter("provider_id is null or care_site_id is null").count() == 0
    ids = {row.provider_id for row in found}
    assert {i for (i,) in sample[VisitOccurrence].select("provider_id").distinct().collect() if i} <= ids
    sites = {row.care_site_id for row in sample[CareSite].collect()}
    assert {i for (i,) in sample[VisitOccurrence].select("care_site_id").distinct().collect() if i} <= sites
    assert sample[Organization].count() == sample[CareSiteLink].filter("resource_type = 'Organization'").select(
        "line_id"
    ).distinct().count()  # fmt: skip
    assert sample[LocationResource].count() == 99
    assert sample[Practitioner].count() == sample[PractitionerRole].count() == 98
