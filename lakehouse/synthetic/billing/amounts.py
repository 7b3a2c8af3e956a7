"""The amounts of the versions of claims: allowed is always what is paid and what the patient owes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lakehouse.synthetic.billing.adjudication import State
from lakehouse.synthetic.billing.sharing import Owed
from lakehouse.synthetic.streams import Floats, Integers


@dataclass(frozen=True)
class Amounts:
    """Cents on each line of each version. What is taken back is negative, so that a voided claim nets to zero."""

    charge: Integers
    allowed: Integers
    paid: Integers
    deductible: Integers
    coinsurance: Integers


def amounts(state: Integers, part: Floats, charge: Integers, allowed: Integers, owed: Owed) -> Amounts:
    """The amounts of lines by the state of their version; `part` is how much was allowed before an adjustment."""
    share = np.select([state == State.NOTHING, state == State.PART], [0.0, part], 1.0)
    sign = np.where(state == State.TAKEN_BACK, -1, 1)
    now = np.floor(allowed * share).astype(np.int64)
    deductible = np.minimum(owed.deductible, now)
    coinsurance = np.minimum(np.floor(owed.coinsurance * share).astype(np.int64), now - deductible)
    return Amounts(
        charge=sign * charge,
        allowed=sign * now,
        paid=sign * (now - deductible - coinsurance),
        deductible=sign * deductible,
        coinsurance=sign * coinsurance,
    )
