"""What lands is taken once and whole, and what cannot be read is told with its place."""

from __future__ import annotations

import gzip
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pysam
import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze import landing
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.buckets import Buckets
from lakehouse.contract import LandedTable
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.storage import Storage
from tests.conftest import BUCKETS
from tests.genomics.vcf import vcf


class Home:
    """A landing zone, and the tables that it is taken into."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.landing = folder / "landing"
        self.landing.mkdir()
        self.checkpoint = folder / "checkpoint"
        self.storage = Storage(spark, f"{folder}/tables")

    def put(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            (self.landing / name).parent.mkdir(parents=True, exist_ok=True)
            (self.landing / name).write_bytes(content)

    def take(self) -> None:
        landing.take(self.storage, str(self.landing), str(self.checkpoint), BUCKETS)

    def rows(self, table: type[LandedTable]) -> list[Row]:
        order = ["file"] if table is LandedFile else ["file", "line"]
        return self.storage.read(table).orderBy(*order).collect()

    def version(self, table: type[LandedTable]) -> int:
        return len(list(self.storage.log(table)))

    def ids(self) -> list[str]:
        return sorted(row.resource_id for row in self.rows(EhrLine))


def patient(name: str) -> bytes:
    return b'{"resourceType": "Patient", "id": "%s"}\n' % name.encode()


def patients(*names: str) -> bytes:
    return b"".join(map(patient, names))


def noise(lines: int) -> bytes:
    """Many lines that compress badly, so that a file cut in the middle still holds some."""
    return patients(*(f"n{number * 2654435761 % 4294967296:x}" for number in range(lines)))


def bgzipped(folder: Path, text: bytes) -> bytes:
    path = folder / "block.bgz"
    with pysam.BGZFile(str(path), "wb") as file:
        file.write(text)
    return path.read_bytes()


VCF = "\n".join(vcf("S1", "chr1 1 . A C . PASS . GT 0/1", "chr1 2 . A C")).encode() + b"\n"


@pytest.fixture(scope="module")
def taken(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One delivery with all that can be right and wrong."""
    folder = tmp_path_factory.mktemp("landing")
    home = Home(spark, folder)
    block = bgzipped(folder, VCF)
    encounter = b'{"resourceType": "Encounter", "id": "e1", "subject": {"reference": "Patient/p1"}}\n'
    home.put({
        "ehr/d/Patient.000.ndjson": patients("p1", "p2"),
        "ehr/d/1.Patient.ndjson.gz": gzip.compress(patients("p3")),
        "ehr/d/below/and/below/Encounter.JSONL": encounter,
        "ehr/d/a b+c%20d \u00e9.ndjson": patients("p4"),
        "ehr/d/Martian.ndjson": b'{"resourceType": "Martian", "id": "m1"}',
        "ehr/d/bad.ndjson": b"\n".join([
            b'{"resourceType": "Patient", "id": "b1"}', b"", b"   ", b'{"resourceType": "Patient", "id": ', b'[1, 2]',
            b'{"resourceType": "Patient"}', b'{"id": "b7"}', b'{"resourceType": "Patient", "id": "Andr\xe9"}', b"text",
            b'{"resourceType": "Patient", "id": "b10"}\r', b'{"resourceType": "a=1/b", "id": "b11"}',
        ]),
        "ehr/d/cut.ndjson.gz": gzip.compress(noise(20_000))[:-100],
        "ehr/d/fake.ndjson.gz": patients("never"),
        "ehr/d/empty.ndjson": b"",
        "ehr/d/notes.docx": b"x",
        "ehr/Patient.ndjson": patients("never"),
        "readme.txt": b"x",
        "imaging/d/scan.dcm": b"x",
        "ehr/d/_unfinished.ndjson": patients("never"),
        "ehr/d/.hidden.ndjson": patients("never"),
        "ehr/d/Patient.ndjson.tmp": patients("never"),
        "ehr/d/Patient.ndjson.PART": patients("never"),
        "ehr/_e/Patient.ndjson": patients("never"),
        "ehr/e.part/Patient.ndjson": patients("never"),
        "claims/d/beneficiary_2020.csv": b"BENE_ID|RFRNC_YR|X\n-1| 2020 |\n-2|2020\n-3|2020|a|b\n|2020|x\n",
        "claims/d/carrier.tsv": b"CLM_ID\tBENE_ID\n1\t-1\n",
        "claims/d/Inpatient-2.csv": b'CLM_ID,BENE_ID,X\n1,-1,"a, ""b"""\n2,-2,""\n',
        "claims/d/outpatient.txt.gz": gzip.compress(b"BENE_ID|CLM_ID\n-1|7\n"),
        "claims/d/hospice.csv": '\ufeff"clm_id", "Bene_Id"\n7,"-1"\n'.encode(),
        "claims/d/pde.csv": b"PDE_ID|BENEFICIARY\n1|-1\n",
        "claims/d/snf.csv": b"BENE_ID|CLM_ID\n",
        "claims/d/hha.csv": b"",
        "claims/d/dme.csv.gz": gzip.compress(b"BENE_ID|CLM_ID\n-1|7\n")[:12],
        "claims/d/payments.csv": b"BENE_ID\n-1\n",
        "genomics/d/plain.vcf": VCF,
        "genomics/d/block.vcf.bgz": block,
        "genomics/d/block.vcf.bgz.tbi": b"\x1f\x8b\xff\n\xfe",
        "genomics/d/cut.vcf.bgz": block[:-28],
        "genomics/d/headless.vcf": b"##fileformat=VCFv4.2\nchr1\t1\n",
        "genomics/d/samples.tsv": b"sample_id\tmrn\nS1\tM1\nS2\n",
    })  # fmt: skip
    home.take()
    return home


