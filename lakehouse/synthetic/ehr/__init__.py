"""The EHR's files: FHIR R4 resources as Spark DataFrames, made from the frames of a population."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pyspark.sql import DataFrame

from lakehouse.synthetic.ehr.allergy_intolerance import allergy_intolerance
from lakehouse.synthetic.ehr.care_plan import care_plan
from lakehouse.synthetic.ehr.condition import condition
from lakehouse.synthetic.ehr.coverage import coverage
from lakehouse.synthetic.ehr.diagnostic_report import diagnostic_report
from lakehouse.synthetic.ehr.document_reference import document_reference
from lakehouse.synthetic.ehr.encounter import encounter
from lakehouse.synthetic.ehr.imaging_study import imaging_study
from lakehouse.synthetic.ehr.immunization import immunization
from lakehouse.synthetic.ehr.location import location
from lakehouse.synthetic.ehr.medication_administration import medication_administration
from lakehouse.synthetic.ehr.medication_request import medication_request
from lakehouse.synthetic.ehr.observation import observation
from lakehouse.synthetic.ehr.organization import organization
from lakehouse.synthetic.ehr.patient import patient
from lakehouse.synthetic.ehr.practitioner import practitioner
from lakehouse.synthetic.ehr.practitioner_role import practitioner_role
from lakehouse.synthetic.ehr.procedure import procedure
from lakehouse.synthetic.sources import Sources

RESOURCES: Mapping[str, Callable[[Sources], DataFrame]] = MappingProxyType(
    {
        "AllergyIntolerance": allergy_intolerance,
        "CarePlan": care_plan,
        "Condition": condition,
        "Coverage": coverage,
        "DiagnosticReport": diagnostic_report,
        "DocumentReference": document_reference,
        "Encounter": encounter,
        "ImagingStudy": imaging_study,
        "Immunization": immunization,
        "Location": location,
        "MedicationAdministration": medication_administration,
        "MedicationRequest": medication_request,
        "Observation": observation,
        "Organization": organization,
        "Patient": patient,
        "Practitioner": practitioner,
        "PractitionerRole": practitioner_role,
        "Procedure": procedure,
    }
)
"""How each resource is made. The columns of all are those of `versions.written`."""

KNOWLEDGE = (
    "allergies", "answers", "conditions", "drugs", "encounters", "measures", "note_kinds", "panels", "places",
    "procedures", "reactions", "specialties", "vaccines",
)  # fmt: skip
"""The tables of knowledge whose codes and names stand in the EHR."""
