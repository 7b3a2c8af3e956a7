"""A person who is erased is in no table, in no older version and in no log, and does not come back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse import audit, catalog, config
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.genomics.vcf_record import VcfRecord
from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.bronze.unreadable import Unreadable
from lakehouse.catalog import Catalog
from lakehouse.erasure import lines
from lakehouse.erasure.record import Erasure
from lakehouse.erasure.source_ids import PERSON
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.lake import Lake
from lakehouse.person_history import PersonHistory
from lakehouse.storage import Storage
from lakehouse.vault.patient_link import PatientLink
from tests.end_to_end.canaries import texts_of
from tests.end_to_end.deliveries import BENEFICIARIES, Resource, cut, deliver

pytestmark = pytest.mark.slow

TABLES = ("+vault.sample_link", "+silver.encounter_part", "+bronze.condition", "+bronze.vcf_record",
          "+bronze.unreadable", "+bronze.other_resource")  # fmt: skip
BENEFICIARY, PATIENT = next(iter(BENEFICIARIES.items()))
OTHER = BENEFICIARIES["-1000022"]
MOVED = "told of another by mistake"
SAMPLES = {"SEQ-OF-HIM": PATIENT, "SEQ-OF-ANOTHER": OTHER}

VCF = """##fileformat=VCFv4.2
##contig=<ID=chr1>
##SAMPLE=<ID=SEQ-OF-HIM>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tSEQ-OF-HIM\tSEQ-OF-ANOTHER
chr1\t100\t.\tA\tC\t50\tPASS\tAC=2;AN=4\tGT:GQ:DP\t1/1:99:30\t0/0:98:31
chr1\t200\t.\tA\tC\t50\tPASS\tAC=2;AN=4\tGT:GQ:DP\t1/1:97:32
"""


def resources() -> list[Resource]:
    """Beside what the sample has: a resource of many, and one of another's that names him."""
    named = {"reference": f"Patient/{PATIENT}"}
    told: list[dict[str, Any]] = [
        {"resourceType": "Group", "id": "g", "member": [{"entity": named}, {"entity": {"reference": "Patient/x"}}]},
        {"resourceType": "Condition", "id": "of-another", "subject": {"reference": f"Patient/{OTHER}"},
         "recordedDate": "2020-01-01", "code": {"text": "cold"}, "asserter": named},
        {"resourceType": "Condition", "id": "moved", "subject": {"reference": f"Patient/{OTHER}"},
         "recordedDate": "2020-01-01", "code": {"text": MOVED}, "meta": {"lastUpdated": "2020-01-01T00:00:00Z"}},
        {"resourceType": "Condition", "id": "moved", "subject": named, "recordedDate": "2020-01-01",
         "code": {"text": MOVED}, "meta": {"lastUpdated": "2020-02-01T00:00:00Z"}},
    ]  # fmt: skip
    return [Resource(content) for content in told]


