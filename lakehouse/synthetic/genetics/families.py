"""Whether relatives are as alike as they should be, and whether children have what their parents can give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from lakehouse.synthetic.genetics.figures import Figure, too_few, within
from lakehouse.synthetic.genetics.founders import Founders
from lakehouse.synthetic.genetics.landed import MISSING, Dosage, Landed
from lakehouse.synthetic.streams import Floats, Integers

GROUP = "families"

KINSHIP = {
    "identical twins": 0.5, "fraternal twins": 0.25, "parent and child": 0.25, "siblings": 0.25, "unrelated": 0.0,
}  # fmt: skip
"""The expected kinship of relatives. That of siblings varies around it. The parents of twins may be unknown."""

MOST_PAIRS = 1_000
LEAST_PAIRS = 3

MOST_ERRORS = 0.001
"""The share of genotypes, or of trios and sites, that calls of good quality may have wrong."""

_MARGIN = 0.01
"""What identical founders add: of 500 haplotypes of an ancestry two persons copy the same one now and then."""

_MENDEL = "Mendel's rules"


def figures(landed: Landed, founders: Founders) -> Iterator[Figure]:
    """Kinship of relatives, opposite homozygotes of parents and children, and Mendel errors of trios (Hail)."""
    frequency = landed.shares @ founders.frequency.T
    dosage = landed.dosage[founders.place]
    found = pairs(landed.people)
    for relation, expected in KINSHIP.items():
        of_relation = found[relation]
        if len(of_relation) < LEAST_PAIRS:
            yield too_few(GROUP, "kinship", relation, expected, len(of_relation), _MENDEL)
            continue
        values = kinship(dosage, frequency, of_relation)
        error = values.std(ddof=1) / np.sqrt(len(values))
        yield within(GROUP, "kinship", relation, expected, values.mean(), error, len(values), _MENDEL, _MARGIN)
    yield _opposite(landed.dosage, found["parent and child"])
    yield _mendel(landed)


def pairs(people: pd.DataFrame) -> dict[str, Integers]:
    """By relation: the places of the two, pair by 2; at most MOST_PAIRS of them.

    Unrelated are people of no common family, each with the next one of the same group.
    """
    place = pd.Index(people["person"])
    own = np.arange(len(people))
    parents = np.concatenate(
        [np.stack([own, place.get_indexer(people[side])], axis=1) for side in ("mother", "father")]
    )
    twin = np.stack([own, place.get_indexer(people["twin"])], axis=1)
    twin = twin[twin[:, 0] < twin[:, 1]]  # of who is not among the people the place is -1
    of_parents = people.assign(place=own).dropna(subset=["mother", "father"])
    joined = of_parents.merge(of_parents, on=["mother", "father"], suffixes=("", "_other"))
    siblings = joined.loc[joined["place"] < joined["place_other"], ["place", "place_other"]].to_numpy()
    identical = people["identical"].to_numpy()
    are_twins = people["twin"].to_numpy()[siblings[:, 0]] == people["person"].to_numpy()[siblings[:, 1]]
    in_order = people.assign(place=own)[people["group"] != ""].sort_values(["group", "place"], kind="stable")
    beside = np.stack([in_order["place"][:-1], in_order["place"][1:]], axis=1)
    unrelated = beside[in_order["group"].to_numpy()[:-1] == in_order["group"].to_numpy()[1:]]
    found = {
        "identical twins": twin[identical[twin[:, 0]]], "fraternal twins": twin[~identical[twin[:, 0]]],
        "parent and child": parents[parents[:, 1] >= 0], "siblings": siblings[~are_twins], "unrelated": unrelated,
    }  # fmt: skip
    return {relation: of_relation[:MOST_PAIRS] for relation, of_relation in found.items()}


def kinship(dosage: Dosage, frequency: Floats, pairs: Integers) -> Floats:
    """The kinship of each pair, from frequencies of the person's own mixture (PC-Relate, Conomos 2016).

    dosage: site by person. frequency: person by site. pairs: pair by 2, places of persons.
    """
    around = np.where(dosage.T == MISSING, 0.0, dosage.T - 2 * frequency)
    spread = np.where(dosage.T == MISSING, 0.0, np.sqrt(frequency * (1 - frequency)))
    one, other = pairs.T
    shared = np.einsum("ij,ij->i", around[one], around[other])
    return np.asarray(shared / (4 * np.einsum("ij,ij->i", spread[one], spread[other])))


def _opposite(dosage: Dosage, pairs: Integers) -> Figure:
    """The share of sites at which a parent and a child have no allele in common."""
    measure = "share of sites without a shared allele"
    if len(pairs) < LEAST_PAIRS:
        return too_few(GROUP, measure, "parent and child", 0.0, len(pairs), _MENDEL)
    one, other = dosage[:, pairs[:, 0]], dosage[:, pairs[:, 1]]
    called = (one != MISSING) & (other != MISSING)
    found = float((called & (np.abs(one - other) == 2)).sum() / called.sum())
    return Figure(GROUP, measure, "parent and child", 0.0, 0.0, MOST_ERRORS, found, len(pairs), _MENDEL)


def trios(people: pd.DataFrame) -> pd.DataFrame:
    """The people of whom both parents are among them: sample_id, mother_sample, father_sample."""
    sample = people.set_index("person")["sample_id"]
    told = people.assign(mother_sample=people["mother"].map(sample), father_sample=people["father"].map(sample))
    return told.dropna(subset=["mother_sample", "father_sample"])[
        ["sample_id", "sex", "mother_sample", "father_sample"]
    ]


def _mendel(landed: Landed) -> Figure:
    import hail as hl

    of_children, measure = trios(landed.people).head(MOST_PAIRS), "Mendel errors a site and trio"
    if len(of_children) < LEAST_PAIRS:
        return too_few(GROUP, measure, "trios", 0.0, len(of_children), "Hail's mendel_errors")
    pedigree = hl.Pedigree([
        hl.Trio(row.sample_id, row.sample_id, row.father_sample, row.mother_sample, row.sex == "female")
        for row in of_children.itertuples()
    ])  # fmt: skip
    members = hl.literal(set(of_children.drop(columns="sex").to_numpy().ravel()))
    matrix = landed.matrix.filter_cols(members.contains(landed.matrix.sample_id))
    _, _, of_persons, _ = hl.mendel_errors(matrix.GT, pedigree)
    children = hl.literal(set(of_children["sample_id"]))
    errors = of_persons.filter(children.contains(of_persons.sample_id))
    rate = errors.aggregate(hl.agg.sum(errors.errors)) / (len(landed.sites) * len(of_children))
    return Figure(GROUP, measure, "trios", 0.0, 0.0, 2 * MOST_ERRORS, rate, len(of_children), "Hail's mendel_errors")
