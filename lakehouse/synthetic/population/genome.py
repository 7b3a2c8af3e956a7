"""What the people of a block inherit: ancestry, alleles at the known positions, and what follows from them.

Founders take the two haplotypes of each chromosome from five ancestries, in segments as eight generations of
admixture leave them; children take them from their parents by Mendel's rules, with crossovers at the chromosome's
mean rate (Haldane's map). A liability is the sum over the trait's known loci of effect times allele count, centred
on what the person's own ancestry expects and scaled to standard deviations: ancestries then differ by environment
alone, not by which alleles happen to be common in them. Everything about a genome follows from the haplotypes here;
a denser one adds neighbours to them and leaves them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import Row, table
from lakehouse.synthetic.population.people import MALE, NOBODY, RACES, People
from lakehouse.synthetic.streams import Floats, Integers, Streams

ANCESTRIES = ("afr", "amr", "eas", "eur", "sas")
GENERATIONS_SINCE_ADMIXTURE = 8

_ADMIXTURE = {
    "white": ((0.005, 0.005, 0.0, 0.985, 0.005), 80.0),
    "black": ((0.80, 0.01, 0.0, 0.19, 0.0), 12.0),
    "hispanic": ((0.09, 0.38, 0.0, 0.53, 0.0), 8.0),
    "asian": ((0.0, 0.0, 0.68, 0.02, 0.30), 60.0),
    "aian": ((0.01, 0.62, 0.0, 0.37, 0.0), 6.0),
    "nhpi": ((0.0, 0.0, 0.78, 0.20, 0.02), 8.0),
    "multiple": ((0.25, 0.10, 0.15, 0.48, 0.02), 3.0),
}
"""Mean share of each ancestry by race and how tightly persons lie around it (Dirichlet concentration).