def defects_of_lines(home: Home, table: type[LandedTable]) -> dict[tuple[str, int], str]:
    return {(row.file.split("/d/")[1], row.line): row.defect for row in home.rows(table) if row.defect}


def test_every_file_is_in_the_ledger_with_what_is_wrong(taken: Home) -> None:
    ledger = {row.file: row for row in taken.rows(LandedFile)}
    told = {name: row.defect for name, row in ledger.items() if row.defect}
    lines_before_the_cut = int(told.pop("ehr/d/cut.ndjson.gz").removeprefix(
        "truncated: the compressed file ends early, after line "
    ))  # fmt: skip
    assert 1 < lines_before_the_cut < 20_000
    assert told == {
        "ehr/d/fake.ndjson.gz": "not a valid compressed file, after line 0",
        "ehr/d/notes.docx": "unknown kind of file for ehr",
        "ehr/Patient.ndjson": "not in <ehr|claims|genomics|identity>/<delivery>/",
        "readme.txt": "not in <ehr|claims|genomics|identity>/<delivery>/",
        "imaging/d/scan.dcm": "not in <ehr|claims|genomics|identity>/<delivery>/",
        "claims/d/pde.csv": "the header names no BENE_ID",
        "claims/d/dme.csv.gz": "truncated: the compressed file ends early",
        "claims/d/payments.csv": "unknown kind of file for claims",
        "genomics/d/cut.vcf.bgz": "truncated: the block that ends a bgzip file is missing",
        "genomics/d/headless.vcf": "no header line",
        "ehr/d/empty.ndjson": "empty: it has no bytes",
        "claims/d/hha.csv": "empty: it has no bytes",
    }
    files = [path for path in taken.landing.rglob("*") if path.is_file()]
    assert {name: row.bytes for name, row in ledger.items()} == {
        str(path.relative_to(taken.landing)): path.stat().st_size
        for path in files
        if not path.name.startswith(("_", ".")) and path.suffix.lower() not in (".tmp", ".part")
        and not {"_e", "e.part"}.intersection(path.parts)
    }  # fmt: skip
    assert len(ledger) == len(taken.rows(LandedFile))


