"""The few code sets whose OMOP concepts are fixed by convention: sex, race, ethnicity, setting, kind of record."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

NO_CONCEPT = 0

EHR = 32817
LAB = 32856
EHR_ENCOUNTER_RECORD = 32827
CLAIM_ENROLMENT_RECORD = 32813
SOCIAL_SECURITY_DEATH_MASTER_FILE = 32885
STANDARD_ALGORITHM = 32880

INPATIENT_CLAIM_HEADER, FACILITY_CLAIM_HEADER, PROFESSIONAL_CLAIM_HEADER = 32855, 32846, 32873
INPATIENT_CLAIM_DETAIL, FACILITY_CLAIM_DETAIL, PROFESSIONAL_CLAIM_DETAIL = 32854, 32845, 32872
PHARMACY_CLAIM = 32869
DIAGNOSIS_OF_CLAIM = (INPATIENT_CLAIM_HEADER, FACILITY_CLAIM_HEADER, PROFESSIONAL_CLAIM_HEADER)
US_DOLLAR = 44818668

MEDICARE, MEDICAID = 280, 289
PAYER_OF_NAME = {"Medicare": MEDICARE, "Medicaid": MEDICAID}
PAYER_OF_ACT_CODE = {"EHCPOL": 327}
"""HL7 v3 ActCode, the type of a FHIR Coverage: private health insurance. Public ones are told apart by name."""

GENDER_OF_FHIR = {"male": 8507, "female": 8532}
GENDER_OF_RIF = {"1": 8507, "2": 8532}

_AMERICAN_INDIAN, _ASIAN, _BLACK, _PACIFIC_ISLANDER, _WHITE = 8657, 8515, 8516, 8557, 8527
_HISPANIC, _NOT_HISPANIC = 38003563, 38003564

RACE_OF_US_CORE = {
    "1002-5": _AMERICAN_INDIAN,
    "2028-9": _ASIAN,
    "2054-5": _BLACK,
    "2076-8": _PACIFIC_ISLANDER,
    "2106-3": _WHITE,
}
"""OMB race categories, as the US Core extension codes them."""

ETHNICITY_OF_US_CORE = {"2135-2": _HISPANIC, "2186-5": _NOT_HISPANIC}

RACE_OF_RIF = {"1": _WHITE, "2": _BLACK, "4": _ASIAN, "6": _AMERICAN_INDIAN}
"""BENE_RACE_CD, which knows Hispanic as a race."""

ETHNICITY_OF_RIF = {"5": _HISPANIC}

VISIT_OF_ACT_CODE = {
    "AMB": 9202,
    "EMER": 9203,
    "IMP": 9201,
    "ACUTE": 9201,
    "NONAC": 9201,
    "OBSENC": 581385,
    "HH": 581476,
    "VR": 5083,
}
"""HL7 v3 ActCode, the class of a FHIR Encounter: outpatient, emergency, inpatient, observation, home, telehealth."""

INPATIENT_VISIT = 9201
EMERGENCY_VISIT = 9203
LONG_TERM_CARE_VISIT = 42898160

VISIT_OF_SERVICE_CATEGORY = {
    "inpatient": INPATIENT_VISIT,
    "skilled nursing": LONG_TERM_CARE_VISIT,
    "emergency department": EMERGENCY_VISIT,
    "outpatient": 9202,
    "office-based": 581477,
    "other professional": 9202,
    "home health": 581476,
    "hospice": 8546,
}
"""Service categories of claims: inpatient, long-term care, emergency, outpatient, office, home, hospice.

A supplier's delivery of equipment is billed as an encounter and has no setting.
"""

_PLACE_OF_DISCHARGE = {
    "02": 8717,
    "03": 8863,
    "04": 8676,
    "06": 38004519,
    "50": 8546,
    "51": 8546,
}
"""Patient discharge status: hospital, skilled nursing facility, nursing facility, home health agency, hospice."""


_HOSPITAL, _SKILLED_NURSING_FACILITY, _HOSPICE, _HOME_HEALTH_AGENCY = 38004515, 8863, 8546, 38004519

PLACE_OF_ROLE_CODE = {"HOSP": _HOSPITAL, "SNF": _SKILLED_NURSING_FACILITY, "PC": 38004693, "OF": 581477}
"""HL7 v3 RoleCode, the type of a FHIR Location: hospital, skilled nursing, primary care clinic, office."""

PLACE_OF_RIF = {
    "inpatient": _HOSPITAL,
    "snf": _SKILLED_NURSING_FACILITY,
    "hospice": _HOSPICE,
    "hha": _HOME_HEALTH_AGENCY,
}
"""The RIF files whose claims are those of one kind of institution."""


def concept_of(code: Column, concepts: Mapping[str, int]) -> Column:
    """The concept of a code; 0 where it has none."""
    concept = F.lit(NO_CONCEPT)
    for known, id_ in concepts.items():
        concept = F.when(code == known, id_).otherwise(concept)
    return concept


def place_of_discharge(status: str) -> Column:
    """The concept of the kind of place to which a column's patient discharge status sends, written 3 or 03; else 0."""
    return concept_of(F.lpad(status, 2, "0"), _PLACE_OF_DISCHARGE)
