from __future__ import annotations

from decimal import Decimal

from pyspark.sql import functions as F

from lakehouse import quality
from lakehouse.bronze.claims.pde import Pde
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from tests.bronze.claims.lines import landed
from tests.support import Rows

AMOUNTS = {
    "allowed_amount": ("TOT_RX_CST_AMT",),
    "paid_amount": ("CVRD_D_PLAN_PD_AMT", "NCVRD_PLAN_PD_AMT", "LICS_AMT"),
    "patient_amount": ("PTNT_PAY_AMT",),
    "other_payer_amount": ("OTHR_TROOP_AMT", "PLRO_AMT"),
}


def test_amounts_are_those_that_landed_to_the_cent(sample: Rows) -> None:
    sums = sample[PharmacyClaim].agg(*(F.sum(name).alias(name) for name in AMOUNTS)).collect()[0]
    for name, fields in AMOUNTS.items():
        assert sums[name] == sum(Decimal(line[field]) for line in landed("pde") for field in fields), name


def test_every_event_is_found_again_and_keeps_its_promises(sample: Rows) -> None:
    rows = sample[PharmacyClaim]
    examination = quality.examine(PharmacyClaim, quality.flag(PharmacyClaim, rows), old=None, buckets=1)
    assert (examination.dropped, examination.broken, examination.repeated_keys) == (0, {}, [])
    current = Pde.current(sample[Pde]).select("line_id")
    assert current.join(rows, "line_id", "left_anti").count() == 0
    assert rows.count() == len({line["PDE_ID"] for line in landed("pde")})