def test_knows_the_kind_of_a_file_by_its_name(taken: Home) -> None:
    kinds = {row.file.split("/")[-1]: row.file_kind for row in taken.rows(LandedFile)}
    assert kinds["Patient.000.ndjson"] == kinds["1.Patient.ndjson.gz"] == "ndjson"
    assert (kinds["Inpatient-2.csv"], kinds["beneficiary_2020.csv"]) == ("inpatient", "beneficiary")
    assert (kinds["block.vcf.bgz"], kinds["block.vcf.bgz.tbi"], kinds["samples.tsv"]) == ("vcf", "index", "samples")
    assert kinds["notes.docx"] is None


def test_takes_fhir_from_plain_and_compressed_files_of_any_name(taken: Home) -> None:
    rows = {row.resource_id: row for row in taken.rows(EhrLine) if row.defect is None}
    assert set(rows) == {"p1", "p2", "p3", "p4", "e1", "m1", "b1", "b10"}
    assert (rows["p2"].file, rows["p2"].line, rows["p2"].delivery) == ("ehr/d/Patient.000.ndjson", 2, "d")
    assert (rows["e1"].resource_type, rows["e1"].patient_id) == ("Encounter", "p1")
    assert rows["m1"].resource_type == "Martian"
    assert rows["p4"].file == "ehr/d/a b+c%20d \u00e9.ndjson"


def test_tells_lines_of_fhir_that_cannot_be_read_by_their_place(taken: Home) -> None:
    assert defects_of_lines(taken, EhrLine) == {
        ("bad.ndjson", 4): "not a JSON object",
        ("bad.ndjson", 5): "not a JSON object",
        ("bad.ndjson", 6): "no id",
        ("bad.ndjson", 7): "no resourceType",
        ("bad.ndjson", 8): "not UTF-8",
        ("bad.ndjson", 9): "not a JSON object",
        ("bad.ndjson", 11): "the resourceType is no name of a type",
    }


def test_keeps_bytes_that_are_not_utf8_as_latin_1(taken: Home) -> None:
    (row,) = [row for row in taken.rows(EhrLine) if row.defect == "not UTF-8"]
    assert row.raw == '{"resourceType": "Patient", "id": "Andr\u00e9"}'


def test_splits_claims_by_the_delimiter_of_their_header(taken: Home) -> None:
    rows = {(row.file_kind, row.line): (row.bene_id, row.field_values) for row in taken.rows(ClaimsLine)}
    assert rows["beneficiary", 2] == ("-1", ["-1", "2020", None])
    assert rows["carrier", 2] == ("-1", ["1", "-1"])
    assert rows["inpatient", 2] == ("-1", ["1", "-1", 'a, "b"'])
    assert rows["inpatient", 3] == ("-2", ["2", "-2", None])
    assert rows["outpatient", 2] == ("-1", ["-1", "7"])
    assert rows["hospice", 2] == ("-1", ["7", "-1"])
    assert {kind for kind, _ in rows} == {"beneficiary", "carrier", "hospice", "inpatient", "outpatient"}
    assert min(line for _, line in rows) == 2


def test_tells_lines_of_claims_that_cannot_be_read_by_their_place(taken: Home) -> None:
    assert defects_of_lines(taken, ClaimsLine) == {
        ("beneficiary_2020.csv", 3): "wrong column count: 2 fields where the header names 3",
        ("beneficiary_2020.csv", 4): "wrong column count: 4 fields where the header names 3",
        ("beneficiary_2020.csv", 5): "no BENE_ID",
    }


def test_takes_every_line_of_a_vcf_and_tells_short_ones(taken: Home) -> None:
    lines = VCF.decode().splitlines()
    for name in ("plain.vcf", "block.vcf.bgz"):
        rows = [row for row in taken.rows(GenomicsLine) if row.file == f"genomics/d/{name}"]
        assert [row.raw for row in rows] == lines
        assert {row.header for row in rows} == {lines[1]}
    assert not [row for row in taken.rows(GenomicsLine) if row.file.endswith(".tbi")]
    assert defects_of_lines(taken, GenomicsLine) == {
        ("plain.vcf", 4): "wrong column count: 5 fields where the header names 10",
        ("block.vcf.bgz", 4): "wrong column count: 5 fields where the header names 10",
        ("samples.tsv", 3): "wrong column count: 1 fields where the header names 2",
    }


