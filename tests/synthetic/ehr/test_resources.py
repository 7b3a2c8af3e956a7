"""The EHR's resources: valid FHIR, read back by bronze with the right values, and true to the frames."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import landing
from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.bronze.ehr.medication_request import MedicationRequest
from lakehouse.bronze.ehr.observation import Observation
from lakehouse.bronze.ehr.other_resource import TYPED, OtherResource
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.storage import Storage
from lakehouse.synthetic.ehr import RESOURCES
from tests.conftest import BUCKETS
from tests.support import Rows
from tests.synthetic.ehr.hand_made import MANY, sources

Lines = dict[str, list[Row]]


@pytest.fixture(scope="module")
def lines(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """All versions of the hand-made resources, by type, as JSON."""
    made = sources(spark, tmp_path_factory.mktemp("frames"))

    def collected(name: str) -> list[Row]:
        rows = RESOURCES[name](made).withColumn("line", F.to_json("resource")).collect()
        return sorted(rows, key=lambda row: (row.id, row.version))

    with ThreadPoolExecutor(max_workers=4) as pool:
        return dict(zip(RESOURCES, pool.map(collected, RESOURCES), strict=True))


@pytest.fixture(scope="module")
def bronze(spark: SparkSession, lines: Lines, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The same as bronze reads it."""
    home = tmp_path_factory.mktemp("hand-made")
    folder = home / "landing" / "ehr" / "2026-01-01"
    folder.mkdir(parents=True)
    for name, rows in lines.items():
        (folder / f"{name}.ndjson").write_text("".join(f"{row.line}\n" for row in rows), encoding="utf-8")
    storage = Storage(spark, f"{home}/tables")
    landing.take(storage, str(home / "landing"), f"{home}/checkpoints/landing", BUCKETS)
    return Rows(storage)


def _resources(lines: Lines, name: str) -> list[dict[str, Any]]:
    return [json.loads(row.line) for row in lines[name]]


def _few(lines: Lines, name: str) -> list[dict[str, Any]]:
    """The resources without the many values of one kind and their visits."""
    return [r for r in _resources(lines, name) if "glucose" not in json.dumps(r).lower() and not _is_of_many(r)]


def _is_of_many(resource: dict[str, Any]) -> bool:
    return "82078001" in json.dumps(resource.get("type"))


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_is_valid_fhir(lines: Lines, name: str) -> None:
    models = pytest.importorskip("fhir.resources.R4B")
    validated = _resources(lines, name)[:200] + _few(lines, name)
    for resource in validated:
        models.get_fhir_model_class(name).model_validate_json(json.dumps(resource))
    assert validated


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_leaves_out_what_is_not_known(lines: Lines, name: str) -> None:
    for resource in _resources(lines, name):
        assert all(value not in (None, {}, [], "") for value in _values(resource)), resource


def _values(element: Any) -> Iterator[Any]:
    yield element
    children = element.values() if isinstance(element, dict) else element if isinstance(element, list) else ()
    for child in children:
        yield from _values(child)


def test_references_name_what_is_there(lines: Lines) -> None:
    there = {f"{name}/{row.id}" for name, rows in lines.items() for row in rows}
    named = {
        value["reference"]
        for name in RESOURCES
        for resource in _resources(lines, name)
        for value in _values(resource)
        if isinstance(value, dict) and "reference" in value
    }
    assert named <= there
    assert len(named) > MANY


def test_has_only_what_the_ehr_saw(lines: Lines) -> None:
    assert len({row.id for row in lines["Encounter"]}) == MANY + 2
    assert len(_few(lines, "Condition")) >= 4
    assert {row.person for row in lines["Patient"]} == {1, 2}


def test_bronze_reads_every_line(bronze: Rows, lines: Lines) -> None:
    for table in TYPED:
        counts = bronze[table].agg(F.count("*").alias("rows"), F.count_if(~F.col("fits")).alias("misfits")).collect()
        assert counts == [Row(rows=len(lines.get(table.__name__, [])), misfits=0)]
    others = set(RESOURCES) - {table.__name__ for table in TYPED}
    assert bronze[OtherResource].count() == sum(len(lines[name]) for name in others)


def test_patient(bronze: Rows) -> None:
    rows = bronze[Patient].filter("identifier[0].value = 'MRN000000001'").collect()
    anna = rows[0]
    assert anna.name[0].family == "Núñez"
    assert anna.name[0].given == ["Anna"]
    assert (anna.gender, anna.birth_date, anna.deceased_date_time) == ("female", "1950-02-28", None)
    assert anna.address[0].postalCode == "01002"
    assert anna.address[0].city == "Amherst"
    assert anna.extension[0].extension[0].valueCoding.code == "2054-5"
    ben = Patient.current(bronze[Patient]).filter("identifier[0].value = 'MRN000000003'").collect()[0]
    assert (ben.version_id, ben.deceased_date_time) == ("2", "2024-05-06")


def test_encounter(bronze: Rows) -> None:
    visit = bronze[Encounter].filter("period.start like '2023-03-04T09:30:00%'").collect()[0]
    assert visit.class_.code == "AMB"
    assert visit.period.end == "2023-03-04T10:00:00.000Z"
    assert {coding.code for coding in visit.reason_code[0].coding} == {"59621000", "I10"}
    stay = bronze[Encounter].filter("class_.code = 'IMP'").collect()[0]
    assert stay.hospitalization.dischargeDisposition.coding[0].code == "20"
    assert stay.hospitalization.reAdmission.coding[0].code == "R"
    assert visit.hospitalization is None


