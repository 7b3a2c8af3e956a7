"""Generated files: the same however they are made, whole or not there, and read by bronze to the last line."""

from __future__ import annotations

import gzip
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from lakehouse.bronze import landing as landing_zone
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.genomics.sample_manifest import SampleManifest
from lakehouse.bronze.genomics.vcf_record import VcfRecord
from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.bronze.unreadable import Unreadable
from lakehouse.cli import app
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.storage import Storage
from lakehouse.synthetic import deliveries, generate, parts
from lakehouse.synthetic.claims import FILES
from lakehouse.synthetic.ehr import RESOURCES
from lakehouse.synthetic.folders import Folder
from lakehouse.synthetic.frames import FRAME, TRUE_SAMPLE, UNION
from lakehouse.synthetic.generate import Generated, Generation
from lakehouse.synthetic.genomes import panels
from lakehouse.synthetic.genomes.samples import batches
from lakehouse.synthetic.staging import Progress
from lakehouse.synthetic.world import BLOCK, Genotyping, Planted, World
from tests.support import FromNothing
from tests.synthetic import thin

WORLD = World(
    2_000, 7, date(2022, 1, 1), date(2024, 12, 31), deliveries=2, planted=Planted(defects=0, lab_errors=0),
    genotyping=Genotyping(share=0),
)  # fmt: skip
"""A world whose lines can all be read, of whose genomes nothing is told."""

GENOTYPED = replace(WORLD, genotyping=Genotyping(sites=1_100))

DAYS = ["2024-11-01", "2024-12-01", "2025-01-01"]
FEW = (
    "ehr/Patient", "ehr/Condition", "ehr/Organization", "claims/pde", "claims/beneficiary", "truth/true_person",
    "truth/planted",
)  # fmt: skip
"""Parts of every sort; all of them are written by the slow test."""

OF_GENOMES = ("genomics/calls", "truth/true_sample", "truth/trait_effects")

Make = Callable[..., Generation]
Lines = dict[str, list[str]]


class Killed(BaseException):
    """As if the process was killed."""


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blocks")
    thin.simulate(folder, GENOTYPED)
    return folder


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    _only(monkeypatch)


def _only(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...] = FEW) -> None:
    monkeypatch.setattr(generate, "parts_of", lambda *of: [p for p in parts.parts_of(*of) if p.name in names])


