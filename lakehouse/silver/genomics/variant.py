"""Variants of the genomes, and whether they can be used."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.genomics.vcf_record import VcfRecord
from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.contract import GENOMICS, Column, Table, expect_or_fail
from lakehouse.genomics.checks import CALLER_FILTER, HARDY_WEINBERG, LOW_CALL_RATE
from lakehouse.genomics.genotype_qc import good_genotypes, haploid_where_male
from lakehouse.genomics.matrix import genotype_matrix, of_samples
from lakehouse.genomics.thresholds import HARDY_WEINBERG_P_VALUE, VARIANT_CALL_RATE
from lakehouse.genomics.variant_qc import variant_qc
from lakehouse.silver.genomics.genotyped_sample import GenotypedSample


class Variant(Table):
    """Variants and their quality control: type, frequency, call rate, Hardy-Weinberg equilibrium, and what they failed.

    Multi-allelic sites are split and alleles written in their shortest form. Measured over the primary sample
    of each person, in genotypes of good quality, by Hail; thresholds in lakehouse.genomics.thresholds. No
    scope: a frequency depends on everybody.
    """

    layer = "silver"
    grain = "one row per variant: a place, a reference and one alternate allele"
    key = ("contig", "position", "ref", "alt")
    serves = (GENOMICS,)
    uses_hail = True

    contig = Column("string", "chromosome: chr1, ..., chr22, chrX, chrY or chrM (GRCh38)", required=True)
    position = Column("int", "place of the first reference base, from 1", unit="bp", required=True)
    ref = Column("string", "reference bases", required=True)
    alt = Column("string", "alternate bases", required=True)
    rsid = Column("string", "name of the site by its file, usually a dbSNP rs number")
    variant_type = Column("string", "SNP, MNP, Insertion, Deletion or Complex", required=True)
    filters = Column("array<string>", "filters of the caller that the site failed in any file", required=True)
    ac = Column("int", "AC: called alternate alleles", required=True)
    an = Column("int", "AN: called alleles", required=True)
    af = Column("double", "AF: share of the called alleles that are the alternate; null where none is called")
    call_rate = Column("double", "share of the samples with a good genotype; null where there are no samples")
    n_hom_ref = Column("bigint", "diploid genotypes of two reference alleles", required=True)
    n_het = Column("bigint", "heterozygous genotypes", required=True)
    n_hom_var = Column("bigint", "diploid genotypes of two alternate alleles", required=True)
    het_freq_hwe = Column("double", "share of heterozygous genotypes expected in Hardy-Weinberg equilibrium")
    p_value_hwe = Column("double", "p-value of the exact test of Hardy-Weinberg equilibrium (mid-p), diploid genotypes")
    gq_mean = Column("double", "mean genotype quality", unit="Phred")
    gq_stdev = Column("double", "standard deviation of genotype quality", unit="Phred")
    dp_mean = Column("double", "mean read depth", unit="reads")
    dp_stdev = Column("double", "standard deviation of read depth", unit="reads")
    failed_checks = Column("array<string>", "which checks the variant failed; empty where none", required=True)
    passes_qc = Column("boolean", "whether it failed none", required=True)

    expectations = (expect_or_fail("counts no more alternate alleles than alleles", "ac <= an"),)

    @staticmethod
    def build(records: VcfRecord, sequenced: VcfSample, samples: GenotypedSample) -> DataFrame:
        """Measure the variants in the samples that passed, one of each person."""
        genotypes = of_samples(
            genotype_matrix(VcfRecord.current(records), sequenced),
            samples.filter("is_primary").select("specimen_id", "sex"),
        )
        return (
            variant_qc(good_genotypes(haploid_where_male(genotypes)))
            .withColumn("failed_checks", F.expr(_FAILED_CHECKS))
            .withColumn("passes_qc", F.size("failed_checks") == 0)
            .select(*Variant.declared)
        )


_FAILED_CHECKS = f"""array_compact(array(
    case when size(filters) > 0 then "{CALLER_FILTER}" end,
    case when call_rate < {VARIANT_CALL_RATE} then '{LOW_CALL_RATE}' end,
    case when p_value_hwe <= {HARDY_WEINBERG_P_VALUE} then '{HARDY_WEINBERG}' end))"""
