from __future__ import annotations

import csv
import gzip
import json
from statistics import mean
from typing import Any

import pysam
import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.bronze.ehr.patient import Patient
from lakehouse.bronze.genomics.sample_manifest import SampleManifest
from lakehouse.bronze.genomics.vcf_record import VcfRecord
from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.session import start_hail
from lakehouse.silver.genomics.genotyped_sample import LOW_CALL_RATE, LOW_DEPTH, NO_GENOTYPES, GenotypedSample
from lakehouse.silver.identity.consent import Consent
from lakehouse.vault.patient_link import PatientLink
from lakehouse.vault.sample_link import SampleLink
from tests.conftest import SAMPLE
from tests.genomics.vcf import landed, vcf
from tests.support import Rows, rows_of

MANIFEST = SAMPLE / "genomics/2026-01-01/samples.tsv"
LOW_COVERAGE, TWICE, STRANGER = "SEQ0008", ("SEQ0004", "SEQ0027"), "SEQ0028"


def by_sample(rows: DataFrame, links: DataFrame) -> dict[str, Row]:
    names = {row.specimen_id: row.sample_id for row in links.collect()}
    return {names[row.specimen_id]: row for row in rows.collect()}


def of_sample(sample: Rows) -> dict[str, Row]:
    return by_sample(sample[GenotypedSample], sample[SampleLink])


def test_finds_what_was_planted(sample: Rows) -> None:
    rows = of_sample(sample)
    assert len(rows) == 28
    assert {name for name, row in rows.items() if not row.passes_qc} == {LOW_COVERAGE}
    assert rows[LOW_COVERAGE].failed_checks == [LOW_CALL_RATE, LOW_DEPTH]
    assert {name for name, row in rows.items() if row.person_id is None} == {STRANGER}
    assert len({rows[name].person_id for name in TWICE}) == 1
    best = max(TWICE, key=lambda name: (rows[name].call_rate, name == TWICE[0]))
    not_primary = {name for name, row in rows.items() if not row.is_primary}
    assert not_primary == {LOW_COVERAGE, *TWICE} - {best}


def test_accounts_for_every_line_of_the_manifest(sample: Rows) -> None:
    lines = {row.line_id for row in SampleManifest.current(sample[SampleManifest]).collect()}
    assert {row.line_id for row in sample[GenotypedSample].collect()} == lines


def test_people_are_those_of_the_medical_record_numbers(sample: Rows) -> None:
    with gzip.open(SAMPLE / "ehr/2026-01-01/Patient.ndjson.gz", "rt") as lines:
        patients = [json.loads(line) for line in lines]
    patient_of = {
        identifier["value"]: patient["id"]
        for patient in patients
        for identifier in patient["identifier"]
        if identifier.get("type", {}).get("text") == "Medical Record Number"
    }
    person_of = {row.patient_id: row.person_id for row in sample[PatientLink].collect()}
    with MANIFEST.open() as text:
        expected = {
            row["sample_id"]: person_of.get(patient_of.get(row["medical_record_number"]))
            for row in csv.DictReader(text, delimiter="\t")
        }
    assert {name: row.person_id for name, row in of_sample(sample).items()} == expected


def test_measures_as_an_independent_reader_does(sample: Rows) -> None:
    """Call rate, depth and genotype counts from pysam; biallelic and multi-allelic sites, autosomes, PASS."""
    depths: dict[str, list[int]] = {}
    good: dict[str, list[tuple[int, ...] | None]] = {}
    for file in sorted(SAMPLE.glob("genomics/*/chr[0-9]*.vcf.bgz")):
        for record in pysam.VariantFile(str(file)):
            if list(record.filter) != ["PASS"]:
                continue
            for nth in range(1, len(record.alleles)):
                for name, call in record.samples.items():
                    called = None not in call["GT"] and call["GQ"] >= 20 and call["DP"] >= 10
                    genotype = tuple(int(allele == nth) for allele in call["GT"]) if called else None
                    good.setdefault(name, []).append(genotype)
                    depths.setdefault(name, []).extend([call["DP"]] if call["DP"] is not None else [])
    for name, row in of_sample(sample).items():
        called = [genotype for genotype in good[name] if genotype is not None]
        assert row.call_rate == pytest.approx(len(called) / len(good[name]))
        assert row.dp_mean == pytest.approx(mean(depths[name]))
        assert row.n_hom_ref == sum(sum(genotype) == 0 for genotype in called)
        assert row.n_het == sum(sum(genotype) == 1 for genotype in called)
        assert row.n_hom_var == sum(sum(genotype) == 2 for genotype in called)
        assert row.r_het_hom_var == pytest.approx(row.n_het / row.n_hom_var)


def patients_of(spark: SparkSession, numbers: dict[str, str]) -> Any:
    """Patient rows by id, each with a medical record number."""
    rows = []
    for line, (patient_id, number) in enumerate(numbers.items()):
        identifier = {"type": {"coding": [{"code": "MR"}]}, "value": number}
        known = {"resource_id": patient_id, "patient_id": patient_id, "identifier": [identifier], "fits": True,
                 "moved_on": False}  # fmt: skip
        place = {"file": "p", "block_start": 0, "line": line, "line_id": line, "content": line, "delivery": "d"}
        rows.append(json.dumps({**known, **place}))
    text = spark.createDataFrame([(row,) for row in rows], "row string")
    return text.selectExpr(f"from_json(row, '{Patient.ddl()}') as row").select("row.*")


def test_no_sample_vanishes(spark: SparkSession) -> None:
    start_hail(spark)
    manifest = [
        "sample_id\tmedical_record_number\tsex",
        *("S1\tM1\tF", "S2\tunknown\tmale", "S3\tshared\t", "S4\tM1\tfemale"),
    ]
    calls = "GT:GQ:DP 0/1:50:30 0/0:50:30 1/1:50:30 0/1:50:30"
    lines = landed(
        spark,
        {
            "genomics/2026-01-01/a.vcf": vcf("S1 S2 S3 S5", f"chr1 1 . A C . PASS . {calls}"),
            "genomics/2026-01-01/samples.tsv": manifest,
        },
    )
    patients = patients_of(spark, {"p1": "M1", "p2": "shared", "p3": "shared"})
    links: Any = spark.createDataFrame([("p1", 1), ("p2", 2), ("p3", 3)], "patient_id string, person_id bigint")
    manifests: Any = SampleManifest.build(lines)
    records: Any = VcfRecord.build(lines)
    sequenced: Any = VcfSample.build(lines)
    registered: Any = SampleLink.build(manifests, sequenced, patients, links)
    consents: Any = rows_of(spark, Consent)
    rows = by_sample(GenotypedSample.build(records, sequenced, registered, consents), registered)
    told = {name: (row.person_id, row.sex, row.failed_checks, row.is_primary) for name, row in rows.items()}
    assert told == {
        "S1": (1, "female", [], True),
        "S2": (None, "male", [], True),
        "S3": (None, None, [], True),
        "S4": (1, "female", [NO_GENOTYPES], False),
        "S5": (None, None, [], True),
    }
    assert rows["S5"].line_id is None
