"""The fee schedule: what every service is billed as and what it is worth before a payer's factor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np

from lakehouse.synthetic.arrays import Texts
from lakehouse.synthetic.knowledge import Row, by_key, number, table
from lakehouse.synthetic.streams import Integers


class Group(IntEnum):
    """What kind of service it is: claims and cost sharing treat them differently."""

    VISIT = 0
    PREVENTIVE_VISIT = 1
    PROCEDURE = 2
    SCREENING = 3
    TEST = 4
    VACCINE = 5
    DRUG = 6
    STAY = 7
    EQUIPMENT = 8


PREVENTIVE = (Group.PREVENTIVE_VISIT, Group.SCREENING, Group.VACCINE)
"""Groups without cost sharing (Affordable Care Act, section 2713; Medicare's preventive services)."""

_PREVENTIVE_VISITS = ("wellness_visit", "well_child_visit")


@dataclass(frozen=True)
class FeeSchedule:
    """Services, one a row; prices in cents. `rows` has, for each knowledge table, the row of each of its keys."""

    key: Texts
    hcpcs: Texts
    revenue_center: Texts
    ndc: Texts
    price: Integers
    group: Integers
    rows: dict[str, dict[str, int]]


@cache
def fee_schedule() -> FeeSchedule:
    """The fee schedule, from the knowledge tables that have prices."""
    services = [*_visits(), *_procedures(), *_tests(), *_vaccines(), *_drugs(), *_stays(), *_equipment()]
    rows: dict[str, dict[str, int]] = {}
    for place, (name, key, *_) in enumerate(services):
        rows.setdefault(name, {})[key] = place
    _, keys, hcpcs, centers, ndcs, prices, groups = zip(*services, strict=True)
    return FeeSchedule(
        key=np.array(keys, dtype=object),
        hcpcs=np.array(hcpcs, dtype=object),
        revenue_center=np.array(centers, dtype=object),
        ndc=np.array(ndcs, dtype=object),
        price=np.array(prices, dtype=np.int64),
        group=np.array(groups, dtype=np.int64),
        rows=rows,
    )


_Service = tuple[str, str, str, str, str, int, Group]


def _service(name: str, row: Row, group: Group, center: str = "", price: str = "price_cents") -> _Service:
    ndc = row.get("ndc", "")
    return name, row["key"], row.get("hcpcs", ""), center, ndc, round(number(row, price)), group


def _visits() -> Iterator[_Service]:
    for row in table("encounters"):
        yield _service("encounters", row, Group.PREVENTIVE_VISIT if row["key"] in _PREVENTIVE_VISITS else Group.VISIT)


def _procedures() -> Iterator[_Service]:
    for row in table("procedures"):
        group = Group.SCREENING if row["kind"] == "screening" else Group.PROCEDURE
        yield _service("procedures", row, group, _center(row["kind"], row["modality"]))


def _tests() -> Iterator[_Service]:
    for row in table("services"):
        yield _service("services", row, Group.TEST, row["revenue_center"])


def _vaccines() -> Iterator[_Service]:
    for row in table("vaccines"):
        yield _service("vaccines", row, Group.VACCINE, _center("vaccine"))


def _drugs() -> Iterator[_Service]:
    for row in table("drugs"):
        yield _service("drugs", row, Group.DRUG, _center("drug"), "cost_per_fill_cents")


def _stays() -> Iterator[_Service]:
    for row in table("stay_charges"):
        yield _service("stay_charges", row, Group.STAY, row["revenue_center"])


def _equipment() -> Iterator[_Service]:
    for row in table("equipment"):
        yield _service("equipment", row, Group.EQUIPMENT)


def _center(kind: str, modality: str = "") -> str:
    """The revenue center of a kind of service; of imaging, by the kind of image."""
    centers = by_key("revenue_centers")
    row = centers.get(f"{kind}:{modality}") or centers.get(kind)
    return row["revenue_center"] if row else ""
