"""Whatever form the files have, and of whatever platform they are, the same genotypes are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.session import start_hail
from lakehouse.synthetic.genetics.landed import of_batch
from lakehouse.synthetic.genomes.calls import Calls
from lakehouse.synthetic.genomes.laboratory import ARRAY, GENOME, IMPUTED, PLINK
from lakehouse.synthetic.genomes.plink import plink_files
from lakehouse.synthetic.genomes.vcf import vcf_file
from lakehouse.synthetic.world import Genotyping, World
from tests.synthetic.genomes.lab import called, genotypes, samples_of, sexes

OF = genotypes(60, 12)
SAMPLES = samples_of(OF.persons)


def _read(path: Path, form: str = "vcf") -> dict[str, list[int | None]]:
    """Copies of each alternate allele."""
    matrix = of_batch(World(genotyping=Genotyping(form=form)), [str(path)])
    assert matrix.key_cols_by().cols().sample_id.collect() == SAMPLES.sample_id.tolist()
    return {
        f"{row.locus}:{row.alleles}": [None if call.GT is None else call.GT.n_alt_alleles() for call in row.calls]
        for row in matrix.localize_entries("calls").collect()
    }


def _plink(path: Path, calls: Calls) -> Path:
    with plink_files(path / "chr2", SAMPLES.sample_id, sexes(SAMPLES)) as write:
        write(calls)
    return path / "chr2.bed"


@pytest.mark.parametrize(
    "platform", [GENOME, pytest.param(ARRAY, marks=pytest.mark.slow), pytest.param(IMPUTED, marks=pytest.mark.slow)]
)
def test_vcf_and_plink_tell_the_same_of_what_is_good(spark: SparkSession, tmp_path: Path, platform: str) -> None:
    start_hail(spark)
    calls = called(OF, platform)
    with vcf_file(tmp_path / "chr2.vcf.bgz", platform, SAMPLES.sample_id) as write:
        write(calls)
    of_vcf, of_plink = _read(tmp_path / "chr2.vcf.bgz"), _read(_plink(tmp_path, calls), PLINK)
    assert 50 < len(of_vcf) <= len(of_plink) == 66
    told = [
        (one, other)
        for variant in of_vcf
        for one, other in zip(of_vcf[variant], of_plink[variant], strict=True)
        if one is not None
    ]
    assert len(told) > 500
    assert all(one == other for one, other in told)


def test_alleles_with_a_base_too_many_before_them_are_those_without_it(spark: SparkSession, tmp_path: Path) -> None:
    start_hail(spark)
    columns = ["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "one", "two"]
    lines = [
        ["chr2", "100", ".", "CC", "CT", ".", "PASS", ".", "GT", "0/1", "1/1"],
        ["chr2", "200", ".", "A", "G,T", ".", "PASS", ".", "GT", "1/2", "0/2"],
    ]
    header = ["##fileformat=VCFv4.2", '##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">']
    (tmp_path / "chr2.vcf").write_text(
        "\n".join([*header, "#" + "\t".join(columns), *map("\t".join, lines)]) + "\n", encoding="utf-8"
    )
    matrix = of_batch(World(), [str(tmp_path / "chr2.vcf")])
    copies = {(row.locus.position, *row.alleles): [call.GT.n_alt_alleles() for call in row.calls]
              for row in matrix.localize_entries("calls").collect()}  # fmt: skip
    assert copies == {(101, "C", "T"): [1, 2], (200, "A", "G"): [1, 0], (200, "A", "T"): [1, 1]}
