"""Files that mean harm are refused with the reason, or taken line by line; none is lost, and nothing is executed."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze import landing, unsafe_file
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.bronze.genomics.vcf_record import VcfRecord
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.storage import Storage
from tests.conftest import BUCKETS
from tests.support import FromNothing

NAMES = (
    "'; drop table silver.person; --",
    "a' or '1'='1",
    "a`b",
    'a"b',
    "a$(touch bait)b",
    "a;touch bait;b",
    "a|b",
    "a&b",
    "a>b",
    "a\\b",
    "a%2e%2e%2fb",
    "%00",
    "a%b",
    "a+b",
    "a b",
    " a",
    "a ",
    "a#b",
    "a?b",
    "a*b",
    "a[b]c",
    "a{b,c}d",
    "a=b",
    "a@b",
    "a~b",
    "~a",
    "-a",
    "--help",
    "a\tb",
    "a\nb",
    "a\rb",
    "\u202ea",
    "\u00e9",
    "e\u0301",
    "\U0001f9ec",
    "\ufeffa",
    "CON",
    "a..b",
    "a.ndjson.exe",
    "a" * 200,
    "a.ndjson.gz.ndjson",
    "{{a}}",
    "${a}",
    "<script>",
    "a,b",
    "a!b",
    "a^b",
    "NULL",
)
"""What files are named before .ndjson; each holds a patient."""

IDS = (
    "'; drop table x; --",
    "../../etc/passwd",
    "a'b",
    'a\\"b',
    "a\\\\b",
    "${jndi:ldap://127.0.0.1/a}",
    "<b>",
    "%s",
    "{0}",
    "a\\u0000b",
    "a\\nb",
    "\\u202ea",
    "\u00e9",
    " ",
    "a/b",
    "a|b",
    "a#b",
    "__proto__",
    "null",
    "a" * 10_000,
    "-1",
    "1e400",
    "\\ud800",
)
"""Ids of patients, as JSON writes them."""

LINES = (
    "[" * 100_000,
    '{"a":' * 100_000,
    "{" * 1_000,
    '{"resourceType": "Patient", "id": "x", "name": ' + "[" * 5_000,
    '{"resourceType": {"a": 1}, "id": "x"}',
    '{"resourceType": ["Patient"], "id": "x"}',
    '{"resourceType": "../../../etc", "id": "x"}',
    '{"resourceType": "Patient=1/x", "id": "x"}',
    '{"resourceType": "", "id": "x"}',
    '{"resourceType": "Patient", "id": null}',
    '{"resourceType": "P\\u0000", "id": "x"}',
    "NaN",
    "Infinity",
    "null",
    "true",
    '"text"',
    "0",
    "// comment",
    "<xml/>",
    "\x00\x00\x00",
    "\x1b[2J",
    "!!python/object/apply:os.system ['true']",
    "cos system (S'true' tR.",
)
"""Lines that are no resources."""

FIELDS = (
    '{"birthDate": "9999-99-99"}',
    '{"birthDate": 5}',
    '{"birthDate": {"a": 1}}',
    '{"name": "text"}',
    '{"name": [[[[1]]]]}',
    '{"name": [{"family": {"a": 1}}]}',
    '{"name": [{"family": "x", "given": "y"}]}',
    '{"identifier": 7}',
    '{"address": [null, 1, "x"]}',
    '{"telecom": [{"value": ["a"]}]}',
    '{"meta": {"lastUpdated": "yesterday"}}',
    '{"meta": 5}',
    '{"meta": {"lastUpdated": 1e400}}',
    '{"deceasedBoolean": "maybe"}',
    '{"extension": {"url": "x"}}',
    '{"multipleBirthInteger": 99999999999999999999}',
    '{"__class__": "x", "constructor": {"prototype": {}}}',
    '{"' + "k" * 100_000 + '": 1}',
    '{"name": [{"family": "' + "x" * 1_000_000 + '"}]}',
)
"""What resources of patients hold beside their type and id."""


@pytest.fixture(scope="module")
def home(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> FromNothing:
    folder = tmp_path_factory.mktemp("hostile")
    zone, outside = folder / "landing", folder / "outside"
    ehr = zone / "ehr/d"
    ehr.mkdir(parents=True)
    outside.mkdir()
    for nth, name in enumerate(NAMES):
        (ehr / f"{name}.ndjson").write_text(f'{{"resourceType": "Patient", "id": "file{nth}"}}\n')
    (ehr / "ids.ndjson").write_text("".join(f'{{"resourceType": "Patient", "id": "{name}"}}\n' for name in IDS))
    (ehr / "lines.ndjson").write_text("".join(f"{line}\n" for line in LINES))
    resources = [f'{{"resourceType": "Patient", "id": "field{n}", {f[1:]}\n' for n, f in enumerate(FIELDS)]
    (ehr / "fields.ndjson").write_text("".join(resources))
    (ehr / "a:b.ndjson").write_text('{"resourceType": "Patient", "id": "never"}\n')
    _links(zone, outside)
    _packed(ehr)
    (zone / "claims/d").mkdir(parents=True)
    (zone / "claims/d/carrier.csv").write_text("BENE_ID|CLM_ID\n" + "".join(f"{name}|x\n" for name in CLAIMS))
    (zone / "claims/d/snf.csv").write_bytes(b"BENE_ID|" + b"x" * (unsafe_file.LONGEST_LINE + 1))
    (zone / "genomics/d").mkdir(parents=True)
    (zone / "genomics/d/x.vcf").write_text("".join(f"{line}\n" for line in (*VCF_HEADER, *VCF)))
    storage = Storage(spark, f"{folder}/tables")
    landing.take(storage, str(zone), f"{folder}/checkpoint", BUCKETS)
    return FromNothing(storage)


CLAIMS = (
    "'; drop table x; --",
    '"',
    '"a',
    "a,b",
    "=cmd()",
    "+1",
    "@x",
    "\\N",
    "\\",
    "\x00",
    "é",
    "../..",
    "x" * 100_000,
)
VCF_HEADER = ("##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1")
VCF = (
    "chr1\t99999999999\t.\tA\tC\t.\t.\t.\tGT\t0/1",
    "chr1\t-1\t.\tA\tC\t.\t.\t.\tGT\t0/1",
    "chr1\tx\t.\tA\tC\t.\t.\t.\tGT\t0/1",
    "../x\t1\t.\tA\tC\t.\t.\t.\tGT\t0/1",
    "chr1\t1\t.\t<script>\tC\t.\t.\t.\tGT\t0/1",
    "chr1\t1\t.\tA\tC\t1e999\t.\t.\tGT\t0/1",
    "chr1\t1\t.\tA\tC\t.\t.\t.\tGT\t99999999999/0",
    "chr1\t1\t.\tA\tC\t.\t.\t.\tGT\t" + "0/" * 10_000 + "0",
    "chr1\t1\t.\tA\tC",
    "\t" * 9,
    "chr1\t1\t.\t" + "A" * 100_000 + "\tC\t.\t.\t.\tGT\t0/1",
)


def _links(zone: Path, outside: Path) -> None:
    secret = outside / "secret.ndjson"
    secret.write_text('{"resourceType": "Patient", "id": "outside"}\n')
    ehr = zone / "ehr/d"
    (ehr / "link.ndjson").symlink_to(secret)
    (ehr / "relative.ndjson").symlink_to("../../../outside/secret.ndjson")
    (ehr / "passwd.ndjson").symlink_to("/etc/passwd")
    (ehr / "folder").symlink_to(outside)
    (zone / "ehr/e").symlink_to(outside)
    (ehr / "within.ndjson").symlink_to(ehr / "ids.ndjson")


def _packed(ehr: Path) -> None:
    (ehr / "bomb.ndjson.gz").write_bytes(_gzipped(b"\n" * (1 << 20), 1_100))
    (ehr / "line.ndjson.gz").write_bytes(_gzipped(b"x" * (1 << 20), 129))
    later = gzip.compress(b'{"resourceType": "Patient", "id": "p"}\n') + _gzipped(b"x" * (1 << 20), 129)
    (ehr / "later.ndjson.gz").write_bytes(later)
    (ehr / "text.ndjson.gz").write_text('{"resourceType": "Patient", "id": "never"}\n')
    (ehr / "cut.ndjson.gz").write_bytes(gzip.compress(os.urandom(10_000))[:-100])
    (ehr / "zip.ndjson.gz").write_bytes(b"PK\x03\x04" + bytes(100))
    with (ehr / "line.ndjson").open("wb") as file:  # a hole of a gigabyte, which takes no room on the disk
        file.write(b'{"resourceType": "Patient", "id": "before"}\n')
        file.seek(1 << 30)
        file.write(b"\n")


def _gzipped(piece: bytes, times: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(piece) for _ in range(times)) + packer.flush()


def defects(home: FromNothing) -> dict[str, str | None]:
    """What is wrong with each file, by its name without the folders."""
    return {row.file.split("/d/")[-1]: row.defect for row in home[LandedFile].collect()}


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("link.ndjson", "out of the landing zone"), ("relative.ndjson", "out of the landing zone"),
        ("passwd.ndjson", "out of the landing zone"), ("folder/secret.ndjson", "out of the landing zone"),
        ("ehr/e/secret.ndjson", "out of the landing zone"), ("bomb.ndjson.gz", "unpacks to more than 300 times"),
        ("line.ndjson.gz", "a line of more than 128 MB"), ("later.ndjson.gz", "a line of more than 128 MB"),
        ("line.ndjson", "a line of more than 128 MB"), ("snf.csv", "a line of more than 128 MB"),
        ("text.ndjson.gz", "not a valid compressed file"), ("zip.ndjson.gz", "not a valid compressed file"),
        ("cut.ndjson.gz", "truncated"), ("a:b.ndjson", "a colon in its name"),
    ],
)  # fmt: skip
def test_a_file_that_would_do_harm_is_refused_with_the_reason(home: FromNothing, file: str, told: str) -> None:
    assert told in (defects(home)[file] or "")


def test_a_link_within_the_landing_zone_is_a_file(home: FromNothing) -> None:
    assert defects(home)["within.ndjson"] is None


def test_each_file_is_taken_whatever_its_name(home: FromNothing) -> None:
    taken = {row.resource_id for row in home[EhrLine].collect()}
    assert [name for nth, name in enumerate(NAMES) if f"file{nth}" not in taken] == []
    assert not taken & {"outside", "never", "before"}


def test_each_id_is_taken_as_it_is(home: FromNothing) -> None:
    rows = home[EhrLine].filter("file like '%/ids.ndjson'").collect()
    assert len(rows) == len(IDS)
    unread = {row.raw for row in rows if row.defect}
    expected = {json.loads(f'"{name}"') for name in IDS} - {"\ud800"}
    assert {row.resource_id for row in rows if not row.defect} >= expected
    assert len(unread) <= 1


def test_each_line_that_is_no_resource_is_told(home: FromNothing) -> None:
    rows = home[EhrLine].filter("file like '%/lines.ndjson'").collect()
    assert len(rows) == len(LINES)
    assert [row.raw[:60] for row in rows if not row.defect] == []


def test_each_resource_is_read_or_refused(home: FromNothing) -> None:
    unread = home[EhrLine].filter("file like '%/fields.ndjson' and defect is not null").count()
    assert home[Patient].count() > 0
    assert home.flagged[Patient].filter("resource_id like 'field%'").count() + unread == len(FIELDS)


def test_each_claim_and_variant_is_read_or_refused(home: FromNothing) -> None:
    assert home[ClaimsLine].filter("file like '%carrier.csv'").count() == len(CLAIMS)
    home[VcfRecord].count()
    assert home.flagged[VcfRecord].count() == len(VCF) - 1  # one has too few fields, as its line tells
