"""The parts that a population is written in: of each batch of persons, each resource, each file and each truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf

from lakehouse.synthetic import world_truths
from lakehouse.synthetic.claims import FILES
from lakehouse.synthetic.deliveries import KILOBYTES_A_YEAR
from lakehouse.synthetic.ehr import RESOURCES
from lakehouse.synthetic.frames import ALL, PERSON, Frame
from lakehouse.synthetic.rendering import Written, write_claims, write_genomes, write_resources, write_truth
from lakehouse.synthetic.sources import Sources
from lakehouse.synthetic.world import World

EHR, CLAIMS, GENOMICS, TRUTH = "ehr", "claims", "genomics", "truth"

_OF_NOBODY = ("Location", "Organization", "Practitioner", "PractitionerRole")
"""Resources that are not of persons, but of the world."""


@dataclass(frozen=True)
class Part:
    """One kind of file, or table of truth.

    write: writes the rows of a batch into a folder, and says what it wrote. of_persons: whether every batch
    has its own; what is of the world is written with the first.
    """

    place: str
    kind: str
    write: Callable[[World, Sources, str], Written]
    of_persons: bool = True

    @property
    def name(self) -> str:
        """Where it is delivered, and what it is: ehr/Patient, claims/carrier, truth/outbreaks."""
        return f"{self.place}/{self.kind}"


def parts_of(world: World, batch: int) -> list[Part]:
    """The parts of a batch; the largest are first, so that none of them is left to be written alone."""
    return [part for part in sorted(_parts(world), key=_size) if part.of_persons or batch == 0]


def _parts(world: World) -> list[Part]:
    true_frames = (frame for frame in ALL if frame is PERSON or frame.name.startswith("true_"))
    genomes = [Part(GENOMICS, "calls", write_genomes)] if world.genotyping.share else []
    return [
        *genomes,
        *(Part(EHR, kind, partial(write_resources, kind), kind not in _OF_NOBODY) for kind in RESOURCES),
        *(Part(CLAIMS, kind, partial(write_claims, kind)) for kind in FILES),
        *(Part(TRUTH, frame.name, partial(_write_frame, frame)) for frame in true_frames),
        *(Part(TRUTH, table, partial(_write_table, table), of_persons=False) for table in world_truths.TABLES),
    ]


def _write_frame(frame: Frame, world: World, sources: Sources, path: str) -> Written:
    return write_truth(sources.frames[frame], path)


def _write_table(table: str, world: World, sources: Sources, path: str) -> Written:
    return write_truth(world_truths.TABLES[table](sources.facilities.sparkSession, world), path)


def _size(part: Part) -> float:
    return -inf if part.place == GENOMICS else -KILOBYTES_A_YEAR.get(part.kind, 0)