@pytest.fixture(scope="module")
def make(spark: SparkSession, blocks: Path) -> Make:
    """A generation into a folder, of thin blocks."""

    def made(
        folder: Path, world: World = WORLD, partitions: int = 3, on_progress: Progress = lambda what, done, total: None
    ) -> Generation:
        session = spark.newSession()
        session.conf.set("spark.sql.shuffle.partitions", partitions)
        session.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
        session.conf.set("spark.sql.files.maxPartitionBytes", 2**20 // partitions)
        landing, truth, scratch = (str(folder / name) for name in ("landing", "truth", "scratch"))
        return Generation(session, world, landing, truth, scratch, on_progress, partial(thin.record, blocks))

    return made


@pytest.fixture(scope="module")
def whole(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A population that was generated at once."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as monkeypatch:
        _only(monkeypatch)
        generation = make(folder)
        generated = generation.write()
        generation.clear()
    lines = _lines(folder / "landing")
    told = Counter({name.rpartition("/")[2].partition(".")[0]: 0 for name in lines})
    for name, found in lines.items():
        told[name.rpartition("/")[2].partition(".")[0]] += len(found) - name.endswith(".csv")
    assert told == {name.partition("/")[2]: rows for name, rows in generated.rows.items() if "truth" not in name}
    assert generated.files == len(lines)
    return folder


@pytest.fixture(scope="module")
def genomes(make: Make, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Generated]:
    """A population whose genomes alone were written, at once; its founders are kept."""
    folder = tmp_path_factory.mktemp("genomes")
    with pytest.MonkeyPatch.context() as monkeypatch:
        _only(monkeypatch, OF_GENOMES)
        return folder, make(folder, GENOTYPED).write()


def _lines(landing: Path) -> Lines:
    """The sorted lines of each file that landed, hidden ones left out."""
    files = [
        file
        for file in landing.rglob("*")
        if file.is_file() and not re.search(r"/[._]", str(file)[len(str(landing)) :])
    ]
    return {str(file.relative_to(landing)): sorted(_text(file).splitlines()) for file in files}


def _text(file: Path) -> str:
    return (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode()


def _truth(spark: SparkSession, folder: Path, table: str) -> list[tuple[object, ...]]:
    return sorted(map(tuple, spark.read.parquet(f"{folder}/truth/{table}").collect()), key=str)


def _owner(name: str, line: str, header: list[str]) -> str | None:
    """Whose line it is; None for a header and for what is of nobody."""
    if name.endswith(".csv"):
        fields = line.split("|")
        return None if fields == header else fields[header.index("BENE_ID")]
    if "/Patient." in name:
        found = re.search(r'^{"resourceType":"Patient","id":"([^"]+)"', line)
    else:
        found = re.search(r'"reference":"Patient/([^"]+)"', line)
    return found.group(1) if found else None


def _of(lines: Lines, owners: set[str | None] | None = None) -> Counter[tuple[str, str]]:
    """Lines with the kind of file and delivery that they are in, of these owners."""
    told: Counter[tuple[str, str]] = Counter()
    for name, found in lines.items():
        header = next((line.split("|") for line in found if "BENE_ID" in line), [])
        kind = re.sub(r"\.\d+\.", ".", name)
        told.update((kind, line) for line in found if owners is None or _owner(name, line, header) in owners)
    return told


def _owners(lines: Lines) -> set[str | None]:
    headers = {
        name: next((line.split("|") for line in found if "BENE_ID" in line), []) for name, found in lines.items()
    }
    return {_owner(name, line, headers[name]) for name, found in lines.items() for line in found}


# --- the same, however it is made ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.slow), 16])
def test_partitions_change_no_line_of_any_file(
    spark: SparkSession, make: Make, whole: Path, tmp_path: Path, partitions: int
) -> None:
    make(tmp_path, partitions=partitions).write()
    assert _lines(tmp_path / "landing") == _lines(whole / "landing")
    assert _truth(spark, tmp_path, "true_person") == _truth(spark, whole, "true_person")


@pytest.mark.usefixtures("few")
def test_the_first_of_more_people_are_the_same_in_any_batch(
    make: Make, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "BATCH_BLOCKS", 1)
    make(tmp_path, replace(WORLD, people=1_010)).write()
    fewer, more = _lines(tmp_path / "landing"), _lines(whole / "landing")
    owners = _owners(fewer)
    assert 40 <= len(owners) < len(_owners(more))
    assert set(_of(fewer)) == set(_of(more, owners))


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_another_seed_is_another_population(make: Make, blocks: Path, whole: Path, tmp_path: Path) -> None:
    other = replace(WORLD, people=1_000, seed=8)
    thin.simulate(blocks, other)
    make(tmp_path, other).write()
    found, before = _of(_lines(tmp_path / "landing")), _of(_lines(whole / "landing"))
    assert {line for _, line in found.keys() & before.keys() if "BENE_ID" not in line and '"pay"' not in line} == set()


@pytest.mark.usefixtures("few")
def test_killed_again_and_again_it_ends_as_undisturbed(
    spark: SparkSession, make: Make, whole: Path, tmp_path: Path
) -> None:
    def when_simulated(what: str, done: int, total: int) -> None:
        _kill_if((what, done) == ("blocks", total))

    def when_half_written(what: str, done: int, total: int) -> None:
        _kill_if(what == "parts" and done >= 3)

    for stop in (when_simulated, when_half_written):
        _killed(make(tmp_path, on_progress=stop))
        assert _lines(tmp_path / "landing") == {}
    for at in ("Patient.1", "_2024-12-01", "_true_person/"):
        with pytest.MonkeyPatch.context() as killing:
            killing.setattr(Folder, "move", _killed_at(at))
            _killed(make(tmp_path))
        assert _lines(tmp_path / "landing").items() <= _lines(whole / "landing").items()

    generation = make(tmp_path)
    assert not generation.write().was_there
    generation.clear()
    assert _lines(tmp_path / "landing") == _lines(whole / "landing")
    assert _truth(spark, tmp_path, "true_person") == _truth(spark, whole, "true_person")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(file.name for file in whole.iterdir())


@pytest.mark.slow
def test_genomes_are_the_same_bytes_on_other_partitions_and_after_a_kill(
    make: Make, genomes: tuple[Path, Generated], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, OF_GENOMES)
    folder, _ = genomes
    expected = _calls(folder)
    shutil.copytree(folder / "scratch", tmp_path / "scratch")

    def when_half_written(what: str, done: int, total: int) -> None:
        _kill_if(what == "parts" and any(tmp_path.rglob("part-chr*.vcf.bgz")))

    _killed(make(tmp_path, GENOTYPED, partitions=1, on_progress=when_half_written))
    assert _calls(tmp_path) == {}
    assert 0 < len(list(tmp_path.rglob("part-chr*.vcf.bgz"))) < len(expected) // 2
    assert not make(tmp_path, GENOTYPED, partitions=16).write().was_there
    assert _calls(tmp_path) == expected


def _calls(folder: Path) -> dict[str, bytes]:
    """The bytes of each file of genomes that landed."""
    landed = folder / "landing" / "genomics"
    return {str(file.relative_to(landed)): file.read_bytes() for file in landed.rglob("*") if file.is_file()}


def _kill_if(reached: bool) -> None:
    if reached:
        raise Killed


def _killed(generation: Generation) -> None:
    with pytest.raises(Killed):
        generation.write()


def _killed_at(place: str) -> Callable[[Folder, str, str], None]:
    """A `move` that works until a name with that in it is given or taken."""
    real = Folder.move

    def move(folder: Folder, name: str, to: str) -> None:
        _kill_if(place in name or place in to)
        real(folder, name, to)

    return move


def test_frames_tell_the_batch_of_a_sample_whatever_batch_its_person_is_written_in(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "BATCH_BLOCKS", 1)
    frames = make(tmp_path, GENOTYPED).frames()
    assert sorted(frames.columns) == sorted(UNION)
    told = frames.where(frames[FRAME] == TRUE_SAMPLE.name).select("batch", "person").collect()
    assert {row.person // BLOCK for row in told} == {0, 1}
    names = {block: {batch.name for batch in batches(GENOTYPED, range(block, block + 1))} for block in (0, 1)}
    assert [row for row in told if row.batch not in names[row.person // BLOCK]] == []


@pytest.mark.usefixtures("few")
def test_again_does_nothing(make: Make, whole: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in whole.rglob("*")}
    generated = make(whole).write()
    assert generated.was_there
    assert generated.count("ehr") > 0
    assert {file: file.stat().st_mtime_ns for file in whole.rglob("*")} == before


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_founders_are_simulated_for_genomes_that_are_missing_only(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "simulate", lambda *of: _kill_if(True))
    make(tmp_path, GENOTYPED).write()


# --- what lands ----------------------------------------------------------------------------------------------------


def test_there_is_a_folder_a_delivery(whole: Path) -> None:
    for world in ("ehr", "claims"):
        assert sorted(folder.name for folder in (whole / "landing" / world).iterdir()) == DAYS


def test_nothing_hidden_is_delivered(whole: Path) -> None:
    hidden = {str(file.relative_to(whole)) for file in whole.rglob("*") if file.name.startswith((".", "_"))}
    assert hidden == {"landing/_generation.json"}


def test_a_delivery_has_one_version_of_a_resource(whole: Path) -> None:
    for name, found in _lines(whole / "landing").items():
        if name.startswith("ehr/"):
            ids = [match.group(1) for line in found if (match := re.search(r'"id":"([^"]+)"', line))]
            assert len(set(ids)) == len(found)


def test_a_delivery_tells_what_was_known_before_its_day(whole: Path) -> None:
    lines = _lines(whole / "landing")
    for name, found in lines.items():
        if name.startswith("ehr/"):
            updated = {line.partition('"lastUpdated":"')[2][:10] for line in found}
            day = name.split("/")[1]
            assert max(updated) < day
            assert day == DAYS[0] or min(updated) >= DAYS[DAYS.index(day) - 1]


def _records(landing: Path, file: str) -> list[dict[str, str]]:
    """The lines of a kind of RIF file as mappings of their fields, with `delivery` and `payer`."""
    found = []
    for path in sorted((landing / "claims").glob(f"*/*/{file}.*.csv")):
        header, *lines = (line.split("|") for line in path.read_text(encoding="utf-8").splitlines())
        place = {"delivery": path.parts[-3], "payer": path.parts[-2]}
        found += [{**dict(zip(header, line, strict=True)), **place} for line in lines]
    return found


def test_a_version_of_a_claim_is_final_until_a_later_one_is_delivered(whole: Path) -> None:
    versions: dict[tuple[str, str], dict[str, list[str]]] = {}
    for record in _records(whole / "landing", "pde"):
        of_claim = versions.setdefault((record["payer"], record["CLM_GRP_ID"]), {})
        of_claim.setdefault(record["delivery"], []).append(record["FINAL_ACTION"])
    for told in versions.values():
        for actions in told.values():
            assert sorted(actions) == ["F", *["N"] * (len(actions) - 1)]
    assert any("N" in actions for told in versions.values() for actions in told.values())
    assert any(len(told) > 1 for told in versions.values())


def test_a_delivery_has_one_line_of_a_beneficiary_and_year(whole: Path) -> None:
    records = _records(whole / "landing", "beneficiary")
    lines = [(record["delivery"], record["payer"], record["BENE_ID"], record["RFRNC_YR"]) for record in records]
    assert len(set(lines)) == len(lines)
    first: dict[tuple[str, str], str] = {}
    for record in records:
        delivered = first.setdefault((record["payer"], record["BENE_ID"]), record["delivery"])
        assert record["DML_IND"] == ("INSERT" if record["delivery"] == delivered else "UPDATE")


def test_genomes_land_in_batches_that_bronze_reads(
    spark: SparkSession, genomes: tuple[Path, Generated], tmp_path: Path
) -> None:
    folder, generated = genomes
    samples = spark.read.parquet(f"{folder}/truth/true_sample").collect()
    batches = [batch for batch in (folder / "landing/genomics").glob("*/*") if batch.parent.name in DAYS]
    assert {batch.name for batch in batches} == {sample.batch for sample in samples}
    chroms = [*(f"chr{number}" for number in range(1, 23)), "chrX"]
    files = [f"{chrom}.vcf.bgz{index}" for chrom in chroms for index in ("", ".tbi")]
    for batch in batches:
        assert sorted(file.name for file in batch.iterdir()) == sorted([*files, "samples.tsv"])
    storage = Storage(spark, f"{tmp_path}/tables")
    landing_zone.take(storage, f"{folder}/landing", f"{tmp_path}/checkpoint", 16)
    bronze = FromNothing(storage)
    assert bronze[Unreadable].groupBy("reason").count().collect() == []
    assert bronze[VcfRecord].count() == generated.rows["genomics/calls"] == 1_100 * len(batches)
    assert bronze[VcfSample].select("sample_id").distinct().count() == bronze[SampleManifest].count() == len(samples)


def test_truth_says_what_is_planted(spark: SparkSession, whole: Path) -> None:
    assert ("genetics", 1.0) in _truth(spark, whole, "planted")
    assert len(_truth(spark, whole, "true_person")) == 2 * thin.PERSONS


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_defects_of_lines_are_counted(spark: SparkSession, make: Make, tmp_path: Path) -> None:
    generated = make(tmp_path, replace(WORLD, people=1_000, planted=Planted(defects=20.0))).write()
    assert generated.rows["truth/true_defect"] == len(_truth(spark, tmp_path, "true_defect")) > 0


@pytest.mark.slow
def test_bronze_reads_every_line(spark: SparkSession, make: Make, tmp_path: Path) -> None:
    generated = make(tmp_path).write()
    storage = Storage(spark, f"{tmp_path}/tables")
    landing_zone.take(storage, f"{tmp_path}/landing", f"{tmp_path}/checkpoint", 65_536)
    for table in (LandedFile, EhrLine, ClaimsLine):
        assert storage.read(table).filter("defect is not null").count() == 0
    assert storage.read(LandedFile).count() == generated.files
    ehr, claims = storage.read(EhrLine), storage.read(ClaimsLine)
    assert (ehr.count(), claims.count()) == (generated.count("ehr"), generated.count("claims"))
    types = {row.resource_type for row in ehr.select("resource_type").distinct().collect()}
    assert types == set(RESOURCES)
    assert {row.file_kind for row in claims.select("file_kind").distinct().collect()} <= set(FILES)


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few")
def test_another_world_is_refused_with_what_differs(make: Make, whole: Path) -> None:
    other = replace(WORLD, people=2_001)
    with pytest.raises(UsageError, match=r"another population \(people 2000, not 2001\): name another with --landing"):
        make(whole, other).write()


@pytest.mark.parametrize(("filled", "option"), [("landing", "--landing DIR"), ("truth", "--set truth=DIR")])
def test_what_was_not_generated_is_left_alone(make: Make, tmp_path: Path, filled: str, option: str) -> None:
    (tmp_path / filled / "ehr").mkdir(parents=True)
    with pytest.raises(UsageError, match=f"{filled} .*is not empty.* name another with {option}"):
        make(tmp_path).write()
    assert not (tmp_path / "landing" / "_generation.json").exists()


@pytest.mark.parametrize("scheme", ["hdfs", "wasbs"])
def test_where_workers_cannot_write_nothing_is_begun(spark: SparkSession, tmp_path: Path, scheme: str) -> None:
    with pytest.raises(LakehouseError, match=rf"Python cannot write to {scheme}://.*: generate on a disk"):
        Generation(spark, WORLD, str(tmp_path), str(tmp_path), f"{scheme}://nowhere/scratch")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--people", "0"), ["--people", "greater than or equal to 1"]),
        (("--people", "some"), ["--people"]),
        (("--from", "2020-13-01"), ["--from", "month"]),
        (("--until", "2018-12-31"), ["--until 2018-12-31 must not be before --from 2019-01-01"]),
        (("--deliveries", "weekly:3"), ["--deliveries", "monthly:"]),
        (("--deliveries", "monthly:84"), ["monthly:84 is more", "at most monthly:83"]),
        (("--set", "synthetic.planted.genetic=0"), ["did you mean 'genetics'", "adverse_reactions"]),
        (("--set", "synthetic.planted.genetics=-1"), ["greater than or equal to 0"]),
        (("--set", "synthetic.seed=some"), ["synthetic.seed", "'some'"]),
    ],
)
def test_wrong_arguments_are_refused_with_what_is_allowed(
    tmp_path: Path, arguments: tuple[str, ...], told: list[str]
) -> None:
    done = CliRunner().invoke(app, ["generate", "--home", str(tmp_path), *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert [part for part in told if part not in done.stderr] == []


@pytest.mark.parametrize(
    ("end", "count", "days"),
    [
        (date(2025, 12, 31), 1, [date(2025, 12, 1), date(2026, 1, 1)]),
        (date(2024, 3, 30), 1, [date(2024, 2, 29), date(2024, 3, 31)]),
        (date(2024, 6, 14), 0, [date(2024, 6, 15)]),
    ],
)
def test_deliveries_are_a_month_apart_and_end_the_day_after(end: date, count: int, days: list[date]) -> None:
    assert list(deliveries.days(World(begin=date(2023, 1, 1), end=end, deliveries=count))) == days