African Americans and Latinos after Bryc 2015; the others are estimates."""

_EAST_ASIAN_SHARE = 0.62
"""Of Asian Americans; the others are of South Asian ancestry."""

SIDES = ("maternal", "paternal")
ABSENT = -1
"""The paternal allele of a man on chrX."""


@dataclass(frozen=True)
class Locus:
    """A place in the genome with named alleles: a variant, or a gene whose alleles are haplotypes."""

    key: str
    chrom: str
    position: int
    frequencies: NDArray[np.float64]  # allele by ancestry
    alleles: tuple[str, ...]


@dataclass(frozen=True)
class Genome:
    """ancestry: person by ANCESTRIES. maternal, paternal: person by locus of `loci()`, the number of the allele.

    A man has no paternal allele on chrX: there it is ABSENT.
    """

    ancestry: Floats
    maternal: NDArray[np.int8]
    paternal: NDArray[np.int8]

    def count(self, locus: int, allele: int = 1) -> Integers:
        """How many copies of the allele each person has."""
        return np.asarray((self.maternal[:, locus] == allele).astype(np.int64) + (self.paternal[:, locus] == allele))


@dataclass(frozen=True)
class Inheritance:
    """The genomes of a block, and how they came about: what a denser genome of the same persons follows.

    local: side by person by locus, the place in ANCESTRIES of what the person would have as a founder.
    strands: side by person by locus, of which of its two `sources` the haplotype is, 0 or 1. Both are drawn for
    everybody: `local` says nothing about who is no source of his own, `strands` nothing where the sources are one.
    """

    genome: Genome
    local: NDArray[np.int64]
    strands: NDArray[np.int64]


@cache
def loci() -> tuple[Locus, ...]:
    """Every known position, in the order of the genome."""
    found = [
        *(_variant(row["key"], row) for row in table("trait_variants")),
        *(_variant(row["key"], row) for row in table("pathogenic_variants")),
        *_genes(),
    ]
    return tuple(sorted(found, key=lambda locus: (_number(locus.chrom), locus.position, locus.key)))


@cache
def place_of() -> dict[str, int]:
    """The place of each locus in `loci()`, by its key."""
    return {locus.key: place for place, locus in enumerate(loci())}


def _variant(key: str, row: Row) -> Locus:
    alternate = np.array([float(row[f"frequency_{ancestry}"]) for ancestry in ANCESTRIES])
    return Locus(key, row["chrom"], int(row["position"]), np.stack([1 - alternate, alternate]), ("0", "1"))


def _genes() -> list[Locus]:
    rows: dict[str, list[Row]] = {}
    for row in table("pgx_haplotypes"):
        rows.setdefault(row["gene"], []).append(row)
    return [
        Locus(
            gene, of_gene[0]["chrom"], int(of_gene[0]["position"]),
            np.array([[float(row[f"frequency_{ancestry}"]) for ancestry in ANCESTRIES] for row in of_gene]),
            tuple(row["allele"] for row in of_gene),
        )
        for gene, of_gene in rows.items()
    ]  # fmt: skip


def _number(chrom: str) -> int:
    name = chrom.removeprefix("chr")
    return int(name) if name.isdigit() else 23


@cache
def _morgans() -> Floats:
    """The map distance from each locus to the one before it on its chromosome; infinite at the first of one."""
    rates = {row["chrom"]: float(row["morgans_per_base"]) for row in table("chromosomes")}
    distances = [np.inf]
    for before, locus in zip(loci(), loci()[1:], strict=False):
        same = before.chrom == locus.chrom
        distances.append((locus.position - before.position) * rates[locus.chrom] if same else np.inf)
    return np.array(distances)


def sources(people: People) -> Integers:
    """For each haplotype the two that it is made of: haplotype by 2, numbered by person and side as 2 * person + side.

    A child's are the parent's two. Who has no such parent in the block has a founder's haplotype, himself twice. The
    twin with the higher number has the other's haplotype if they are identical; if they are not, and that parent is
    not in the block, the other's and a founder's: one chromosome of that parent went to the other twin at each place,
    and the chance is one half that he has the same.
    """
    own = np.arange(2 * len(people)).reshape(-1, len(SIDES))
    parent = np.stack([people.mother, people.father], axis=1)
    found = np.where(parent[:, :, None] == NOBODY, own[:, :, None], 2 * parent[:, :, None] + [0, 1])
    later, of_twin = _is_later_twin(people), own[people.twin]
    found[:, :, 0] = np.where(later[:, None] & (parent == NOBODY), of_twin, found[:, :, 0])
    copies = later & people.identical
    found[copies] = of_twin[copies][:, :, None]
    return np.asarray(found.reshape(-1, 2))


def _is_later_twin(people: People) -> NDArray[np.bool_]:
    """Who is the twin with the higher number."""
    return np.asarray((people.twin != NOBODY) & (people.twin < np.arange(len(people))))


def draw(streams: Streams, people: People) -> Genome:
    """The genomes of the block: each person's as a founder's, then what children take from parents in the block."""
    return inherit(streams, people).genome


def inherit(streams: Streams, people: People) -> Inheritance:
    """The genomes that `draw` gives, with the local ancestry of founders and the strands of children."""
    ancestry = _founder_ancestry(streams, people)
    drawn = [_founder_haplotypes(streams, f"genome:{side}", ancestry) for side in SIDES]
    local, haplotypes = np.stack([each[0] for each in drawn]), np.stack([each[1] for each in drawn])
    strands, of = _strands(streams, people), sources(people).reshape(-1, len(SIDES), 2)
    for child in np.argsort(people.birth, kind="stable"):
        shares = []
        for side, parent in enumerate((people.mother[child], people.father[child])):
            shares.append(ancestry[parent if parent != NOBODY else child])
            one, other = (haplotypes[source % 2, source // 2] for source in of[child, side])
            haplotypes[side, child] = np.where(strands[side, child] == 0, one, other)
        ancestry[child] = np.mean(shares, axis=0)
    haplotypes[1][np.ix_(people.sex == MALE, _on_x())] = ABSENT
    return Inheritance(Genome(ancestry, haplotypes[0], haplotypes[1]), local, strands)


@cache
def _on_x() -> NDArray[np.bool_]:
    return np.array([locus.chrom == "chrX" for locus in loci()])


def _strands(streams: Streams, people: People) -> NDArray[np.int64]:
    """Of which of its two sources each haplotype has each locus: it changes at crossovers. Side by person by locus.

    Of a twin whose sources are the other twin and a founder it changes where either has a crossover.
    """
    found = np.stack([_of_parent(streams, f"genome:crossover:{side}", len(people)) for side in SIDES])
    paternal = SIDES.index("paternal")
    found[paternal][:, _on_x()] = 0
    parent = np.stack([people.mother, people.father])
    beside_twin = (parent == NOBODY) & _is_later_twin(people) & ~people.identical
    for side, child in zip(*np.nonzero(beside_twin), strict=True):
        found[side, child] ^= found[side, people.twin[child]]
        if side == paternal and people.sex[people.twin[child]] == MALE:
            found[side, child, _on_x()] = 1
    return found


def _of_parent(streams: Streams, purpose: str, persons: int) -> NDArray[np.int64]:
    """Of which of the parent's two haplotypes a child has each locus."""
    recombined = 0.5 * (1 - np.exp(-2 * _morgans()))
    return np.asarray(np.cumsum(streams.uniform(purpose, persons, len(loci())) < recombined, axis=1) % 2)


