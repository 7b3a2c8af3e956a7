"""The sample's resources as Python's own gzip and json read them."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.conftest import SAMPLE


def landed(resource_type: str) -> list[dict[str, Any]]:
    """All resources of a type, in the order of their files and lines."""
    resources = []
    for file in sorted((SAMPLE / "ehr").glob(f"*/{resource_type}.*ndjson.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            resources += [json.loads(line) for line in lines]
    return resources
