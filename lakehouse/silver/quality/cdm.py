"""What OMOP CDM 5.4 and OHDSI's Data Quality Dashboard ask of each field of the tables that are here.

Fields, types and references as in CDM 5.4; which checks a field gets, and the percentage of rows that may fail, as in
the default thresholds of the dashboard (version 2.8, OMOP_CDMv5.4_Field_Level and _Table_Level). What is the same for
all fields of a kind is said by the functions that declare them: a `_concept_id` refers to a concept, a date is neither
before 1950 nor after tomorrow, not before birth and not more than 60 days after death. Fields that are not CDM's
(`line_id`, `source_status`, ...) are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

INTEGER, FLOAT, DATE, DATETIME, VARCHAR = "integer", "float", "date", "datetime", "varchar"
FEW, SOME, MOST, ALL = 5, 10, 95, 100
"""The percentages of failing rows that the dashboard forgives, where it forgives more than 1 in 100."""


@dataclass(frozen=True)
class Field:
    """A field of the CDM.

    refers_to: the table whose key it holds, `concept` where it holds a concept.
    domain, concept_class: those that the concept must have.
    standard: the concept must be standard and valid.
    unmapped: percentage of rows that may have concept 0; None where that is not asked.
    standard_field, uncoded: of a source value, the field with its standard concept, and the percentage of values that
        may have none.
    low, high: SQL of the least and the greatest plausible value.
    since, until: the field with the start of what ends here, and with the end of what starts here.
    after_birth, before_death, during_life: which of the person's days it is compared with; the last one is the older
        form of the second.
    of_visit: it must lie within a week of its visit, but for this percentage of rows; None where that is not asked.
    forgiven: the percentage of rows that may end before they start.
    """

    name: str
    type: str
    required: bool = False
    is_key: bool = False
    refers_to: str | None = None
    domain: str | None = None
    concept_class: str | None = None
    standard: bool = False
    unmapped: int | None = None
    standard_field: str | None = None
    uncoded: int | None = None
    low: str | None = None
    high: str | None = None
    since: str | None = None
    until: str | None = None
    after_birth: bool = False
    before_death: bool = False
    during_life: bool = False
    of_visit: int | None = None
    forgiven: int = 1

    @property
    def source_value(self) -> str:
        """The name of the field that holds what the concept of this field was found for."""
        return self.name.removesuffix("_concept_id") + "_source_value"


def key(name: str, kind: str = INTEGER) -> Field:
    """What names the row."""
    return Field(name, kind, required=True, is_key=True)


def reference(name: str, table: str, required: bool = False, kind: str = INTEGER) -> Field:
    """The key of a row of another table."""
    return Field(name, kind, required, refers_to=table)


def concept(
    name: str,
    domain: str | None = None,
    unmapped: int | None = ALL,
    required: bool = False,
    concept_class: str | None = None,
) -> Field:
    """A standard concept."""
    return Field(
        name,
        INTEGER,
        required,
        refers_to="concept",
        domain=domain,
        concept_class=concept_class,
        standard=True,
        unmapped=unmapped,
    )


def source_concept(name: str, unmapped: int | None = None) -> Field:
    """The concept of a code as the source has it, or another that need not be standard."""
    return Field(name, INTEGER, refers_to="concept", unmapped=unmapped)


def source_value(name: str, standard_field: str, uncoded: int = ALL) -> Field:
    """What the source says, for which there is a standard concept in another field."""
    return Field(name, VARCHAR, standard_field=standard_field, uncoded=uncoded)


def text(name: str, required: bool = False) -> Field:
    """Words."""
    return Field(name, VARCHAR, required)


def number(
    name: str, kind: str = FLOAT, low: str | None = None, high: str | None = None, required: bool = False
) -> Field:
    """A number, in a plausible range where one is given."""
    return Field(name, kind, required, low=low, high=high)


def day(name: str, required: bool = False, during_life: bool = False, of_visit: int | None = None) -> Field:
    """A day in the life of a person."""
    kind = DATETIME if name.endswith("_datetime") else DATE
    return Field(
        name, kind, required, low="date '1950-01-01'", high="_tomorrow", after_birth=True, before_death=True,
        during_life=during_life, of_visit=of_visit,
    )  # fmt: skip


def days(
    start: str, end: str, required: bool = True, end_required: bool = False, of_visit: int | None = None,
    during_life: bool = True, forgiven: int = 1,
) -> tuple[Field, Field]:  # fmt: skip
    """The first and the last day of something."""
    first = day(start, required, during_life, of_visit)
    return replace(first, until=end, forgiven=forgiven), replace(day(end, end_required, during_life), since=start)


def times(start: str, end: str) -> tuple[Field, Field]:
    """The first and the last moment of something, which may be unknown."""
    return days(start, end, required=False)


def kind(name: str, unmapped: int | None = 0) -> Field:
    """The concept of the kind of record that a row is from."""
    return concept(name, "Type Concept", unmapped, required=True)


def _without_life(field: Field, low: str | None, high: str | None) -> Field:
    return replace(field, low=low, high=high, after_birth=False, before_death=False)


_PERSON = reference("person_id", "person", required=True)
_PROVIDER = reference("provider_id", "provider")
_CARE_SITE = reference("care_site_id", "care_site")
_LOCATION = reference("location_id", "location")
_VISIT = reference("visit_occurrence_id", "visit_occurrence")
_DETAIL = reference("visit_detail_id", "visit_detail")
_WHERE = (_PROVIDER, _VISIT, _DETAIL)
_RELEASED = "date '2000-01-01'"

FIELDS: Mapping[str, tuple[Field, ...]] = {
    "person": (
        key("person_id"),
        concept("gender_concept_id", "Gender", FEW, required=True),
        number("year_of_birth", INTEGER, "1850", "year(_tomorrow) + 1", required=True),
        number("month_of_birth", INTEGER, "1", "12"),
        number("day_of_birth", INTEGER, "1", "31"),
        _without_life(day("birth_datetime"), "date '1850-01-01'", "_tomorrow"),
        concept("race_concept_id", "Race", required=True),
        concept("ethnicity_concept_id", "Ethnicity", required=True),
        _LOCATION,
        _PROVIDER,
        _CARE_SITE,
        text("person_source_value"),
        source_value("gender_source_value", "gender_concept_id"),
        source_concept("gender_source_concept_id"),
        source_value("race_source_value", "race_concept_id"),
        source_concept("race_source_concept_id"),
        source_value("ethnicity_source_value", "ethnicity_concept_id"),
        source_concept("ethnicity_source_concept_id"),
    ),
    "observation_period": (
        key("observation_period_id"),
        _PERSON,
        *days("observation_period_start_date", "observation_period_end_date", end_required=True, forgiven=0),
        kind("period_type_concept_id"),
    ),
    "visit_occurrence": (
        key("visit_occurrence_id"),
        _PERSON,
        concept("visit_concept_id", "Visit", 0, required=True),
        *days("visit_start_date", "visit_end_date", end_required=True),
        *times("visit_start_datetime", "visit_end_datetime"),
        kind("visit_type_concept_id"),
        _PROVIDER,
        _CARE_SITE,
        source_value("visit_source_value", "visit_concept_id", SOME),
        source_concept("visit_source_concept_id", ALL),
        concept("admitted_from_concept_id", "Visit", FEW),
        source_value("admitted_from_source_value", "admitted_from_concept_id"),
        concept("discharged_to_concept_id", "Visit", FEW),
        source_value("discharged_to_source_value", "discharged_to_concept_id"),
        reference("preceding_visit_occurrence_id", "visit_occurrence"),
    ),
    "visit_detail": (
        key("visit_detail_id"),
        _PERSON,
        concept("visit_detail_concept_id", "Visit", 0, required=True),
        *(
            replace(field, of_visit=1)
            for field in days("visit_detail_start_date", "visit_detail_end_date", end_required=True)
        ),
        *times("visit_detail_start_datetime", "visit_detail_end_datetime"),
        kind("visit_detail_type_concept_id"),
        _PROVIDER,
        _CARE_SITE,
        text("visit_detail_source_value"),
        source_concept("visit_detail_source_concept_id", ALL),
        concept("admitted_from_concept_id", "Visit", FEW),
        source_value("admitted_from_source_value", "admitted_from_concept_id"),
        concept("discharged_to_concept_id", "Visit", FEW),
        source_value("discharged_to_source_value", "discharged_to_concept_id"),
        reference("preceding_visit_detail_id", "visit_detail"),
        reference("parent_visit_detail_id", "visit_detail"),
        reference("visit_occurrence_id", "visit_occurrence", required=True),
    ),
    "condition_occurrence": (
        key("condition_occurrence_id"),
        _PERSON,
        concept("condition_concept_id", "Condition", FEW, required=True),
        *days("condition_start_date", "condition_end_date", of_visit=FEW),
        *times("condition_start_datetime", "condition_end_datetime"),
        kind("condition_type_concept_id"),
        concept("condition_status_concept_id", "Condition Status", FEW),
        text("stop_reason"),
        *_WHERE,
        source_value("condition_source_value", "condition_concept_id", SOME),
        source_concept("condition_source_concept_id", SOME),
        source_value("condition_status_source_value", "condition_status_concept_id"),
    ),
    "drug_exposure": (
        key("drug_exposure_id"),
        _PERSON,
        concept("drug_concept_id", "Drug", FEW, required=True),
        *days("drug_exposure_start_date", "drug_exposure_end_date", end_required=True, of_visit=FEW),
        *times("drug_exposure_start_datetime", "drug_exposure_end_datetime"),
        replace(day("verbatim_end_date", during_life=True), since="drug_exposure_start_date"),
        kind("drug_type_concept_id"),
        text("stop_reason"),
        number("refills", INTEGER, "0", "24"),
        number("quantity", FLOAT, "0.0000001"),
        number("days_supply", INTEGER, "1", "365"),
        text("sig"),
        concept("route_concept_id", "Route"),
        text("lot_number"),
        *_WHERE,
        source_value("drug_source_value", "drug_concept_id", SOME),
        source_concept("drug_source_concept_id", SOME),
        source_value("route_source_value", "route_concept_id"),
        text("dose_unit_source_value"),
    ),
    "procedure_occurrence": (
        key("procedure_occurrence_id"),
        _PERSON,
        concept("procedure_concept_id", "Procedure", FEW, required=True),
        *days("procedure_date", "procedure_end_date", of_visit=FEW),
        *times("procedure_datetime", "procedure_end_datetime"),
        kind("procedure_type_concept_id"),
        concept("modifier_concept_id"),
        number("quantity", INTEGER, "1"),
        *_WHERE,
        source_value("procedure_source_value", "procedure_concept_id", SOME),
        source_concept("procedure_source_concept_id", SOME),
        source_value("modifier_source_value", "modifier_concept_id"),
    ),
    "device_exposure": (
        key("device_exposure_id"),
        _PERSON,
        concept("device_concept_id", "Device", FEW, required=True),
        *days("device_exposure_start_date", "device_exposure_end_date", of_visit=FEW),
        *times("device_exposure_start_datetime", "device_exposure_end_datetime"),
        kind("device_type_concept_id"),
        text("unique_device_id"),
        text("production_id"),
        number("quantity", INTEGER, "1"),
        *_WHERE,
        source_value("device_source_value", "device_concept_id"),
        source_concept("device_source_concept_id", SOME),
        concept("unit_concept_id", "Unit", FEW),
        source_value("unit_source_value", "unit_concept_id"),
        source_concept("unit_source_concept_id", ALL),
    ),
    "measurement": (
        key("measurement_id"),
        _PERSON,
        concept("measurement_concept_id", "Measurement", FEW, required=True),
        day("measurement_date", required=True, of_visit=FEW),
        day("measurement_datetime"),
        text("measurement_time"),
        kind("measurement_type_concept_id"),
        concept("operator_concept_id", "Meas Value Operator", None),
        number("value_as_number"),
        source_concept("value_as_concept_id"),
        concept("unit_concept_id", "Unit", FEW),
        number("range_low"),
        number("range_high"),
        *_WHERE,
        source_value("measurement_source_value", "measurement_concept_id", SOME),
        source_concept("measurement_source_concept_id", SOME),
        source_value("unit_source_value", "unit_concept_id"),
        source_concept("unit_source_concept_id", ALL),
        text("value_source_value"),
        number("measurement_event_id", INTEGER),
        concept("meas_event_field_concept_id", unmapped=None),
    ),
    "specimen": (
        key("specimen_id"),
        _PERSON,
        concept("specimen_concept_id", None, FEW, required=True),
        kind("specimen_type_concept_id"),
        day("specimen_date", required=True),
        day("specimen_datetime"),
        number("quantity", FLOAT, "1"),
        concept("unit_concept_id", None, FEW),
        concept("anatomic_site_concept_id", unmapped=None),
        concept("disease_status_concept_id", unmapped=None),
        text("specimen_source_id"),
        source_value("specimen_source_value", "specimen_concept_id"),
        source_value("unit_source_value", "unit_concept_id"),
        source_value("anatomic_site_source_value", "anatomic_site_concept_id"),
        source_value("disease_status_source_value", "disease_status_concept_id"),
    ),
    "observation": (
        key("observation_id"),
        _PERSON,
        concept("observation_concept_id", None, FEW, required=True),
        day("observation_date", required=True, of_visit=FEW),
        day("observation_datetime"),
        kind("observation_type_concept_id"),
        number("value_as_number"),
        text("value_as_string"),
        source_concept("value_as_concept_id"),
        concept("qualifier_concept_id", unmapped=None),
        concept("unit_concept_id", "Unit", FEW),
        *_WHERE,
        source_value("observation_source_value", "observation_concept_id"),
        source_concept("observation_source_concept_id", SOME),
        source_value("unit_source_value", "unit_concept_id"),
        source_value("qualifier_source_value", "qualifier_concept_id"),
        text("value_source_value"),
        number("observation_event_id", INTEGER),
        concept("obs_event_field_concept_id", unmapped=None),
    ),
    "death": (
        replace(_PERSON, is_key=True),
        replace(day("death_date", required=True), before_death=False),
        replace(day("death_datetime"), before_death=False),
        kind("death_type_concept_id"),
        concept("cause_concept_id", None, FEW),
        source_value("cause_source_value", "cause_concept_id"),
        source_concept("cause_source_concept_id", ALL),
    ),
    "note": (
        key("note_id"),
        _PERSON,
        day("note_date", required=True, of_visit=FEW),
        day("note_datetime"),
        kind("note_type_concept_id", None),
        concept("note_class_concept_id", unmapped=None, required=True),
        text("note_title"),
        text("note_text", required=True),
        concept("encoding_concept_id", unmapped=None, required=True),
        concept("language_concept_id", unmapped=None, required=True),
        *_WHERE,
        text("note_source_value"),
        number("note_event_id", INTEGER),
        concept("note_event_field_concept_id", unmapped=None),
    ),
    "location": (
        key("location_id"),
        *map(text, ("address_1", "address_2", "city", "state", "zip", "county", "location_source_value")),
        concept("country_concept_id", "Geography"),
        text("country_source_value"),
        number("latitude"),
        number("longitude"),
    ),
    "care_site": (
        key("care_site_id"),
        text("care_site_name"),
        concept("place_of_service_concept_id"),
        _LOCATION,
        text("care_site_source_value"),
        text("place_of_service_source_value"),
    ),
    "provider": (
        key("provider_id"),
        *map(text, ("provider_name", "npi", "dea")),
        concept("specialty_concept_id"),
        _CARE_SITE,
        number("year_of_birth", INTEGER),
        concept("gender_concept_id", "Gender"),
        text("provider_source_value"),
        source_value("specialty_source_value", "specialty_concept_id"),
        source_concept("specialty_source_concept_id", ALL),
        source_value("gender_source_value", "gender_concept_id"),
        source_concept("gender_source_concept_id"),
    ),
    "payer_plan_period": (
        key("payer_plan_period_id"),
        _PERSON,
        *days(
            "payer_plan_period_start_date", "payer_plan_period_end_date", end_required=True, during_life=False
        ),
        *(
            field
            for name in ("payer", "plan", "sponsor", "stop_reason")
            for field in (
                source_concept(f"{name}_concept_id"),
                source_value(f"{name}_source_value", f"{name}_concept_id"),
                source_concept(f"{name}_source_concept_id"),
            )
        ),
        text("family_source_value"),
    ),
    "cost": (
        key("cost_id"),
        Field("cost_event_id", INTEGER, required=True),
        reference("cost_domain_id", "domain", required=True, kind=VARCHAR),
        concept("cost_type_concept_id", unmapped=0, required=True),
        source_concept("currency_concept_id"),
        *map(number, (
            "total_charge", "total_cost", "total_paid", "paid_by_payer", "paid_by_patient", "paid_patient_copay",
            "paid_patient_coinsurance", "paid_patient_deductible", "paid_by_primary", "paid_ingredient_cost",
            "paid_dispensing_fee", "amount_allowed",
        )),
        number("payer_plan_period_id", INTEGER),
        source_concept("revenue_code_concept_id"),
        text("revenue_code_source_value"),
        source_concept("drg_concept_id"),
        text("drg_source_value"),
    ),
    "condition_era": (
        key("condition_era_id"),
        _PERSON,
        concept("condition_concept_id", "Condition", 0, required=True),
        *days("condition_era_start_date", "condition_era_end_date", end_required=True),
        number("condition_occurrence_count", INTEGER, "1"),
    ),
    "drug_era": (
        key("drug_era_id"),
        _PERSON,
        concept("drug_concept_id", "Drug", 0, required=True, concept_class="Ingredient"),
        *days("drug_era_start_date", "drug_era_end_date", end_required=True),
        number("drug_exposure_count", INTEGER, "1"),
        number("gap_days", INTEGER, "0"),
    ),
    "dose_era": (
        key("dose_era_id"),
        _PERSON,
        concept("drug_concept_id", "Drug", 0, required=True, concept_class="Ingredient"),
        concept("unit_concept_id", "Unit", 0, required=True),
        number("dose_value", FLOAT, "0", required=True),
        *days("dose_era_start_date", "dose_era_end_date", end_required=True),
    ),
    "cdm_source": (
        *(text(name, required=True) for name in ("cdm_source_name", "cdm_source_abbreviation", "cdm_holder")),
        *map(text, ("source_description", "source_documentation_reference", "cdm_etl_reference")),
        replace(
            _without_life(day("source_release_date", required=True), _RELEASED, "_tomorrow"),
            until="cdm_release_date", forgiven=0,
        ),
        _without_life(day("cdm_release_date", required=True), _RELEASED, "_tomorrow"),
        text("cdm_version"),
        concept("cdm_version_concept_id", "Metadata", unmapped=None, required=True),
        text("vocabulary_version", required=True),
    ),
}  # fmt: skip

PERSONS_WITHOUT: Mapping[str, int] = {
    "observation_period": 0,
    "condition_occurrence": MOST,
    "drug_exposure": MOST,
    "procedure_occurrence": MOST,
    "measurement": MOST,
    "visit_occurrence": MOST,
    "visit_detail": ALL,
    "observation": ALL,
    "specimen": ALL,
    "device_exposure": ALL,
    "note": ALL,
    "death": ALL,
    "payer_plan_period": ALL,
    "condition_era": ALL,
    "drug_era": ALL,
    "dose_era": ALL,
}
"""The percentage of persons that may have no row in the table."""

MALE, FEMALE = 8507, 8532

_OF_MEN = (198803, 200962, 200970, 4129902, 4196262, 4235738, 4278515, 3051673)
"""Hyperplasia, primary malignancy, carcinoma in situ, neoplasm of the prostate and its metastases; prostatectomy,
biopsy, guidance of it."""

_OF_WOMEN = (
    137613, 137809, 199076, 200051, 201388, 439393, 4024659, 4067106, 4078393, 4167493, 4188598, 4217975, 4224646,
    4299535, 36712702, 40318618, 43530950,
    4060626, 4073422, 4127235, 4127260, 4128031, 4150653, 4150970, 4168236, 4186930, 4238715, 4275113, 37018340,
    40493226,
)  # fmt: skip
"""Conditions of pregnancy and of the female organs; procedures in pregnancy and at birth, intrauterine devices."""

SEX_OF_CONCEPT: Mapping[int, int] = dict.fromkeys(_OF_MEN, MALE) | dict.fromkeys(_OF_WOMEN, FEMALE)
"""The sex that a person with such a condition or procedure has, of the concepts that are carried here: those that the
dashboard names and descendants of them. Threshold 5 in 100."""

OF_ONE_SEX = {
    "condition_occurrence": "condition_concept_id",
    "procedure_occurrence": "procedure_concept_id",
}
"""The tables and their fields whose concepts may be those of one sex."""
