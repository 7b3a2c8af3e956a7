"""VCF files as an independent reader (htslib, by pysam) finds them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pysam.bcftools
import pytest

from lakehouse.errors import UsageError
from lakehouse.synthetic.genomes.calls import MISSING, THOUSANDTHS, Calls, allele_counts
from lakehouse.synthetic.genomes.laboratory import ARRAY, EXOME, IMPUTED
from lakehouse.synthetic.genomes.vcf import FIELDS, vcf_file
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.genome import ABSENT
from tests.synthetic.genomes.lab import called, genotypes

LABELS = np.array([f"LAB{number:09}" for number in range(30)], dtype=object)


def written(folder: Path, calls: Calls, platform: str, windows: int = 3) -> Path:
    path = folder / "calls.vcf.bgz"
    with vcf_file(path, platform, LABELS) as write:
        for rows in np.array_split(np.arange(len(calls.low_quality)), windows):
            write(calls.take(rows))
    return path


def records(path: Path, *region: Any) -> list[Any]:
    with pysam.VariantFile(str(path)) as file:
        return list(file.fetch(*region))


def read_alleles(call: Any) -> list[int]:
    """A call of pysam as Calls has it."""
    told = [MISSING if allele is None else allele for allele in call["GT"]]
    return told if len(told) == 2 else [told[0], ABSENT]


def unphased(alleles: Any) -> list[list[int]]:
    """Genotypes with their alleles in order; the allele that is absent stays behind."""
    return [[one, other] if other == ABSENT else sorted([one, other]) for one, other in alleles.tolist()]


@pytest.mark.parametrize("chrom", ["chr2", "chrX"])
@pytest.mark.parametrize("platform", [EXOME, ARRAY])
def test_what_is_written_is_read_back(
    tmp_path: Path, platform: str, chrom: str, capfd: pytest.CaptureFixture[str]
) -> None:
    calls = called(genotypes(300, 30, chrom), platform, quality=np.full(30, 0.2))
    read = records(written(tmp_path, calls, platform))
    assert capfd.readouterr().err == ""
    assert [record.pos for record in read] == calls.sites.position.tolist()
    assert [record.id or "." for record in read] == calls.sites.name.tolist()
    assert [(record.ref, record.alts) for record in read] == list(
        zip(calls.sites.reference, calls.sites.alternate, strict=True)
    )
    assert [list(record.filter) == ["LowQual"] for record in read] == calls.low_quality.tolist()
    for row, record in enumerate(read):
        assert record.samples.keys() == LABELS.tolist()
        of_row = record.samples.values()
        assert [read_alleles(call) for call in of_row] == unphased(calls.alleles[row])
        assert calls.quality is not None
        assert [call["GQ"] for call in of_row] == calls.quality[row].tolist()
        if calls.depth is not None:
            assert [call["DP"] for call in of_row] == calls.depth[row].tolist()


@pytest.mark.parametrize("chrom", ["chr2", "chrX"])
def test_probabilities_sum_to_one_and_make_the_dosage(tmp_path: Path, chrom: str) -> None:
    calls = called(genotypes(200, 30, chrom), IMPUTED)
    assert calls.probability is not None
    assert calls.accuracy is not None
    for row, record in enumerate(records(written(tmp_path, calls, IMPUTED))):
        assert record.info["R2"] == pytest.approx(calls.accuracy[row], abs=6e-4)
        for column, call in enumerate(record.samples.values()):
            told = [round(probability * THOUSANDTHS) for probability in call["GP"]]
            assert told == calls.probability[row, column, : len(told)].tolist()
            assert len(told) == len(call["GT"]) + 1
            assert sum(told) == THOUSANDTHS
            assert round(call["DS"][0] * THOUSANDTHS) == sum(copies * share for copies, share in enumerate(told))
            assert read_alleles(call) == calls.alleles[row, column].tolist()
            assert call.phased or len(call["GT"]) == 1


def test_counts_are_those_of_the_calls(tmp_path: Path) -> None:
    calls = called(genotypes(300, 30), EXOME, quality=np.full(30, 0.1))
    called_alleles, counts = allele_counts(calls.alleles, 2)
    for row, record in enumerate(records(written(tmp_path, calls, EXOME))):
        told = [allele for call in record.samples.values() for allele in call["GT"] if allele is not None]
        of_each = [told.count(nth + 1) for nth in range(len(record.alts))]
        assert (record.info["AN"], list(record.info["AC"])) == (len(told), of_each)
        assert record.info["AN"] == called_alleles[row]
        assert list(record.info["AC"]) == counts[row, : len(of_each)].tolist()
        if told:
            assert list(record.info["AF"]) == pytest.approx([count / len(told) for count in of_each], abs=1e-4)


def test_a_site_without_any_call_has_no_frequency(tmp_path: Path) -> None:
    calls = called(genotypes(12, 30))
    nothing = replace(calls, alleles=np.full_like(calls.alleles, MISSING))
    for record in records(written(tmp_path, nothing, EXOME)):
        assert record.info["AN"] == 0
        assert set(record.info["AF"]) == {None}


def test_bcftools_counts_what_the_calls_are(tmp_path: Path) -> None:
    calls = called(genotypes(300, 30), EXOME, quality=np.full(30, 0.2))
    told = [
        line.split("\t") for line in pysam.bcftools.stats("-s", "-", str(written(tmp_path, calls, EXOME))).splitlines()
    ]
    summary = {line[2]: int(line[3]) for line in told if line[0] == "SN"}
    alleles = [(ref, *alts) for ref, alts in zip(calls.sites.reference, calls.sites.alternate, strict=True)]
    snps = sum(all(len(allele) == 1 for allele in site) for site in alleles)
    assert summary == {
        "number of samples:": 30, "number of records:": 300, "number of no-ALTs:": 0, "number of SNPs:": snps,
        "number of MNPs:": 0, "number of indels:": 300 - snps, "number of others:": 0,
        "number of multiallelic sites:": sum(len(site) > 2 for site in alleles),
        "number of multiallelic SNP sites:": sum(len(site) > 2 and max(map(len, site)) == 1 for site in alleles),
    }  # fmt: skip
    of_sample = {line[2]: (int(line[3]), int(line[13])) for line in told if line[0] == "PSC"}
    is_reference, is_missing = ((calls.alleles == allele).all(axis=2).sum(axis=0) for allele in (0, MISSING))
    assert of_sample == dict(zip(LABELS, zip(is_reference.tolist(), is_missing.tolist(), strict=True), strict=True))


def test_the_index_finds_a_region(tmp_path: Path) -> None:
    calls = called(genotypes(300, 30))
    path, position = written(tmp_path, calls, EXOME), calls.sites.position
    first, last = int(position[100]), int(position[140])
    # A deletion that begins before the region reaches into it.
    found = [record.pos for record in records(path, "chr2", first - 1, last) if record.pos >= first]
    assert found == position[100:141].tolist()
    assert records(path, "chr3") == []


@pytest.mark.parametrize("platform", FIELDS)
def test_headers_name_the_reference_and_every_field(tmp_path: Path, platform: str) -> None:
    calls = called(genotypes(10, 30), platform)
    with pysam.VariantFile(str(written(tmp_path, calls, platform))) as file:
        header, record = file.header, next(iter(file))
        assert header.version == "VCFv4.2"
        assert {name: contig.length for name, contig in header.contigs.items()} == {
            row["chrom"]: int(row["length"]) for row in table("chromosomes")
        }
        assert set(record.format) == set(header.formats)
        assert set(record.info) == set(header.info)
        assert set(header.filters) == {"PASS", "LowQual"}


def test_equal_calls_make_equal_files(tmp_path: Path) -> None:
    calls = called(genotypes(100, 30))
    contents = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        path = written(tmp_path / name, calls, EXOME)
        contents.append((path.read_bytes(), path.with_name("calls.vcf.bgz.tbi").read_bytes()))
    assert contents[0] == contents[1]


def test_windows_make_the_lines_of_the_whole(tmp_path: Path) -> None:
    calls = called(genotypes(100, 30))
    texts = []
    for windows in (1, 7):
        with pysam.BGZFile(str(written(tmp_path, calls, EXOME, windows))) as file:
            texts.append(file.read())
    assert texts[0] == texts[1]


def test_without_pysam_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysam", None)
    with pytest.raises(UsageError, match="synthetic"), vcf_file(tmp_path / "a.vcf.bgz", EXOME, LABELS):
        pass