def _founder_ancestry(streams: Streams, people: People) -> Floats:
    shares = np.zeros((len(people), len(ANCESTRIES)))
    for number, race in enumerate(RACES):
        mean, concentration = _ADMIXTURE[race]
        drawn = streams.of(f"genome:admixture:{race}").standard_gamma(
            np.maximum(np.array(mean) * concentration, 1e-3), (len(people), len(ANCESTRIES))
        )
        of_race = people.race == number
        shares[of_race] = drawn[of_race]
    asian = people.race == RACES.index("asian")
    east, south = ANCESTRIES.index("eas"), ANCESTRIES.index("sas")
    both = shares[:, east] + shares[:, south]
    from_east = streams.uniform("genome:region of Asia", len(people)) < _EAST_ASIAN_SHARE
    shares[asian, east] = np.where(from_east, both, 0)[asian]
    shares[asian, south] = np.where(from_east, 0, both)[asian]
    later = _is_later_twin(people)
    shares[later] = shares[people.twin[later]]  # twins have the same parents
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _founder_haplotypes(
    streams: Streams, purpose: str, ancestry: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:  # fmt: skip
    """One haplotype for each person: an ancestry for each segment, and for each locus an allele of that ancestry."""
    persons, places = len(ancestry), len(loci())
    switch = streams.uniform(f"{purpose}:switch", persons, places)
    drawn = streams.uniform(f"{purpose}:ancestry", persons, places)[:, :, None] > np.cumsum(ancestry, axis=1)[:, None]
    fresh = np.minimum(drawn.sum(axis=2), len(ANCESTRIES) - 1)
    starts = switch < 1 - np.exp(-GENERATIONS_SINCE_ADMIXTURE * _morgans())
    segment = np.maximum.accumulate(np.where(starts, np.arange(places), 0), axis=1)
    local = np.take_along_axis(fresh, segment, axis=1)
    chance = streams.uniform(f"{purpose}:allele", persons, places)
    alleles = np.empty((persons, places), dtype=np.int8)
    for place, locus in enumerate(loci()):
        steps = np.cumsum(locus.frequencies, axis=0)[:, local[:, place]]
        alleles[:, place] = np.minimum((chance[:, place] > steps).sum(axis=0), len(locus.alleles) - 1)
    return local, alleles


def liabilities(genome: Genome) -> dict[str, Floats]:
    """The genetic liability of each person to each trait, in standard deviations; zero is what his ancestry expects."""
    found = {}
    for trait, (places, effects, spread) in _architecture().items():
        counts = np.stack([genome.count(place) for place in places], axis=1)
        expected = 2 * genome.ancestry @ np.stack([loci()[place].frequencies[1] for place in places], axis=1)
        found[trait] = (counts - expected) @ effects / spread
    return found


@cache
def _architecture() -> dict[str, tuple[list[int], Floats, float]]:
    """By trait: the places of its loci, their effects, and the standard deviation of the sum among Europeans."""
    by_trait: dict[str, list[Row]] = {}
    for row in table("trait_variants"):
        by_trait.setdefault(row["trait_key"], []).append(row)
    found = {}
    for trait, rows in by_trait.items():
        effects = np.array([float(row["beta"]) for row in rows])
        frequency = np.array([float(row["frequency_eur"]) for row in rows])
        spread = float(np.sqrt(np.sum(effects**2 * 2 * frequency * (1 - frequency))))
        found[trait] = ([place_of()[row["key"]] for row in rows], effects, spread)
    return found


def affected(genome: Genome) -> dict[str, NDArray[np.bool_]]:
    """By gene: who has a pathogenic genotype: one copy where inheritance is dominant, else one from each parent."""
    maternal: dict[str, list[int]] = {}
    dominant = {}
    for row in table("pathogenic_variants"):
        maternal.setdefault(row["gene"], []).append(place_of()[row["key"]])
        dominant[row["gene"]] = row["inheritance"].startswith("AD")
    found = {}
    for gene, places in maternal.items():
        from_mother = (genome.maternal[:, places] == 1).any(axis=1)
        from_father = (genome.paternal[:, places] == 1).any(axis=1)
        alone = (genome.paternal[:, places] == ABSENT).all(axis=1)
        found[gene] = (from_mother | from_father) if dominant[gene] else from_mother & (from_father | alone)
    return found


def phenotypes(genome: Genome) -> dict[str, NDArray[np.object_]]:
    """By pharmacogene, or HLA allele: what the two alleles of each person mean, as CPIC names it, in snake case."""
    found = {}
    for name, meaning in _meanings().items():
        place = place_of()[name.partition("*")[0]]
        number = len(loci()[place].alleles)
        of_pair = np.full((number, number + 1), "indeterminate", dtype=object)
        for pair, phenotype in meaning.items():
            of_pair[pair] = phenotype
        found[name] = of_pair[genome.maternal[:, place], genome.paternal[:, place]]
    return found


@cache
def _meanings() -> dict[str, dict[tuple[int, int], str]]:
    """By name: the phenotype of each pair of alleles; the second is ABSENT for the only X of a man."""
    rules: dict[str, list[Row]] = {}
    for row in table("pgx_phenotypes"):
        allele = row["function_1"].rpartition("*")[2] if row["rule"] == "allele_status" else ""
        rules.setdefault(f"{row['gene']}*{allele}" if allele else row["gene"], []).append(row)
    alleles: dict[str, list[Row]] = {}
    for row in table("pgx_haplotypes"):
        alleles.setdefault(row["gene"], []).append(row)
    return {name: _pairs(of_name, alleles[name.partition("*")[0]]) for name, of_name in rules.items()}


def _pairs(rules: list[Row], alleles: list[Row]) -> dict[tuple[int, int], str]:
    found = {}
    for one, first in enumerate(alleles):
        for other, second in [*enumerate(alleles), (ABSENT, None)]:
            for rule in rules:
                if _applies(rule, first, second):
                    found[one, other] = rule["phenotype"]
                    break
    return found


def _applies(rule: Row, first: Row, second: Row | None) -> bool:
    """Whether the rule is about these two alleles, in whichever order."""
    if rule["rule"] == "activity_score":
        if second is None or not first["activity"] or not second["activity"] or rule["activity_from"] == "n/a":
            return False
        score = float(first["activity"]) + float(second["activity"])
        return float(rule["activity_from"]) <= score <= float(rule["activity_to"])
    if rule["rule"] == "allele_status":
        allele = rule["function_1"].rsplit("HLA-B", 1)[1]
        has = second is not None and allele in (first["allele"], second["allele"])
        return rule["function_1"].startswith("no copy") != has
    functions = {rule["function_1"].lower(), rule["function_2"].lower()}
    if second is None:
        return rule["sex"] == "male" and functions == {first["function"].lower(), "(hemizygous)"}
    return functions == {first["function"].lower(), second["function"].lower()}
