"""How the versions of a claim are told in every file: numbers of claims, and which of them is final."""

from __future__ import annotations

FINAL, SUPERSEDED = "F", "N"

VERSION = {
    "DML_IND": "if(version = 1, 'INSERT', 'UPDATE')",
    "CLM_GRP_ID": "-`group`",
    "FINAL_ACTION": f"'{FINAL}'",
    "BENE_ID": "bene_id",
}
"""Fields of every claim. Numbers are negative, as in CMS's own synthetic files: no real claim has such a one.

A version is final as far as is known when it is processed; what is delivered together with a later one is not.
"""