def test_every_line_has_an_id_of_its_own(taken: Home) -> None:
    ids = [row.line_id for table in (EhrLine, ClaimsLine, GenomicsLine) for row in taken.rows(table)]
    assert len(set(ids)) == len(ids)


@pytest.fixture
def home(spark: SparkSession, tmp_path: Path) -> Home:
    return Home(spark, tmp_path)


def test_takes_each_file_once_whatever_happens_between(home: Home) -> None:
    home.put({"ehr/1/Patient.ndjson": patients("a", "b")})
    home.take()
    home.take()
    assert (home.ids(), home.version(EhrLine), home.version(LandedFile)) == (["a", "b"], 1, 1)

    home.put({"ehr/2/Patient.ndjson": patients("c"), "ehr/2/x/Patient.ndjson": patients("d")})
    home.take()
    assert (home.ids(), home.version(EhrLine)) == (["a", "b", "c", "d"], 2)
    last = home.storage.last_commit(EhrLine)
    assert last is not None
    assert last.record is not None
    assert last.record.touched is not None
    assert len(Buckets.decode(last.record.touched)) == 2

    shutil.rmtree(home.checkpoint)
    home.put({"ehr/3/Patient.ndjson": patients("e")})
    home.take()
    assert home.ids() == ["a", "b", "c", "d", "e"]
    assert len(home.rows(LandedFile)) == 4


def test_where_all_is_known_no_book_is_opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.put({"ehr/1/Patient.ndjson": patients("a"), "ehr/1/Patient.ndjson.part": b"x"})
    home.take()
    with monkeypatch.context() as closed:
        closed.setattr(landing, "_close_the_books", None)
        home.take()
    home.put({"ehr/1/Patient.ndjson": patients("b")})
    home.take()
    assert len(home.rows(LandedFile)) == 2


