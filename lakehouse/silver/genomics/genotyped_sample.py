"""Samples that were sequenced, whose they are, and whether they can be used."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.genomics.vcf_record import VcfRecord
from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.contract import GENOMICS, Column, Table, expect
from lakehouse.genomics.genotype_qc import good_genotypes
from lakehouse.genomics.matrix import genotype_matrix
from lakehouse.genomics.sample_qc import sample_qc
from lakehouse.genomics.thresholds import SAMPLE_CALL_RATE, SAMPLE_MEAN_DEPTH
from lakehouse.silver.identity.consent import Consent
from lakehouse.vault.sample_link import SampleLink

LOW_CALL_RATE, LOW_DEPTH, NO_GENOTYPES = "low call rate", "low mean depth", "no genotypes"
CONSENT_WITHDRAWN = "consent withdrawn"


class GenotypedSample(Table):
    """Samples and their quality control: person, call rate, depth, counts of genotypes, and what they failed.

    Measured over the autosomal variants that the caller did not filter, in genotypes of good quality, by Hail;
    thresholds in lakehouse.genomics.thresholds. No scope: the variants at which a sample is measured, and
    which of its alleles are singletons, depend on all samples. A sample that cannot be tied to one person,
    or that is in a VCF file and not in the manifest, or the other way round, stays and is counted.
    The genotypes of who withdrew consent to genomics are not looked at.
    """

    layer = "silver"
    grain = "one row per sample of a VCF file or a manifest"
    key = ("specimen_id",)
    changes_by = "person_id"
    serves = (GENOMICS,)
    uses_hail = True

    specimen_id = Column("bigint", "the sample, as in silver.specimen where it is a person's", required=True)
    person_id = Column("bigint", "whose sample; null where its record number is that of no patient, or of several")
    batch = Column("string", "samples that were prepared and sequenced together")
    sex = Column("string", "sex as the laboratory registered it: male, female, or null")
    collection_date = Column("date", "day on which the sample was taken")
    call_rate = Column("double", "share of the variants at which the sample has a good genotype")
    gq_mean = Column("double", "mean genotype quality", unit="Phred")
    dp_mean = Column("double", "mean read depth", unit="reads")
    n_hom_ref = Column("bigint", "genotypes of two reference alleles")
    n_het = Column("bigint", "heterozygous genotypes")
    n_hom_var = Column("bigint", "genotypes of two alternate alleles")
    n_singleton = Column("bigint", "alternate alleles that no other sample has")
    r_ti_tv = Column("double", "transitions per transversion among the alternate alleles")
    r_het_hom_var = Column("double", "heterozygous genotypes per genotype of two alternate alleles")
    failed_checks = Column("array<string>", "which checks the sample failed; empty where none", required=True)
    passes_qc = Column("boolean", "whether it failed none", required=True)
    is_primary = Column(
        "boolean", "whether it is the sample to take for its person: of those that pass, the best called", required=True
    )
    line_id = Column("bigint", "landed line of the manifest; null where the sample is in none")

    expectations = (
        expect("is in a manifest", "line_id is not null"),
        expect("belongs to one known person", "person_id is not null"),
        expect("was genotyped", f"not array_contains(failed_checks, '{NO_GENOTYPES}')"),
    )

    @staticmethod
    def build(records: VcfRecord, sequenced: VcfSample, registered: SampleLink, consents: Consent) -> DataFrame:
        """Measure the samples of the VCF files, and add what the manifest says of them."""
        withdrawn = Consent.withdrawn(consents, GENOMICS).withColumn("is_withdrawn", F.lit(True))
        samples = registered.join(withdrawn, "person_id", "left").fillna(False, "is_withdrawn")
        looked_at = sequenced.join(samples.filter("is_withdrawn").select("sample_id"), "sample_id", "left_anti")
        measured = sample_qc(good_genotypes(genotype_matrix(VcfRecord.current(records), looked_at)))
        best = Window.partitionBy(
            F.coalesce(F.col("person_id").cast("string"), F.concat(F.lit("sample"), "specimen_id"))
        ).orderBy(F.desc("passes_qc"), F.desc("call_rate"), "specimen_id")
        return (
            samples.join(measured, "specimen_id", "left")
            .withColumn("failed_checks", F.expr(_FAILED_CHECKS))
            .withColumn("passes_qc", F.size("failed_checks") == 0)
            .withColumn("is_primary", F.col("passes_qc") & (F.row_number().over(best) == 1))
            .select(*GenotypedSample.declared)
        )


_FAILED_CHECKS = f"""array_compact(array(
    case when is_withdrawn then '{CONSENT_WITHDRAWN}' end,
    case when not is_withdrawn and call_rate is null then '{NO_GENOTYPES}' end,
    case when call_rate < {SAMPLE_CALL_RATE} then '{LOW_CALL_RATE}' end,
    case when dp_mean < {SAMPLE_MEAN_DEPTH} then '{LOW_DEPTH}' end))"""
