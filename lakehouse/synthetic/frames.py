"""What a simulated life leaves behind: the frames between the simulation and the files that land.

A block of persons is simulated once, in numpy; what happened is told in frames, one kind of row each. Spark
then writes each kind of file from the frames that it needs. All frames travel in one table whose columns are
the union of theirs, so that one pass over the blocks yields them all; a name means the same in every frame.

Codes are not in the frames: a `..._key` column names a row of a table in `knowledge/`, which has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

FRAME = "frame"
"""The column that names the frame that a row is of."""

NULL = np.iinfo(np.int64).min
"""What stands for null in a numpy column of whole numbers."""

_TYPES: Mapping[str, pa.DataType] = MappingProxyType({
    "bigint": pa.int64(), "int": pa.int32(), "double": pa.float64(), "boolean": pa.bool_(), "string": pa.string(),
    "date": pa.date32(), "timestamp": pa.timestamp("us", tz="UTC"), "cents": pa.int64(),
    "strings": pa.list_(pa.string()), "dates": pa.list_(pa.date32()),
})  # fmt: skip

_SPARK = MappingProxyType({"cents": "bigint", "strings": "array<string>", "dates": "array<date>"})


@dataclass(frozen=True, eq=False)
class Frame:
    """A kind of row: its name, and the type of each of its columns. Amounts of money are whole cents."""

    name: str
    purpose: str
    columns: Mapping[str, str]

    def batch(self, columns: Mapping[str, Any]) -> pa.RecordBatch:
        """Rows of this frame, in the shape of the union; the columns are arrays of one length (see Journal).

        Raises KeyError for a column that the frame does not have or that is missing.
        """
        if set(columns) != set(self.columns):
            raise KeyError(f"{self.name}: {sorted(set(columns) ^ set(self.columns))}")
        rows = next(len(values) for values in columns.values() if values is not None)
        arrays = [
            _array(columns.get(name), _TYPES[kind], rows) if name != FRAME else pa.array([self.name] * rows)
            for name, kind in UNION.items()
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    def select(self) -> list[str]:
        """The columns of the frame, for a `select` on the union."""
        return list(self.columns)


def _array(values: Any, kind: pa.DataType, rows: int) -> pa.Array:
    if values is None:
        return pa.nulls(rows, kind)
    if values.dtype.kind == "M":
        return pa.array(values.astype("datetime64[D]" if pa.types.is_date(kind) else "datetime64[us]")).cast(kind)
    if values.dtype.kind == "i":
        return pa.array(values, mask=values == NULL).cast(kind)
    if values.dtype.kind == "f":
        return pa.array(values, kind, from_pandas=True)  # NaN is null
    return pa.array(values, kind)


_PERSON = {"person": "bigint"}
_EVENT = {"id": "bigint", "person": "bigint", "encounter": "bigint"}
_SEEN = {"in_ehr": "boolean"}

PERSON = Frame("person", "One row per person: who he is, and what of his life is no event.", {
    **_PERSON, "family": "bigint", "mother": "bigint", "father": "bigint", "twin": "bigint", "sex": "string",
    "birth_date": "date", "death_date": "date", "death_cause_key": "string", "race": "string", "ethnicity": "string",
    "language": "string", "given_name": "string", "middle_name": "string", "family_name": "string",
    "birth_name": "string", "name_suffix": "string", "marital_status": "string", "education": "string",
    "income_to_poverty": "double", "ssn": "string", "phone": "string", "email": "string", "record_number": "string",
})  # fmt: skip

ADDRESS = Frame("address", "Where a person lived, one row per span of days.", {
    **_PERSON, "start_date": "date", "end_date": "date", "line": "string", "place_key": "string",
})  # fmt: skip

COVERAGE = Frame("coverage", "Whose insurance a person had, one row per span of whole months.", {
    "id": "bigint", **_PERSON, "start_date": "date", "end_date": "date", "payer": "string", "plan": "string",
    "member_id": "string", "subscriber": "bigint", "entitlement": "string", "dual": "boolean", "part_d": "boolean",
})  # fmt: skip

IDENTITY = Frame("identity", "One row per id under which a world (EHR, payer, laboratory) knows a person.", {
    **_PERSON, "world": "string", "source_id": "string", "duplicate_of": "string", "given_name": "string",
    "middle_name": "string", "family_name": "string", "name_suffix": "string", "birth_date": "date", "sex": "string",
    "line": "string", "place_key": "string", "phone": "string", "email": "string", "ssn": "string",
    "race_missing": "boolean",
})  # fmt: skip
"""race_missing: the world has no race on record."""

CONDITION = Frame("condition", "A disease or problem of a person, from its onset to its end.", {
    **_EVENT, "condition_key": "string", "onset_date": "date", "recorded_date": "date", "end_date": "date",
    "stage": "string", **_SEEN,
})  # fmt: skip

ENCOUNTER = Frame("encounter", "A contact with care, of any kind, from a telephone visit to a stay.", {
    "id": "bigint", **_PERSON, "encounter_key": "string", "start_time": "timestamp", "end_time": "timestamp",
    "facility": "bigint", "practitioner": "bigint", "reason_key": "string", "admission_type": "string",
    "admission_source": "string", "discharge_status": "string", "drg": "string", "icu_days": "int",
    "readmission_of": "bigint", "planned": "boolean", "from_encounter": "bigint", **_SEEN,
})  # fmt: skip

DIAGNOSIS = Frame("diagnosis", "A diagnosis of an encounter, by rank; rank 1 is the principal one.", {
    "encounter": "bigint", **_PERSON, "rank": "int", "condition_key": "string", "present_on_admission": "boolean",
})  # fmt: skip

MEASUREMENT = Frame("measurement", "A value that was measured, asked or seen: labs, vitals, social history.", {
    **_EVENT, "measure_key": "string", "start_time": "timestamp", "value": "double", "value_key": "string",
    "report": "bigint", "unit": "string", "uncoded": "boolean", **_SEEN,
})  # fmt: skip
"""unit: as it is told, where that is not as the measure's, and then with two decimals; empty where none is told.
uncoded: told in words only."""

PRESCRIPTION = Frame("prescription", "An order of a drug to be taken at home.", {
    **_EVENT, "drug_key": "string", "start_date": "date", "end_date": "date", "days_supply": "int",
    "quantity": "double", "refills": "int", "reason_key": "string", "practitioner": "bigint", "status": "string",
    **_SEEN,
})  # fmt: skip

DISPENSING = Frame("dispensing", "A fill of a prescription at a pharmacy.", {
    "id": "bigint", **_PERSON, "prescription": "bigint", "drug_key": "string", "start_date": "date", "fill": "int",
    "days_supply": "int", "quantity": "double", "practitioner": "bigint",
})  # fmt: skip

ADMINISTRATION = Frame("administration", "A drug given during an encounter.", {
    **_EVENT, "drug_key": "string", "start_time": "timestamp", "quantity": "double", "reason_key": "string", **_SEEN,
})  # fmt: skip

PROCEDURE = Frame("procedure", "Something done to a person.", {
    **_EVENT, "procedure_key": "string", "start_time": "timestamp", "end_time": "timestamp", "reason_key": "string",
    "practitioner": "bigint", **_SEEN,
})  # fmt: skip

IMMUNIZATION = Frame("immunization", "A vaccine given.", {
    **_EVENT, "vaccine_key": "string", "start_time": "timestamp", **_SEEN,
})  # fmt: skip

ALLERGY = Frame("allergy", "What a person does not tolerate, as recorded.", {
    **_EVENT, "allergy_key": "string", "recorded_date": "date", "reaction_key": "string", "severity": "string", **_SEEN,
})  # fmt: skip

REPORT = Frame("report", "A panel of laboratory values, or the reading of an image, as one report.", {
    **_EVENT, "panel_key": "string", "start_time": "timestamp", "practitioner": "bigint", **_SEEN,
})  # fmt: skip

IMAGING = Frame("imaging", "An imaging study.", {
    **_EVENT, "procedure_key": "string", "start_time": "timestamp", **_SEEN,
})  # fmt: skip

CARE_PLAN = Frame("care_plan", "A plan of care for a condition.", {
    **_EVENT, "condition_key": "string", "start_date": "date", "end_date": "date", **_SEEN,
})  # fmt: skip

NOTE = Frame("note", "A text about an encounter; mentions: `+key`, `-key` (denied), `family:key`, `history:key`.", {
    **_EVENT, "note_key": "string", "start_time": "timestamp", "practitioner": "bigint", "text": "string",
    "mentions": "strings", **_SEEN,
})  # fmt: skip

CLAIM = Frame("claim", "A claim as adjudicated, one row per version of it. Amounts in cents.", {
    "id": "bigint", **_PERSON, "group": "bigint", "version": "int", "action": "string", "final": "boolean",
    "rif": "string", "claim_type": "string", "payer": "string", "encounter": "bigint", "start_date": "date",
    "end_date": "date", "processed_date": "date", "superseded_date": "date", "facility": "bigint",
    "practitioner": "bigint",
    "bill_type": "string", "admission_date": "date", "discharge_date": "date", "admission_type": "string",
    "admission_source": "string", "discharge_status": "string", "drg": "string", "denial": "string",
    "diagnoses": "strings", "poa": "strings", "procedures": "strings", "procedure_dates": "dates", "charge": "cents",
    "allowed": "cents", "paid": "cents", "deductible": "cents", "coinsurance": "cents",
    "npi": "string",
})  # fmt: skip
"""superseded_date: when the next version was processed; null for the last. npi: the practitioner's as it is told, where
that is not his; empty where none is told."""

CLAIM_LINE = Frame("claim_line", "A line of a version of a claim. Its amounts add up to the claim's.", {
    "claim": "bigint", **_PERSON, "line_number": "int", "start_date": "date", "service_key": "string",
    "hcpcs": "string", "revenue_center": "string", "place_of_service": "string", "units": "double", "ndc": "string",
    "line_diagnosis": "string", "charge": "cents", "allowed": "cents", "paid": "cents", "deductible": "cents",
    "coinsurance": "cents",
})  # fmt: skip

DRUG_CLAIM = Frame("drug_claim", "A pharmacy claim (a PDE record), one row per version of it. Amounts in cents.", {
    "id": "bigint", **_PERSON, "group": "bigint", "version": "int", "action": "string", "final": "boolean",
    "payer": "string", "dispensing": "bigint", "start_date": "date", "processed_date": "date",
    "superseded_date": "date", "ndc": "string",
    "drug_key": "string", "quantity": "double", "days_supply": "int", "fill": "int", "practitioner": "bigint",
    "cost": "cents", "patient_paid": "cents", "plan_paid": "cents",
})  # fmt: skip

TRUE_PERSON = Frame("true_person", "Truth: what a person was given by birth and place, and nobody records.", {
    **_PERSON, "ancestry_afr": "double", "ancestry_amr": "double", "ancestry_eas": "double", "ancestry_eur": "double",
    "ancestry_sas": "double", "adherence": "double", "frailty": "double", "deprivation": "double", "rural": "boolean",
    "smoking": "string", "social_needs": "strings",
})  # fmt: skip
"""social_needs: those that the person has, as conditions of the group social, told or not."""

TRUE_LIABILITY = Frame("true_liability", "Truth: a person's standardised genetic liability to a trait.", {
    **_PERSON, "trait_key": "string", "value": "double",
})  # fmt: skip

TRUE_GENOTYPE = Frame("true_genotype", "Truth: alleles at a known position, where there is more than the reference.", {
    **_PERSON, "variant_key": "string", "gene": "string", "maternal": "int", "paternal": "int",
})  # fmt: skip

TRUE_DIPLOTYPE = Frame("true_diplotype", "Truth: the two alleles of a pharmacogene and what they mean.", {
    **_PERSON, "gene": "string", "maternal_allele": "string", "paternal_allele": "string", "phenotype": "string",
})  # fmt: skip

TRUE_RISK = Frame("true_risk", "Truth: the probability of an outcome, as known to the simulation, on a day.", {
    **_PERSON, "outcome_key": "string", "start_date": "date", "encounter": "bigint", "horizon_days": "int",
    "value": "double", "happened": "boolean",
})  # fmt: skip

TRUE_DISEASE = Frame("true_disease", "Truth: when a disease began and ended, whether or not anybody found it.", {
    **_PERSON, "condition_key": "string", "onset_date": "date", "end_date": "date", "stage": "string",
    "found_date": "date", "found_by": "string",
})  # fmt: skip
"""found_date: null where nobody found it. found_by: of cancers, `screening` or `symptoms`."""

TRUE_COURSE = Frame("true_course", "Truth: a course of a drug as it was taken.", {
    **_PERSON, "drug_key": "string", "start_date": "date", "end_date": "date", "adherence": "double",
    "reason_key": "string",
})  # fmt: skip

TRUE_REACTION = Frame("true_reaction", "Truth: an outcome that a drug, a gene or an interaction made likelier.", {
    **_PERSON, "effect_key": "string", "drug_key": "string", "start_date": "date", "caused": "boolean",
})  # fmt: skip

TRUE_INFECTION = Frame("true_infection", "Truth: an infection, and the outbreak that it belongs to.", {
    **_PERSON, "condition_key": "string", "start_date": "date", "outbreak": "string", "place_key": "string",
})  # fmt: skip

TRUE_WAIT = Frame("true_wait", "Truth: when an appointment was asked for, and when it was.", {
    **_PERSON, "encounter": "bigint", "asked_date": "date", "start_date": "date",
})  # fmt: skip

TRUE_IDENTITY = Frame("true_identity", "Truth: under which id, and with which errors, a world knows a person.", {
    **_PERSON, "world": "string", "source_id": "string", "noise": "strings",
})  # fmt: skip

TRUE_DEFECT = Frame("true_defect", "Truth: a defect that was planted in a row of a file.", {
    **_PERSON, "world": "string", "defect_key": "string", "file_kind": "string", "source_id": "string",
    "line_number": "int", "field": "string", "true_value": "string", "bad_value": "string",
})  # fmt: skip

TRUE_SAMPLE = Frame("true_sample", "Truth: a sample of a person, as it was taken, and the batch it was told of in.", {
    **_PERSON, "source_id": "string", "copy": "int", "batch": "string", "collection_date": "date", "sex": "string",
    "record_number": "string",
})  # fmt: skip
"""copy: 0 the first, 1 a duplicate."""

ALL = (
    PERSON, ADDRESS, COVERAGE, IDENTITY, CONDITION, ENCOUNTER, DIAGNOSIS, MEASUREMENT, PRESCRIPTION, DISPENSING,
    ADMINISTRATION, PROCEDURE, IMMUNIZATION, ALLERGY, REPORT, IMAGING, CARE_PLAN, NOTE, CLAIM, CLAIM_LINE, DRUG_CLAIM,
    TRUE_PERSON, TRUE_LIABILITY, TRUE_GENOTYPE, TRUE_DIPLOTYPE, TRUE_RISK, TRUE_DISEASE, TRUE_COURSE, TRUE_REACTION,
    TRUE_INFECTION, TRUE_WAIT, TRUE_IDENTITY, TRUE_DEFECT, TRUE_SAMPLE,
)  # fmt: skip

TRUE_LAB_ERROR = Frame("true_lab_error", "Truth: an error of the laboratory, in a sample, a batch or at a site.", {
    "delivery": "string", "batch": "string", "kind": "string", "sample_id": "string", "other_sample_id": "string",
    "chrom": "string", "position": "bigint", "true_value": "string", "bad_value": "string",
})  # fmt: skip
"""Not of a block of persons, but of the files that are written of them."""


def _union() -> dict[str, str]:
    """Every column of any frame. Raises TypeError where two frames give a name two types."""
    union = {FRAME: "string"}
    for frame in ALL:
        for name, kind in frame.columns.items():
            if union.setdefault(name, kind) != kind:
                raise TypeError(f"{frame.name}.{name} is {kind}, elsewhere {union[name]}")
    return union


UNION = MappingProxyType(_union())
SCHEMA = pa.schema([pa.field(name, _TYPES[kind]) for name, kind in UNION.items()])
DDL = ", ".join(f"`{name}` {_SPARK.get(kind, kind)}" for name, kind in UNION.items())
