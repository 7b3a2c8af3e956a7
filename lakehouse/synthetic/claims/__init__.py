"""The files that a payer delivers: CMS's RIF files, written from the frames as Spark expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pyspark.sql import DataFrame

from lakehouse.synthetic.claims.beneficiary import beneficiary
from lakehouse.synthetic.claims.carrier import carrier
from lakehouse.synthetic.claims.dme import dme
from lakehouse.synthetic.claims.hha import hha
from lakehouse.synthetic.claims.hospice import hospice
from lakehouse.synthetic.claims.inpatient import inpatient
from lakehouse.synthetic.claims.outpatient import outpatient
from lakehouse.synthetic.claims.pde import pde
from lakehouse.synthetic.claims.snf import snf
from lakehouse.synthetic.sources import Sources

FILES: Mapping[str, Callable[[Sources], DataFrame]] = MappingProxyType({
    "beneficiary": beneficiary, "carrier": carrier, "inpatient": inpatient, "outpatient": outpatient, "snf": snf,
    "hha": hha, "hospice": hospice, "dme": dme, "pde": pde,
})  # fmt: skip
"""The builder of each kind of file.

Its rows: payer, file, known_on and superseded_on (dates: from when to when it is the last that is known; null where no
later one follows), person, claim, line_number, fields.
"""

KNOWLEDGE = ("conditions", "denials", "places", "procedures", "ssa_counties")
"""The tables of knowledge that the files need."""
