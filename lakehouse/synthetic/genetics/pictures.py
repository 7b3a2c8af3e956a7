"""Pictures of the genomes as elements of a page (inline SVG)."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from lakehouse.synthetic.genetics.frequencies import CLASS_NAMES
from lakehouse.synthetic.genetics.landed import Landed
from lakehouse.synthetic.genetics.linkage import DISTANCES, Decay
from lakehouse.synthetic.genetics.traits import Trait
from lakehouse.synthetic.population.genome import ANCESTRIES
from lakehouse.synthetic.streams import Floats

COLOURS = dict(zip(ANCESTRIES, ("#d55e00", "#cc79a7", "#009e73", "#0072b2", "#e69f00"), strict=True))
"""Okabe and Ito's, which the colour-blind can tell apart."""


def components(landed: Landed, scores: pd.DataFrame) -> str:
    """Each two of the first four principal components; the colour is the largest ancestry, the size its share."""
    drawing = Drawing(figsize=(11, 4.8))
    shares = landed.shares[scores.index]
    largest = shares.argmax(axis=1)
    for panel, (one, other) in enumerate((("PC1", "PC2"), ("PC3", "PC4"))):
        axes = drawing.add_subplot(1, 2, panel + 1, xlabel=one, ylabel=other)
        for place, name in enumerate(ANCESTRIES):
            of = largest == place
            size = 4 + 24 * shares[of, place] ** 2
            axes.scatter(scores[one][of], scores[other][of], s=size, c=COLOURS[name], label=name, lw=0, alpha=0.7)
    axes.legend(title="largest ancestry", frameon=False, fontsize=9)
    return _svg(drawing, "Principal components of unrelated people (area: the share of the ancestry)")


def spectra(of_groups: Sequence[tuple[str, Floats, Floats, Floats, int]]) -> str:
    """The share of sites by frequency of the rarer allele: bars as found, dots as expected."""
    drawing = Drawing(figsize=(11, 3.6))
    for panel, (ancestry, found, expected, _, people) in enumerate(of_groups):
        axes = drawing.add_subplot(1, len(of_groups), panel + 1, title=f"{ancestry}, {people} people")
        place = np.arange(len(found))
        axes.bar(place, found, color=COLOURS[ancestry], label="found")
        axes.plot(place, expected, "o", color="black", ms=4, label="founders lead to expect")
        axes.set_xticks(place, CLASS_NAMES, rotation=60, fontsize=8)
        axes.legend(frameon=False, fontsize=8)
    return _svg(drawing, "Share of sites by frequency of the rarer allele")


def decays(of_groups: Sequence[Decay]) -> str:
    """r2 by distance: lines as found, dashes of the founders."""
    drawing = Drawing(figsize=(7, 4.4))
    axes = drawing.add_subplot(xlabel="distance in thousand bases", ylabel="mean r²")
    middle = (np.array(DISTANCES[1:]) + np.array(DISTANCES[:-1])) / 2000
    for decay in of_groups:
        of = decay.pairs > 0
        colour = COLOURS[decay.ancestry]
        axes.errorbar(
            middle[of], decay.found[of], decay.error[of], color=colour, marker="o", ms=4, label=decay.ancestry
        )
        axes.plot(middle[of], decay.expected[of], "--", color=colour, label=f"{decay.ancestry}, founders")
    if of_groups:
        axes.legend(frameon=False, fontsize=9)
    axes.set_ylim(bottom=0)
    return _svg(drawing, "Decay of linkage disequilibrium")


def effects(estimates: Sequence[tuple[Trait, Floats, Floats]]) -> str:
    """Estimated on planted effects of the variants of each trait."""
    columns = 5
    drawing = Drawing(figsize=(11, 2.3 * -(-len(estimates) // columns)))
    for panel, (trait, found, error) in enumerate(estimates):
        axes = drawing.add_subplot(-(-len(estimates) // columns), columns, panel + 1)
        axes.set_title(trait.key.replace("_", " "), fontsize=8)
        of = error > 0
        if not of.any():
            continue
        ends = [trait.effects.min(), trait.effects.max()]
        axes.plot(ends, ends, color="0.6", lw=1)
        axes.errorbar(trait.effects[of], found[of], error[of], fmt="o", ms=3, lw=0.8, color=COLOURS["eur"])
        axes.tick_params(labelsize=7)
    return _svg(drawing, "Estimated on planted effects of a copy, in standard deviations of the liability")


def _svg(drawing: Any, title: str) -> str:
    drawing.set_layout_engine("constrained")
    text = StringIO()
    drawing.savefig(text, format="svg", metadata={"Date": None})
    return f"<h3>{title}</h3>\n{text.getvalue().partition('<svg')[1]}{text.getvalue().partition('<svg')[2]}"
