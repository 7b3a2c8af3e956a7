"""Which visits of hospital and payer are found to be one, in a population whose truth is known."""

from __future__ import annotations

from functools import reduce

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import landing
from lakehouse.bronze.claims.carrier import Carrier
from lakehouse.bronze.claims.claim import Claim
from lakehouse.bronze.claims.dme import Dme
from lakehouse.bronze.claims.hha import Hha
from lakehouse.bronze.claims.hospice import Hospice
from lakehouse.bronze.claims.inpatient import Inpatient
from lakehouse.bronze.claims.outpatient import Outpatient
from lakehouse.bronze.claims.snf import Snf
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.quality import flag, kept
from lakehouse.silver.claims.encounter_of_claim import EncounterOfClaim
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.storage import Storage
from lakehouse.synthetic import block, generate, parts
from lakehouse.synthetic.ehr.datatypes import uuid
from lakehouse.synthetic.frames import CLAIM, FRAME
from lakehouse.synthetic.generate import Generation
from lakehouse.synthetic.world import Genotyping, World
from tests.support import FromNothing, Rows

WORLD = World(people=100, deliveries=1, genotyping=Genotyping(share=0))
CLAIM_FILES: tuple[type[Claim], ...] = (Carrier, Inpatient, Outpatient, Snf, Hha, Hospice, Dme)
NEEDED = {f"ehr/{name}" for name in ("Patient", "Encounter", "Organization", "Practitioner")} | {
    f"claims/{name}" for name in ("beneficiary", *(table.rif for table in CLAIM_FILES))
}


@pytest.fixture(scope="module")
def population(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    home = tmp_path_factory.mktemp("population")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "parts_of", lambda *of: [p for p in parts.parts_of(*of) if p.name in NEEDED])
        landed, truth, scratch = (str(home / name) for name in ("landing", "truth", "scratch"))
        Generation(spark.newSession(), WORLD, landed, truth, scratch).write()
    storage = Storage(spark, f"{home}/tables")
    landing.take(storage, landed, f"{home}/checkpoint", 65_536)
    return FromNothing(storage)


def true_pairs(spark: SparkSession, population: Rows) -> DataFrame:
    """Encounters of claims with the FHIR Encounter that one of their claims was truly for."""
    batches = [b for b in block.record(WORLD, 0) if b.column(FRAME)[0].as_py() == CLAIM.name]
    told = {(-group, encounter) for batch in batches for group, encounter in zip(
        batch.column("group").to_pylist(), batch.column("encounter").to_pylist(), strict=True
    ) if encounter is not None}  # fmt: skip
    truth = spark.createDataFrame(sorted(told), "clm_grp_id string, id bigint").select(
        "clm_grp_id", uuid("Encounter", F.col("id")).alias("resource_id")
    )
    landed = reduce(DataFrame.unionAll, (population[table].select("line_id", "clm_grp_id") for table in CLAIM_FILES))
    claims = population[MedicalClaim].select("line_id", "claim_id").join(landed, "line_id").join(truth, "clm_grp_id")
    return claims.join(population[EncounterOfClaim], "claim_id").select("person_id", "encounter_id", "resource_id")


@pytest.mark.slow
def test_what_is_one_visit_in_truth_is_one_visit(spark: SparkSession, population: Rows) -> None:
    truth = {tuple(row) for row in true_pairs(spark, population).distinct().collect()}
    visits = kept(flag(VisitOccurrence, population[VisitOccurrence])).join(
        population[Encounter].select("line_id", "resource_id"), "line_id"
    )
    seen = {(row.person_id, row.claim_encounter_id, row.resource_id) for row in visits.collect()}
    found = {pair for pair in seen if pair[1] is not None}
    to_be_found = {(person, name) for person, _, name in truth} & {(person, name) for person, _, name in seen}
    right = found & truth
    assert len(to_be_found) > 500
    assert len(right) > 0.99 * len(found)
    assert len(right) > 0.98 * len(to_be_found)
