"""Under which ids the rows of frames stand in the files."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def fhir_ids(resource_type: str, *parts: NDArray[Any]) -> list[str]:
    """The ids of resources, from what names the rows of their frame; as `ehr.datatypes.uuid` makes them."""
    return [_uuid(":".join([resource_type, *map(str, row)])) for row in zip(*(p.tolist() for p in parts), strict=True)]


def observation_ids(rows: dict[str, NDArray[Any]], chosen: NDArray[Any]) -> list[str]:
    """The ids of the Observations of rows of MEASUREMENT."""
    return fhir_ids("Observation", rows["id"][chosen])


def claim_ids(ids: NDArray[Any]) -> NDArray[Any]:
    """CLM_ID, or PDE_ID: negative, as in CMS's synthetic files."""
    return np.array([f"-{number}" for number in ids.tolist()], dtype=object)


def _uuid(name: str) -> str:
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
