"""What a release is to hold, as a YAML file says: a query, its columns, and which of them others may know of people."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lakehouse.errors import UsageError, shown
from lakehouse.vault.codes import SMALLEST_GROUP

OLDEST = 90
"""All ages from here on are one: 45 CFR 164.514(b)(2)(i)(C)."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReleasedColumn(_Section):
    """How a column of the query is released.

    known: whether others may know it of a person, as from a register of voters: a quasi-identifier.
    form: as it is; its year, of a day or an instant; an age, of which all from 90 on are one.
    band: the width of the bands that a number falls into, told by their lower end.
    """

    known: bool = False
    form: Literal["as it is", "year", "age"] = Field("as it is", alias="as")
    band: int | None = Field(None, ge=2)


class Asked(_Section):
    """A release.

    query: of silver and gold; it gives a person_id, whose row it is, and the columns.
    smallest_group: of so many persons at least is said what the known columns of a row say, and each value.
    share: of the persons who are in the release, drawn by chance, so that nobody knows who is.
    counts: whether persons are counted by the columns instead of told row by row.
    """

    query: str = Field(min_length=1)
    columns: dict[str, ReleasedColumn] = Field(min_length=1)
    smallest_group: int = Field(SMALLEST_GROUP, ge=SMALLEST_GROUP)
    share: float = Field(0.9, gt=0, le=0.95)
    counts: bool = False

    @model_validator(mode="after")
    def _names_nobody(self) -> Asked:
        telling = [n for n in self.columns if n.endswith("_id") and not n.endswith("concept_id")]
        if telling:
            raise ValueError(f"{telling[0]} is an id, and would tie the rows to other tables")
        if not self.known:
            raise ValueError("no column is known to others: say of age, sex, area and the like known: true")
        return self

    @property
    def known(self) -> list[str]:
        """The columns that others may know."""
        return [name for name, column in self.columns.items() if column.known]


def load(path: Path) -> Asked:
    """Read the file. Raises UsageError where it is none."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Asked.model_validate(raw)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        told = "; ".join(map(_told, error.errors())) if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{path}: {' '.join(told.split())}") from None


def _told(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    return f"{name}: {error['msg'].lower()}, not {shown(error['input'])}" if name else str(error["msg"])
