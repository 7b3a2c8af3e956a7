"""The report holds for genomes as they landed, and says what is wrong where something is."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from lakehouse.synthetic import page
from lakehouse.synthetic.genetics import families, frequencies, homozygosity, linkage, structure
from lakehouse.synthetic.genetics.figures import Figure
from lakehouse.synthetic.genetics.landed import MISSING
from lakehouse.synthetic.genetics.report import Report, measure
from lakehouse.synthetic.population.genome import ANCESTRIES
from tests.synthetic.genetics.conftest import WORLD, Population

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(population: Population) -> Report:
    return measure(WORLD, population.frames, population.landed, population.founders)


def test_spoilt_samples_and_sites_are_left_out(population: Population) -> None:
    genomes = population.landed
    assert 850 < len(genomes.people) < 960
    assert genomes.dosage.shape == (len(genomes.sites), len(genomes.people)) == genomes.matrix.count()
    assert 0.85 * 600 < len(population.founders.place) < len(genomes.sites)
    assert (genomes.dosage == MISSING).mean() < 0.01


def test_all_that_counts_holds(report: Report) -> None:
    assert [(one.measure, one.segment, one.found) for one in report.failed] == []
    assert {one.group for one in report.counted} >= {
        "allele frequencies", "linkage disequilibrium", "structure", "homozygosity", "families", "traits",
    }  # fmt: skip
    assert len(report.counted) > 40
    explained = {one.segment: one.found for one in report.figures if "principal" in one.measure}
    assert min(explained["afr"] or 0, explained["eur"] or 0) > 0.6  # by some fifty windows


def test_it_is_printed_and_written_with_its_pictures(report: Report, tmp_path: Path) -> None:
    page.write(tmp_path / "genetics.html", report.print, "\n".join(report.pictures))
    text = (tmp_path / "genetics.html").read_text(encoding="utf-8")
    assert text.count("<svg") == text.count("</svg>") == 4
    assert report.summary in text
    assert json.loads(json.dumps(report.as_json()))["held"] == len(report.counted)


def test_what_does_not_hold_is_told() -> None:
    told = Report((Figure("group", "FST", "afr-eur", 0.15, 0.14, 0.16, 0.2, 10, "source"),))
    shown = Console(file=StringIO(), record=True, width=160)
    told.print(shown)
    assert "FST, afr-eur: 0.2 instead of 0.14 to 0.16" in shown.export_text()


def test_genotypes_of_others_hold_for_nobody(population: Population) -> None:
    """Everybody has the genotypes of the next one: kinship, and frequencies within ancestries, are gone."""
    shuffled = replace(population.landed, dosage=np.roll(population.landed.dosage, 1, axis=1))
    of = {one.segment: one.holds for one in families.figures(shuffled, population.founders) if one.measure == "kinship"}
    assert not of["parent and child"]
    assert not of["siblings"]
    slopes = [
        one for one in frequencies.figures(shuffled, population.founders) if "slope" in one.measure and one.counts
    ]
    assert not any(one.holds for one in slopes)


def test_ancestries_that_are_mistaken_for_each_other_are_found_out(population: Population) -> None:
    columns = [f"ancestry_{name}" for name in ANCESTRIES]
    turned = dict(zip(columns, population.landed.people[np.roll(columns, 1)].to_numpy().T, strict=True))
    mistaken = replace(population.landed, people=population.landed.people.assign(**turned))
    found = [*structure.fst(mistaken, population.founders), *homozygosity.figures(WORLD, mistaken, population.founders)]
    assert sum(one.holds for one in found if one.counts) < 0.5 * sum(one.counts for one in found)


def test_sites_in_another_order_have_no_linkage(population: Population) -> None:
    founders = population.founders
    order = np.random.default_rng(7).permutation(len(founders.place))
    decays = linkage.decays(population.landed, replace(founders, place=founders.place[order]))
    near = [one for one in linkage.figures(decays) if one.measure.endswith((" 2-5 kb", " 5-10 kb"))]
    assert [(one.segment, one.found, one.low) for one in near if one.holds] == []
