"""What a landing zone says of the population that is generated into it: which world it is, and what is written."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict
from typing import Any

from lakehouse.errors import UsageError
from lakehouse.synthetic.folders import Folder
from lakehouse.synthetic.world import World

NAME = "_generation.json"
"""Its name in the landing zone, where names with an underscore are not taken for files that landed."""


class Marker:
    """The state of a generation: the parts that are written, with their rows, and whether all is delivered."""

    def __init__(self, landing: Folder, world: World, rows: dict[str, int], is_complete: bool) -> None:
        self.rows, self.is_complete = rows, is_complete
        self._landing, self._world = landing, world
        self._lock = threading.Lock()

    @classmethod
    def open(cls, landing: Folder, truth: Folder, world: World) -> Marker:
        """The marker of that world. Raises UsageError where something else lies in the landing zone or the truth."""
        text = landing.read(NAME)
        if text is None:
            _refuse_if_filled(landing, "the landing zone", "--landing DIR")
            _refuse_if_filled(truth, "the folder of the truth", "--set truth=DIR")
            marker = cls(landing, world, {}, is_complete=False)
            marker._write()
            return marker
        told = json.loads(text)
        if told["world"] != parameters(world):
            raise UsageError(
                f"the landing zone {landing.path} holds another population ({_difference(told['world'], world)}): "
                "name another with --landing DIR, or remove it first, with its truth"
            )
        return cls(landing, world, told["rows"], told["complete"])

    def add(self, part: str, rows: int) -> None:
        """Note that a part is written."""
        with self._lock:
            self.rows[part] = rows
            self._write()

    def complete(self) -> None:
        """Note that everything is delivered."""
        self.is_complete = True
        self._write()

    def _write(self) -> None:
        told = {"world": parameters(self._world), "complete": self.is_complete, "rows": self.rows}
        self._landing.write(NAME, json.dumps(told, indent=2) + "\n")


def is_landed(landing: Folder) -> bool:
    """Whether there is anything in a landing zone but a generation that was cut off."""
    text = landing.read(NAME)
    return _visible(landing) != [] if text is None else bool(json.loads(text)["complete"])


def parameters(world: World) -> dict[str, Any]:
    """The fields of a world, as they stand in JSON."""
    fields: dict[str, Any] = json.loads(json.dumps(asdict(world), default=str))
    return fields


def digest(world: World) -> str:
    """A name for a world, that no other one has."""
    return hashlib.blake2b(json.dumps(parameters(world)).encode(), digest_size=8).hexdigest()


def _refuse_if_filled(folder: Folder, what: str, option: str) -> None:
    if _visible(folder):
        raise UsageError(
            f"{what} {folder.path} is not empty, and what it holds was not generated: name another with {option}"
        )


def _visible(folder: Folder) -> list[str]:
    return [name for name in folder.names() if not name.startswith(("_", "."))]


def _difference(told: dict[str, Any], world: World) -> str:
    """What differs, as the other world has it."""
    there, asked = _flat(told), _flat(parameters(world))
    return ", ".join(
        f"{name} {value}, not {asked.get(name)}" for name, value in there.items() if value != asked.get(name)
    )


def _flat(fields: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        flat |= value if isinstance(value, dict) else {name: value}
    return flat
