"""The chromosomes of the human reference genome GRCh38 (Genome Reference Consortium), and how files name them."""

from __future__ import annotations

CHROMOSOMES = {
    "chr1": 248956422,
    "chr2": 242193529,
    "chr3": 198295559,
    "chr4": 190214555,
    "chr5": 181538259,
    "chr6": 170805979,
    "chr7": 159345973,
    "chr8": 145138636,
    "chr9": 138394717,
    "chr10": 133797422,
    "chr11": 135086622,
    "chr12": 133275309,
    "chr13": 114364328,
    "chr14": 107043718,
    "chr15": 101991189,
    "chr16": 90338345,
    "chr17": 83257441,
    "chr18": 80373285,
    "chr19": 58617616,
    "chr20": 64444167,
    "chr21": 46709983,
    "chr22": 50818468,
    "chrX": 156040895,
    "chrY": 57227415,
    "chrM": 16569,
}
"""Their lengths in bases."""

LENGTH = "case contig " + " ".join(f"when '{name}' then {length}" for name, length in CHROMOSOMES.items()) + " end"
"""The length of the chromosome in the column `contig`, as SQL; null for other sequences."""


def named(contig: str) -> str:
    """SQL: the chromosome as GRCh38 names it (chr1, ..., chrM), whether or not a file does. Other names stay."""
    bare = f"regexp_replace({contig}, '^chr', '')"
    return (
        f"case when {bare} in ('M', 'MT') then 'chrM' "
        f"when {bare} rlike '^([1-9]|1[0-9]|2[0-2]|X|Y)$' then concat('chr', {bare}) else {contig} end"
    )
