"""Errors of the laboratory at sites: what one batch tells otherwise than the others.

An error happens to a batch, and in it to the sites that are prone to it: so it is the same sites in every batch that it
happens to, as where the manifest of an array or the version of a caller is at fault. A site has one error at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.calls import Calls, only, split_alternates
from lakehouse.synthetic.genomes.draws import uniform
from lakehouse.synthetic.genomes.genotypes import Sites
from lakehouse.synthetic.genomes.lab_errors import BAD_BATCH, happens_to
from lakehouse.synthetic.genomes.mistakes import heterozygous
from lakehouse.synthetic.genomes.preparation import LabError
from lakehouse.synthetic.genomes.samples import Batch, Samples
from lakehouse.synthetic.knowledge import by_key, number
from lakehouse.synthetic.population.genome import ABSENT
from lakehouse.synthetic.streams import Integers, Streams, identify
from lakehouse.synthetic.world import World

Mask = NDArray[np.bool_]
Texts = list[str]

FREQUENCY_SHIFT = "frequency_shift"
"""What a bad batch does at some sites: told site by site."""

_LOST = 0.5
"""The share of heterozygous genotypes that is called as the reference where a bad batch shifts frequencies."""

_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_BASES = "ACGT"


def spoil(world: World, batch: Batch, samples: Samples, calls: Calls) -> tuple[Calls, list[LabError]]:
    """The calls of a batch at the sites of a window as its files tell them, and the truth about what is wrong there.

    A truth names alleles as `position:reference:alternates`. Lines stay in the order of their positions.
    """
    happening = [kind for kind in _KINDS if happens_to(world, _of_batch(kind), batch)]
    taken, errors = np.zeros(len(calls.sites.position), dtype=bool), []
    for kind in happening:
        prone = Streams(world.seed).chance(f"laboratory:{kind}:site", calls.sites.key)
        share = number(by_key("lab_errors")[_of_batch(kind)], "site_share")
        rows = np.flatnonzero((prone < share) & _KINDS[kind].may_happen(calls) & ~taken)
        taken[rows] = True
        true, position = _written(calls.sites, rows), calls.sites.position[rows].tolist()
        calls, bad = _KINDS[kind].change(calls, rows, samples, world.seed)
        errors += [
            LabError(
                str(batch.delivery), batch.name, kind, chrom=calls.sites.chrom, position=place, true_value=was,
                bad_value=told,
            )
            for place, was, told in zip(position, true, bad, strict=True)
        ]  # fmt: skip
    return calls, errors


@dataclass(frozen=True)
class _Kind:
    """may_happen: at which sites. change: the calls with the error in some rows, and the alleles as they then read."""

    may_happen: Callable[[Calls], Mask]
    change: Callable[[Calls, Integers, Samples, int], tuple[Calls, Texts]]


def _of_batch(kind: str) -> str:
    """The error of a batch that brings this one about."""
    return BAD_BATCH if kind == FREQUENCY_SHIFT else kind


def _written(sites: Sites, rows: Integers) -> Texts:
    return [f"{sites.position[row]}:{sites.reference[row]}:{','.join(sites.alternate[row])}" for row in rows.tolist()]


def _pairs(calls: Calls) -> list[tuple[str, str]]:
    """The two bases of each site that has two, and is alone at its position; elsewhere nothing."""
    _, place, number_there = np.unique(calls.sites.position, return_inverse=True, return_counts=True)
    told = zip(calls.sites.reference.tolist(), calls.sites.alternate, (number_there[place] == 1).tolist(), strict=True)
    return [
        (ref, alt[0]) if alone and len(ref) == 1 and len(alt) == 1 and len(alt[0]) == 1 else ("", "")
        for ref, alt, alone in told
    ]


def _substitutions(calls: Calls) -> Mask:
    return np.array([ref != "" for ref, _ in _pairs(calls)], dtype=bool)


def _palindromic(calls: Calls) -> Mask:
    return np.array([ref != "" and ref.translate(_COMPLEMENT) == alt for ref, alt in _pairs(calls)], dtype=bool)


def _not_imputed(calls: Calls) -> Mask:
    """Probabilities are of two alleles: lines of imputed sites have no others."""
    return np.full(len(calls.sites.position), calls.probability is None)


def _several(calls: Calls) -> Mask:
    return np.asarray(calls.sites.alternates > 1)


def _shift_frequency(calls: Calls, rows: Integers, samples: Samples, seed: int) -> tuple[Calls, Texts]:
    drawn = uniform(seed, "lost", samples.number[None, :], calls.sites.key[rows, None])
    at = calls.alleles[rows]
    lost = heterozygous(at) & (at == 0).any(axis=2) & (drawn < _LOST)
    alleles = calls.alleles.copy()
    alleles[rows] = np.where(lost[:, :, None], np.int8(0), at)
    probability = calls.probability
    if probability is not None:
        probability, of = probability.copy(), probability[rows]
        certain = np.stack([of[:, :, 0] + of[:, :, 1], np.zeros_like(of[:, :, 0]), of[:, :, 2]], axis=2)
        probability[rows] = np.where(lost[:, :, None], certain, of)
    return replace(calls, alleles=alleles, probability=probability), _written(calls.sites, rows)


def _flip_strand(calls: Calls, rows: Integers, samples: Samples, seed: int) -> tuple[Calls, Texts]:
    reference, alternate = _copied(calls.sites)
    for row in rows.tolist():
        reference[row] = reference[row].translate(_COMPLEMENT)
        alternate[row] = (alternate[row][0].translate(_COMPLEMENT),)
    calls = replace(calls, sites=replace(calls.sites, reference=reference, alternate=tuple(alternate)))
    return calls, _written(calls.sites, rows)


def _exchange_alleles(calls: Calls, rows: Integers, samples: Samples, seed: int) -> tuple[Calls, Texts]:
    alleles, probability = calls.alleles.copy(), calls.probability
    alleles[rows] = np.where(alleles[rows] < 0, alleles[rows], 1 - alleles[rows])
    if probability is not None:
        probability = probability.copy()
        haploid = (alleles[rows, :, 1] == ABSENT)[:, :, None]
        probability[rows] = np.where(haploid, probability[rows][:, :, [1, 0, 2]], probability[rows][:, :, ::-1])
    bad = [
        f"{calls.sites.position[row]}:{calls.sites.alternate[row][0]}:{calls.sites.reference[row]}"
        for row in rows.tolist()
    ]
    return replace(calls, alleles=alleles, probability=probability), bad


def _add_alternate(calls: Calls, rows: Integers, samples: Samples, seed: int) -> tuple[Calls, Texts]:
    reference, alternate = _copied(calls.sites)
    for row in rows.tolist():
        others = [base for base in _BASES if base not in (reference[row], *alternate[row])]
        alternate[row] = (*alternate[row], others[int(calls.sites.key[row]) % len(others)])
    calls = replace(calls, sites=replace(calls.sites, alternate=tuple(alternate)))
    return calls, _written(calls.sites, rows)


def _lengthen(calls: Calls, rows: Integers, samples: Samples, seed: int) -> tuple[Calls, Texts]:
    """A base more behind the alleles, or before them where no site is nearer than that."""
    sites, position = calls.sites, calls.sites.position.copy()
    reference, alternate = _copied(sites)
    known = {
        int(start) + place: base
        for start, bases in zip(sites.position, sites.reference, strict=True)
        for place, base in enumerate(bases)
    }
    for row in rows.tolist():
        before = bool(sites.key[row] % 2) and position[row] > 1 and (row == 0 or position[row - 1] < position[row])
        place = int(position[row]) - 1 if before else int(position[row]) + len(reference[row])
        base = known.get(place) or _BASES[int(identify("reference base", place)) % len(_BASES)]
        front, back = (base, "") if before else ("", base)
        reference[row] = front + reference[row] + back
        alternate[row] = tuple(front + allele + back for allele in alternate[row])
        position[row] -= before
    changed = replace(sites, position=position, reference=reference, alternate=tuple(alternate))
    return replace(calls, sites=changed), _written(changed, rows)


def _split(calls: Calls, rows: Integers, samples: Samples, seed: int) -> tuple[Calls, Texts]:
    """One line for each alternate allele. This changes which row is which, so it comes last."""
    bad = [
        ";".join(f"{calls.sites.position[row]}:{calls.sites.reference[row]}:{allele}" for allele in alternates)
        for row, alternates in zip(rows.tolist(), (calls.sites.alternate[row] for row in rows.tolist()), strict=True)
    ]
    _, origin, nth = split_alternates(calls.sites)
    is_split = np.isin(origin, rows)
    kept = is_split | (nth == 1)
    origin, nth, is_split = origin[kept], nth[kept], is_split[kept]
    taken = calls.take(origin)
    alternate = tuple(
        (told[n - 1],) if apart else told
        for told, n, apart in zip(taken.sites.alternate, nth.tolist(), is_split.tolist(), strict=True)
    )
    alleles = taken.alleles.copy()
    alleles[is_split] = only(alleles[is_split], nth[is_split])
    return replace(taken, sites=replace(taken.sites, alternate=alternate), alleles=alleles), bad


def _copied(sites: Sites) -> tuple[NDArray[Any], list[tuple[str, ...]]]:
    return sites.reference.astype(object), list(sites.alternate)


_KINDS: Mapping[str, _Kind] = MappingProxyType({
    FREQUENCY_SHIFT: _Kind(lambda calls: ~_several(calls), _shift_frequency),
    "strand_flip": _Kind(lambda calls: _substitutions(calls) & ~_palindromic(calls), _flip_strand),
    "palindromic_flip": _Kind(_palindromic, _exchange_alleles),
    "spurious_alternate": _Kind(lambda calls: _substitutions(calls) & _not_imputed(calls), _add_alternate),
    "untrimmed_alleles": _Kind(lambda calls: ~_several(calls), _lengthen),
    "split_alternates": _Kind(_several, _split),
})  # fmt: skip
"""Each error, in the order in which they happen."""
