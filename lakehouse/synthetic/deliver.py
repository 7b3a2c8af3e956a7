"""From parts to deliveries: parts get the names that they are delivered under, and folders appear when complete."""

from __future__ import annotations

from lakehouse.errors import LakehouseError
from lakehouse.synthetic.folders import Folder
from lakehouse.synthetic.parts import CLAIMS, EHR, GENOMICS

UNFINISHED = "_generating"
"""Where parts lie until all are there. A name with an underscore is not looked at by who reads the folder."""


def deliver_files(landing: Folder) -> None:
    """Move the parts of files to `<world>/<delivery>/`. May be cut off and called again."""
    _move(landing, {name: _file(name) for name in _parts(landing)})
    for world in (EHR, CLAIMS, GENOMICS):
        _show(landing, world)


def deliver_truth(truth: Folder) -> None:
    """Move the parts of tables to `<table>/`. May be cut off and called again."""
    _move(truth, {name: _table(name) for name in _parts(truth)})
    truth.remove(UNFINISHED)
    _show(truth, "")


def _parts(folder: Folder) -> list[str]:
    return [name for name in folder.files(UNFINISHED) if name.rpartition("/")[2].startswith("part-")]


def _move(folder: Folder, names: dict[str, str]) -> None:
    """Raises LakehouseError where two parts would be one file."""
    if len(set(names.values())) < len(names):
        raise LakehouseError(f"parts in {folder.path}/{UNFINISHED} are not one a file: remove it and generate again")
    for name, to in names.items():
        folder.move(name, to)


def _show(folder: Folder, within: str) -> None:
    """Give hidden folders their names."""
    prefix = f"{within}/" if within else ""
    for name in folder.below(within).names():
        if name.startswith("_") and name != UNFINISHED and "." not in name:
            folder.move(f"{prefix}{name}", f"{prefix}{name[1:]}")


def _file(part: str) -> str:
    """The name that a part of a file is delivered under, in a folder that is not shown yet."""
    _, world, kind, _, *values, name = part.split("/")
    of = dict(value.split("=") for value in values)
    if world == EHR:
        return f"{EHR}/_{of['delivery']}/{kind}.{of['number']}.ndjson.gz"
    if world == GENOMICS:
        return f"{GENOMICS}/_{of['delivery']}/{of['batch']}/{name.removeprefix('part-')}"
    return f"{CLAIMS}/_{of['delivery']}/{of['payer']}/{kind}.{of['number']}.csv"


def _table(part: str) -> str:
    """The name of a file of a table of truth: one a batch, and of defects one for each file that they are in."""
    _, table, batch, _ = part.split("/")
    return f"_{table}/batch-{batch}.parquet"