def test_condition_that_ended_has_a_version_for_it(bronze: Rows) -> None:
    told = bronze[Condition].filter("code.text = 'Acute bronchitis'").orderBy("last_updated").collect()
    assert [row.clinical_status.coding[0].code for row in told] == ["active", "resolved"]
    assert [row.abatement_date_time for row in told] == [None, "2023-08-15"]
    assert [row.version_id for row in told] == ["1", "2"]


def test_blood_pressure_is_one_observation(bronze: Rows) -> None:
    pressures = Observation.current(bronze[Observation]).filter("code.coding[0].code = '85354-9'").collect()
    assert len(pressures) == 1
    systolic, diastolic = pressures[0].component
    assert (systolic.code.coding[0].code, systolic.valueQuantity.value) == ("8480-6", 144.0)
    assert (diastolic.code.coding[0].code, diastolic.valueQuantity.value) == ("8462-4", 91.0)
    assert pressures[0].value_quantity is None


def test_laboratory_value(bronze: Rows) -> None:
    value = Observation.current(bronze[Observation]).filter("code.coding[0].code = '4548-4'").collect()[0]
    assert (value.value_quantity.value, value.value_quantity.code) == (6.5, "%")
    assert value.interpretation[0].coding[0].code == "H"
    assert value.effective_date_time == "2023-03-04T09:40:00.000Z"


def test_the_last_version_of_a_corrected_value_is_true(bronze: Rows) -> None:
    values = bronze[Observation].filter("code.coding[0].code = '2345-7'")
    corrected = values.filter("status = 'corrected'").select("resource_id")
    assert 8 < corrected.count() < 40
    told = values.join(corrected, "resource_id").groupBy("version_id").agg(F.collect_set("value_quantity.value"))
    by_version = {row[0]: set(row[1]) for row in told.collect()}
    assert by_version == {"1": {80.0, 125.0}, "2": {100.0}}
    assert Observation.current(values).filter("value_quantity.value != 100").count() == 0
    retracted = values.filter("status = 'entered-in-error'").count()
    assert Observation.current(values).count() == MANY - retracted


def test_prescription_is_active_until_it_stops(bronze: Rows) -> None:
    told = bronze[MedicationRequest].orderBy("last_updated").collect()
    assert [row.status for row in told] == ["active", "stopped"]
    assert told[0].dosage_instruction[0].timing.repeat.boundsPeriod.end is None
    assert told[1].dosage_instruction[0].timing.repeat.boundsPeriod.end == "2023-09-01"
    assert told[1].medication_codeable_concept.coding[0].code == "314076"
    assert told[1].dispense_request.numberOfRepeatsAllowed == 3


def test_a_share_of_encounters_is_filed_under_the_duplicate(bronze: Rows) -> None:
    filed = Observation.current(bronze[Observation]).filter("code.coding[0].code = '2345-7'")
    visits = bronze[Encounter].selectExpr("concat('Encounter/', resource_id) as visit", "patient_id as visitor")
    together = filed.join(visits, F.col("encounter.reference") == F.col("visit"))
    assert together.filter("patient_id != visitor").count() == 0
    shares = sorted(row["count"] / MANY for row in filed.groupBy("patient_id").count().collect())
    assert shares == pytest.approx([0.3, 0.7], abs=0.04)


def test_report_names_its_results(lines: Lines) -> None:
    reports = _resources(lines, "DiagnosticReport")
    panel = next(report for report in reports if report["code"]["coding"][0]["code"] == "4548-4")
    values = {r["id"] for r in _resources(lines, "Observation") if r["code"]["coding"][0]["code"] == "4548-4"}
    assert [result["reference"] for result in panel["result"]] == [f"Observation/{id_}" for id_ in values]
    image = next(report for report in reports if report is not panel)
    assert "result" not in image
    assert image["category"][0]["coding"][0]["code"] == "LP29684-5"


def test_note_has_its_text(lines: Lines) -> None:
    note = _resources(lines, "DocumentReference")[0]
    text = base64.b64decode(note["content"][0]["attachment"]["data"]).decode()
    assert text.startswith("Pt w/ HTN. Denies chest pain.\nBluthochdruck über Jahre.")
    assert "\n" not in note["content"][0]["attachment"]["data"]


def test_versions_follow_each_other(lines: Lines) -> None:
    for rows in lines.values():
        by_id: dict[str, list[Row]] = {}
        for row in rows:
            by_id.setdefault(row.id, []).append(row)
        for versions in by_id.values():
            assert [row.version for row in versions] == list(range(1, len(versions) + 1))
            assert [row.superseded_on for row in versions] == [row.known_on for row in versions[1:]] + [None]
            assert [row.known_on for row in versions] == sorted({row.known_on for row in versions})


def test_is_the_same_again(spark: SparkSession, lines: Lines, tmp_path: Path) -> None:
    made = sources(spark, tmp_path)
    again = RESOURCES["Observation"](made).repartition(3).withColumn("line", F.to_json("resource"))
    assert sorted(row.line for row in again.collect()) == sorted(row.line for row in lines["Observation"])
