"""Codes without a standard concept are counted, and none else."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.immunization import Immunization
from lakehouse.bronze.ehr.medication_administration import MedicationAdministration
from lakehouse.bronze.ehr.medication_request import MedicationRequest
from lakehouse.bronze.ehr.observation import Observation as ObservationResource
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.vocabulary.unmapped_code import UnmappedCode
from tests.support import Rows

HOSPICE = {
    "source_vocabulary_id": "SNOMED",
    "source_code_description": None,  # fewer than 11 patients have it
    "rows": 155,
}


def test_of_the_sample(sample: Rows) -> None:
    rows = {(r.clinical_table, r.field, r.source_code): r for r in sample[UnmappedCode].collect()}
    hospice = rows["procedure_occurrence", "code", "385763009"].asDict()
    assert {name: hospice[name] for name in HOSPICE} == HOSPICE
    assert 0 < hospice["persons"] < 26
    nominal = rows["measurement", "unit", "{nominal}"]
    assert (nominal.rows, nominal.source_vocabulary_id) == (393, "UCUM")
    assert rows["observation", "value", "LA32-8"].source_code_description == "No"
    for table, concept in (
        (ConditionOccurrence, "condition_concept_id"),
        (ProcedureOccurrence, "procedure_concept_id"),
        (DrugExposure, "drug_concept_id"),
        (Measurement, "measurement_concept_id"),
    ):
        counted = sum(r.rows for (name, field, _), r in rows.items() if (name, field) == (table.table_name(), "code"))
        assert counted == sample[table].filter(f"{concept} = 0").count()


def test_most_of_what_the_hospital_tells_in_the_sample_has_a_standard_concept(sample: Rows) -> None:
    """Of the procedures seven in eight: no public source states the concepts of hospice and nursing care."""
    resources = (Condition, Procedure, MedicationRequest, MedicationAdministration, Immunization, ObservationResource)
    lines = reduce(DataFrame.unionAll, [sample[resource].select("line_id") for resource in resources])
    for table, concept, share in (
        (ConditionOccurrence, "condition_concept_id", 0.95),
        (DrugExposure, "drug_concept_id", 0.95),
        (Measurement, "measurement_concept_id", 0.95),
        (ProcedureOccurrence, "procedure_concept_id", 0.85),
    ):
        recorded = sample[table].join(lines, "line_id", "left_semi")
        mapped = recorded.selectExpr(f"avg(if({concept} = 0, 0, 1)) as share").first()
        assert mapped is not None
        assert mapped.share > share, table.full_name()