def test_what_is_above_the_landing_zone_does_not_matter(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "export.tmp"
    folder.mkdir()
    home = Home(spark, folder)
    home.put({"ehr/1/Patient.ndjson": patients("a")})
    home.take()
    assert home.ids() == ["a"]


def test_the_hour_that_comes_twice_is_told_apart(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        home.put({"ehr/1/Patient.ndjson": patients("a")})
        os.utime(home.landing / "ehr/1/Patient.ndjson", (1_729_989_000, 1_729_989_000))  # 2024-10-27 00:30 UTC
        home.take()
        home.take()
        told = home.storage.read(LandedFile).selectExpr("unix_timestamp(arrived_at) as at").collect()
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [row.at for row in told] == [1_729_989_000]


def test_a_file_that_was_empty_when_it_was_found_is_refused_when_it_is_filled(home: Home) -> None:
    home.put({"ehr/1/Patient.ndjson": b"", "ehr/1/Other.ndjson": patients("a")})
    home.take()
    home.put({"ehr/1/Patient.ndjson": patients("b")})
    home.take()
    home.take()
    told = [row.defect for row in home.rows(LandedFile) if row.file == "ehr/1/Patient.ndjson"]
    assert sorted(told) == ["changed after it was taken: deliver it under another name", "empty: it has no bytes"]
    assert home.ids() == ["a"]


def test_a_copy_of_the_landing_zone_is_no_change_and_a_digit_is_one(home: Home) -> None:
    """Copies have other times of writing; what was corrected in place may have as many bytes as before."""
    files = {
        "ehr/1/Patient.ndjson": patients("a"),
        "ehr/1/Other.ndjson": patients("b"),
        "ehr/1/notes.pdf": b"-",
        "claims/1/pde.csv": b"BENE_ID|PDE_ID\n1|2\n",
        "claims/1/dme.csv": b"BENE_ID|CLM_ID\n1|2\n",
        "claims/1/hha.csv": b"BENE_ID|CLM_ID\n1|2\n",
        "claims/1/snf.csv": b"BENE_ID|CLM_ID\n",
        "claims/1/carrier.csv": b"BENE_ID|CLM_ID\n1|2\n",
        "ehr/1/cut.ndjson.gz": gzip.compress(patients("d"))[:-9],
        "ehr/1/later cut.ndjson.gz": gzip.compress(patients("e")),
        "ehr/1/emptied.ndjson": patients("f"),
        "genomics/1/plain.vcf": b"#CHROM\tPOS\nchr1\t1\n",
    }
    home.put(files)
    home.take()
    changed = {
        "ehr/1/Other.ndjson": patients("c"),
        "claims/1/dme.csv": b"BENE_ID|CLM_ID\n1|3\n",
        "claims/1/hha.csv": b"BENE_ID|CLM_XX\n1|2\n",
        "claims/1/carrier.csv": b"BENE_XX|CLM_ID\n1|2\n",
        "ehr/1/later cut.ndjson.gz": gzip.compress(patients("e"))[:-9] + bytes(9),
        "ehr/1/emptied.ndjson": b"",
    }
    home.put(files | changed)
    for file in files:
        os.utime(home.landing / file, (1_700_000_000, 1_700_000_000))
    home.take()
    home.take()
    assert len(home.rows(LandedFile)) == 2 * len(files)
    told = {row.file for row in home.rows(LandedFile) if row.defect and row.defect.startswith("changed")}
    assert told == set(changed)
    refused = {row.defect for row in home.rows(LandedFile) if row.file == "ehr/1/cut.ndjson.gz"}
    assert refused == {"truncated: the compressed file ends early, after line 1"}
    assert home.ids() == ["a", "b", "e", "f"]


def test_files_are_named_below_the_landing_zone_however_that_is_named(home: Home) -> None:
    home.put({"ehr/1/Patient.ndjson": patients("a")})
    around = f"file://{home.landing}/../{home.landing.name}/"
    assert [file.name for file in landing.waiting(home.storage, around)] == ["ehr/1/Patient.ndjson"]
    landing.take(home.storage, around, str(home.checkpoint), BUCKETS)
    assert [(row.file, row.defect) for row in home.rows(LandedFile)] == [("ehr/1/Patient.ndjson", None)]


def rename_file(folder: Path) -> None:
    (folder / "1" / "Patient.ndjson.part").rename(folder / "1" / "Patient.ndjson")


def rename_folder(folder: Path) -> None:
    (folder / "_1").rename(folder / "1")


@pytest.mark.parametrize(
    ("unfinished", "finish"), [("1/Patient.ndjson.part", rename_file), ("_1/Patient.ndjson", rename_folder)]
)
def test_takes_a_delivery_when_it_has_its_name(home: Home, unfinished: str, finish: Callable[[Path], None]) -> None:
    home.put({f"ehr/{unfinished}": patients("a")})
    home.take()
    assert home.rows(LandedFile) == []
    finish(home.landing / "ehr")
    home.take()
    assert home.ids() == ["a"]


def test_lines_that_were_taken_and_are_gone_are_missed(home: Home) -> None:
    home.put({"ehr/2026-01-01/Patient.ndjson": patients("a")})
    home.take()
    shutil.rmtree(home.storage.path(EhrLine))
    home.put({"ehr/2026-01-02/Patient.ndjson": patients("b")})
    with pytest.raises(LakehouseError, match="ehr_line is gone"):
        home.take()


def test_a_landing_zone_that_is_missing_is_named(home: Home) -> None:
    home.landing.rmdir()
    with pytest.raises(UsageError, match=f"no landing zone at {home.landing}"):
        home.take()


def test_a_landing_zone_that_is_a_file_is_refused(home: Home) -> None:
    home.landing.rmdir()
    home.landing.write_text("")
    with pytest.raises(UsageError, match=f"{home.landing} is a file"):
        home.take()
