"""The lists on the head of a claim: diagnoses, whether each was there on admission, procedures and their days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lakehouse.synthetic.arrays import Texts, dates_of, days_of, either, find, where_kept
from lakehouse.synthetic.billing.block import Encounters
from lakehouse.synthetic.billing.drafts import Claims
from lakehouse.synthetic.billing.forms import forms
from lakehouse.synthetic.frames import DIAGNOSIS, PROCEDURE
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.knowledge import table


@dataclass(frozen=True)
class Contents:
    """Lists by row of the encounter; the last one is that of no encounter."""

    diagnoses: Texts
    present_on_admission: Texts
    procedures: Texts
    procedure_days: Texts

    @staticmethod
    def of_block(journal: Journal, every: Encounters) -> Contents:
        """The lists of every encounter, of keys of the knowledge tables."""
        diagnosis, procedure = journal.rows(DIAGNOSIS), _coded(journal.rows(PROCEDURE))
        present = np.where(diagnosis["present_on_admission"].astype(bool), "Y", "N").astype(object)
        days = dates_of(days_of(procedure["start_time"]))
        return Contents(
            _lists(every, diagnosis, diagnosis["rank"], diagnosis["condition_key"]),
            _lists(every, diagnosis, diagnosis["rank"], present),
            _lists(every, procedure, procedure["start_time"], procedure["procedure_key"]),
            _lists(every, procedure, procedure["start_time"], days),
        )

    def of(self, claims: Claims, reason: Texts) -> Rows:
        """The lists of claims; a claim for no encounter has the one diagnosis that it is for.

        Only stays in hospital state what was present on admission, and only stays state procedures.
        """
        is_hospital = (forms().rif == "inpatient")[claims.form]
        alone = np.fromiter(([key] for key in reason.tolist()), dtype=object, count=len(reason))
        return {
            "diagnoses": either(claims.encounter < 0, alone, self.diagnoses[claims.encounter]),
            "poa": where_kept(is_hospital, self.present_on_admission[claims.encounter]),
            "procedures": where_kept(is_hospital, self.procedures[claims.encounter]),
            "procedure_dates": where_kept(is_hospital, self.procedure_days[claims.encounter]),
        }


def _coded(procedures: Rows) -> Rows:
    """Those that have a code of ICD-10-PCS: hospitals report no others."""
    coded = [row["key"] for row in table("procedures") if row["icd10pcs"]]
    chosen = np.isin(procedures["procedure_key"].astype(str), coded)
    return {name: column[chosen] for name, column in procedures.items()}


def _lists(every: Encounters, rows: Rows, order: Any, values: Any) -> Texts:
    """The values of the rows of each encounter in order, as one list an encounter."""
    encounter = find(every.id, rows["encounter"].astype(np.int64))
    known = np.flatnonzero(encounter >= 0)
    sequence = known[np.lexsort((order[known], encounter[known]))]
    ends = np.cumsum(np.bincount(encounter[known], minlength=len(every.id) + 1)).tolist()
    flat = values[sequence].tolist()
    slices = (flat[start:end] for start, end in zip([0, *ends], ends, strict=False))
    return np.fromiter(slices, dtype=object, count=len(ends))
