"""Where people live and care is given: the ZIP code areas of knowledge/places.csv, and streets in them.

A place is known by its code: its place in the order of that table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.streams import Floats

_EARTH_RADIUS_KM = 6371.0
_HOUSES = 480
_APARTMENTS = 60
_APARTMENT_SHARE = 0.3


@dataclass(frozen=True)
class Places:
    """The columns of the table. Degrees north and east; deprivation in standard deviations above the mean."""

    key: NDArray[Any]
    latitude: Floats
    longitude: Floats
    weight: Floats
    rural: NDArray[np.bool_]
    deprivation: Floats

    def __len__(self) -> int:
        return len(self.key)

    def distances_km(self) -> Floats:
        """Great-circle distances from each place to each, by the haversine formula."""
        latitude, longitude = np.radians(self.latitude), np.radians(self.longitude)
        half_chord = (
            np.sin((latitude[:, None] - latitude) / 2) ** 2
            + np.cos(latitude[:, None]) * np.cos(latitude) * np.sin((longitude[:, None] - longitude) / 2) ** 2
        )
        return np.asarray(2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(half_chord)))


@cache
def places() -> Places:
    """All places, in the order of the table: by county, so that neighbours in it are mostly neighbours."""
    rows = table("places")
    numbers = {
        name: np.array([float(row[name]) for row in rows])
        for name in ("latitude", "longitude", "weight", "deprivation")
    }
    rural = np.array([row["rural"] == "1" for row in rows])
    return Places(key=np.array([row["key"] for row in rows], dtype=object), rural=rural, **numbers)


def street_lines(draws: Floats) -> NDArray[Any]:
    """First lines of addresses, from rows of three numbers of [0, 1): street, house and apartment."""
    streets = [row["name"] for row in table("streets")]
    return np.array([_line(streets, *row) for row in draws.tolist()], dtype=object)


def _line(streets: list[str], street: float, house: float, apartment: float) -> str:
    line = f"{1 + int(house * _HOUSES)} {streets[int(street * len(streets))]}"
    if apartment < _APARTMENT_SHARE:
        line += f" Apt {1 + int(apartment / _APARTMENT_SHARE * _APARTMENTS)}"
    return line
