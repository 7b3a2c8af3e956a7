"""How the versions of a claim are told in every file: numbers of claims, and which of them is final."""

from __future__ import annotations

VERSION = {
    "DML_IND": "if(version = 1, 'INSERT', 'UPDATE')",
    "CLM_GRP_ID": "-`group`",
    "FINAL_ACTION": "if(final, 'F', 'N')",
    "BENE_ID": "bene_id",
}
"""Fields of every claim. Numbers are negative, as in CMS's own synthetic files: no real claim has such a one."""