def land(landing: Path, delivery: str) -> None:
    deliver(landing, delivery, [*cut(random.Random(5), resources=3, claims=1), *resources()])
    with (landing / "ehr" / delivery / "broken.ndjson").open("w") as broken:
        broken.write('{"resourceType": "Condition", "subject": {"reference": "Patient/' + PATIENT + '"}, "co\n')
        broken.write('{"resourceType": "Condition", "subject": {"reference": "Patient/' + OTHER + '"}, "co\n')
    decisions = landing / "identity" / delivery / "decisions.csv"
    decisions.parent.mkdir(parents=True)
    told = [f"ehr|{PATIENT},ehr|{OTHER},apart,no comma", f"ehr|{PATIENT},ehr|{OTHER},apart,one, comma"]
    decisions.write_text("\n".join(["registration_id_l,registration_id_r,decision,comment", *told]) + "\n")
    folder = landing / "genomics" / delivery
    folder.mkdir(parents=True)
    (folder / "chr1.vcf").write_text(VCF)
    manifest = ["sample_id\tmedical_record_number", *(f"{sample}\t{number}" for sample, number in SAMPLES.items())]
    (folder / "samples.tsv").write_text("\n".join(manifest) + "\n")


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A home that four persons landed in, and a reading of one of them."""
    home = tmp_path_factory.mktemp("home")
    land(home / "landing", "2026-01-01")
    conf = config.load(home=str(home))
    opened = Lake(conf, spark, Storage(spark, conf.tables_path), catalog.load())
    few = replace(opened, catalog=Catalog.of(opened.catalog.select(TABLES)))
    outcomes = few.refresh()
    assert not [outcome for outcome in outcomes if outcome.mode in ("failed", "blocked")]
    audit.record(few.audit, ["bronze.patient"], "he asked", f"select * from bronze.patient where id = '{PATIENT}'")
    return few


def person_of(lake: Lake, patient: str) -> int:
    (row,) = lake.storage.read(PatientLink).filter(F.col("patient_id") == patient).collect()
    return int(row.person_id)


def words_of_him(lake: Lake, person_id: int) -> list[str]:
    """What tells him: his ids, names and numbers as they landed, and the ids that he has in silver."""
    patient = next(item.content for item in cut(random.Random(5), 3, 1) if isinstance(item, Resource)
                   and item.content["id"] == PATIENT)  # fmt: skip
    names = [name for told in patient["name"] for name in (told["family"], *told["given"])]
    numbers = [told["value"] for told in patient["identifier"] if len(told["value"]) > 5]
    return [PATIENT, MOVED, "SEQ-OF-HIM", *names, *numbers, patient["address"][0]["line"][0], str(person_id)]


@pytest.fixture(scope="module")
def erased(lake: Lake) -> list[str]:
    """Words that tell him, after he was erased: once that was broken off, and nothing was done but to finish it."""
    person_id = person_of(lake, PATIENT)
    words = words_of_him(lake, person_id)
    home = Path(lake.conf.home)
    before = {word for word in words if any(word in text for text in _texts(home))}
    assert before == set(words)

    def fails(*_: object) -> None:
        raise OSError("the power failed")

    with pytest.MonkeyPatch.context() as power:
        power.setattr(Storage, "purge", fails)
        with pytest.raises(OSError, match="power"):
            lake.erase(PERSON, str(person_id), "he asked")
    with pytest.raises(LakehouseError, match="an erasure was broken off"):
        lake.refresh()
    lake.erase(PERSON, str(person_id), "he asked")
    return words


def _texts(home: Path) -> Iterator[str]:
    for folder in ("tables", "audit"):
        for path in sorted((home / folder).rglob("*")):
            if path.is_file():
                yield from texts_of(path)


def test_nothing_of_him_is_in_any_file(lake: Lake, erased: list[str]) -> None:
    left = {word for text in _texts(Path(lake.conf.home)) for word in erased if word in text}
    assert left == set()


def test_what_is_of_others_stays(lake: Lake, erased: list[str]) -> None:
    others = {row.patient_id for row in lake.storage.read(PatientLink).collect()}
    assert others >= set(BENEFICIARIES.values()) - {PATIENT}
    of_another = lake.storage.read(Condition).filter(F.col("code.text") == "cold").collect()
    assert [row.patient_id for row in of_another] == [OTHER]
    group = lake.storage.read(EhrLine).filter("resource_id = 'g'").collect()
    assert [json.loads(row.raw)["member"][1]["entity"]["reference"] for row in group] == ["Patient/x"]
    assert [row.sample_id for row in lake.storage.read(VcfSample).collect()] == ["SEQ-OF-ANOTHER"]
    (record,) = lake.storage.read(VcfRecord).collect()
    assert (record.position, record.info) == (100, None)
    assert [(call.alleles, call.gq, call.dp) for call in record.calls] == [([0, 0], 98, 31)]


def test_his_lines_keep_their_places(lake: Lake, erased: list[str]) -> None:
    emptied = lake.storage.read(Unreadable).filter(F.col("reason") == lines.REASON).collect()
    assert {row.world for row in emptied} == {"ehr", "claims", "genomics", "identity"}
    assert {row.raw for row in emptied} == {""}
    landed = Path(lake.conf.landing_path)
    in_files = sum(len(file.read_text().splitlines()) for file in landed.glob("ehr/*/*.ndjson"))
    assert lake.storage.read(EhrLine).count() == in_files


def test_who_erased_whom_when_is_told_without_whom(lake: Lake, erased: list[str]) -> None:
    rows = lake.audit.read(Erasure).orderBy("at").collect()
    assert [(row.step, row.reason) for row in rows] == [("begun", "he asked"), ("done", "he asked")]
    assert len(rows[0].tombstones) >= 4
    assert PATIENT not in {row.source_id for row in lake.audit.read(PersonHistory).collect()}


def test_he_does_not_come_back(lake: Lake, erased: list[str]) -> None:
    assert {outcome.mode for outcome in lake.refresh()} == {"skipped"}
    landing = Path(lake.conf.landing_path)
    land(landing, "2026-02-01")
    (landing / "ehr/2026-02-01/new.ndjson").write_text('{"resourceType": "Patient", "id": "new"}\n')
    lake.refresh()
    assert "new" in {row.source_id for row in lake.audit.read(PersonHistory).collect()}
    assert PATIENT not in {row.patient_id for row in lake.storage.read(PatientLink).collect()}
    assert BENEFICIARY not in {row.bene_id for row in lake.storage.read(ClaimsLine).collect()}
    assert {row.sample_id for row in lake.storage.read(VcfSample).collect()} == {"SEQ-OF-ANOTHER"}
    assert {word for text in _texts(Path(lake.conf.home)) for word in erased if word in text} == set()


def test_who_is_not_there_cannot_be_erased(lake: Lake, erased: list[str]) -> None:
    with pytest.raises(UsageError, match="nobody has the person_id 7"):
        lake.erase(PERSON, "7", "no reason")
