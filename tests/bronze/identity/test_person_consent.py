from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze.identity.identity_line import IdentityLine
from lakehouse.bronze.identity.person_consent import PersonConsent
from lakehouse.bronze.identity.person_decision import PersonDecision
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.quality import REASONS, flag
from lakehouse.storage import Storage
from tests.landing_zone import taken

FILES = {
    "2026-01-01/consents.csv": (
        "registration_id,purpose,consent\n"
        "ehr|a,Research,Withdrawn\n"
        "payer|1,genomics,given\n"
        "ehr|b,research,withdrawn\n"
        "laboratory|S1,genomics,withdrawn\n"
        "ehr|c,marketing,withdrawn\n"
        "ehr|c,research,perhaps\n"
        ",research,withdrawn\n"
    ),
    "2026-01-01/decisions.csv": "registration_id_l,registration_id_r,decision,decided_by\nehr|a,ehr|b,apart,ann\n",
    "2026-02-01/consents_02.tsv": "purpose\tregistration_id\tconsent\nresearch\tehr|b\tgiven\n",
    "2026-02-01/consents.csv": "registration_id,purpose\nehr|a,research\n",
}


@pytest.fixture(scope="module")
def storage(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Storage:
    return taken(
        spark, tmp_path_factory.mktemp("consented"), {f"identity/{name}": text for name, text in FILES.items()}
    )


def test_the_last_word_on_a_purpose_holds_and_what_says_nothing_is_refused(storage: Storage) -> None:
    flagged = flag(PersonConsent, PersonConsent.build(storage.read(IdentityLine)))  # type: ignore[arg-type]
    refused = {row.line: row[REASONS] for row in flagged.filter(f"size({REASONS}) > 0").collect()}
    assert refused == {
        5: ["names a registration"], 6: ["names a purpose"], 7: ["is given or withdrawn"], 8: ["names a registration"],
    }  # fmt: skip
    held = PersonConsent.current(flagged.filter(f"size({REASONS}) = 0")).collect()
    assert {(row.registration_id, row.purpose, row.consent) for row in held} == {
        ("ehr|a", "research", "withdrawn"), ("payer|1", "genomics", "given"), ("ehr|b", "research", "given"),
    }  # fmt: skip


def test_each_kind_of_file_is_read_as_what_it_is(storage: Storage) -> None:
    (decision,) = PersonDecision.build(storage.read(IdentityLine)).collect()  # type: ignore[arg-type]
    assert (decision.registration_id_l, decision.decision) == ("ehr|a", "apart")
    files = {row.file.split("/", 1)[1]: row.defect for row in storage.read(LandedFile).collect() if row.defect}
    assert files == {"2026-02-01/consents.csv": "the header names no consent"}
