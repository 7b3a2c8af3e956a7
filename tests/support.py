"""Tables built straight from their declarations, without the refresh engine: an oracle, and a short cut for tests."""

from __future__ import annotations

import json
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse import quality
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.contract import LandedTable, ReferenceTable, Table
from lakehouse.session import start_hail
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.storage import Storage
from lakehouse.vault.codes import EXACT
from lakehouse.vault.registration_pair import RegistrationPair


def ehr_lines(spark: SparkSession, *resources: dict[str, Any]) -> DataFrame:
    """FHIR resources as lines that landed in one file, in this order; the line's number is its id too."""
    path = "ehr/2026-01-01/hand-made.ndjson"
    lines = [(json.dumps(r), r["resourceType"], r["id"], _patient_of(r), i) for i, r in enumerate(resources, start=1)]
    return spark.createDataFrame(
        lines, "raw string, resource_type string, resource_id string, patient_id string, line bigint"
    ).selectExpr(
        "'2026-01-01' as delivery", f"'{path}' as file", "0L as block_start", "line", "line as line_id",
        "timestamp '2026-01-01' as arrived_at", "raw", "cast(null as string) as defect",
        "resource_type", "resource_id", "patient_id",
        "get_json_object(raw, '$.meta.versionId') as version_id",
        "to_timestamp(get_json_object(raw, '$.meta.lastUpdated')) as last_updated",
    )  # fmt: skip


def rows_of(spark: SparkSession, table: type[Table], *rows: dict[str, Any]) -> DataFrame:
    """Rows of a table's declared columns; those that a row does not name are null."""
    return spark.createDataFrame([tuple(row.get(name) for name in table.declared) for row in rows], table.ddl())


def without_claims(spark: SparkSession) -> dict[type[Table], DataFrame]:
    """Claims of nobody, for tests of what the hospital tells."""
    return {table: rows_of(spark, table) for table in (MedicalClaim, PharmacyClaim)}


def tied(spark: SparkSession, *pairs: tuple[str, str]) -> dict[type[Table], DataFrame]:
    """Registrations (`ehr|id` or `payer|id`) that are one person: for tests of what several sources tell of him."""
    rows = [
        {"registration_id_l": one, "registration_id_r": other, "verdict": EXACT} for one, other in map(sorted, pairs)
    ]
    tied_rows = rows_of(spark, RegistrationPair, *rows)
    # Of what is plainly empty Spark plans no joins.
    return {RegistrationPair: tied_rows if pairs else tied_rows.where("false")}


def _patient_of(resource: dict[str, Any]) -> str | None:
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    whose = resource.get("subject") or resource.get("patient") or resource.get("beneficiary") or {}
    reference = whose.get("reference")
    return reference.removeprefix("Patient/") if reference else None


def _hangs_on_landed(table: type[Table]) -> bool:
    return issubclass(table, LandedTable) or any(_hangs_on_landed(i) for i in table.inputs().values())


class Rows:
    """The rows of any table, computed by its function from the rows of its inputs; landed tables are read."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._built: dict[type[Table], DataFrame] = {}

    def __getitem__(self, table: type[Table]) -> DataFrame:
        if table not in self._built:
            self._built[table] = self._compute(table)
        return self._built[table]

    def given(self, rows: dict[type[Table], DataFrame], compared: bool = False) -> Rows:
        """The same home, with these rows for these tables; what was already computed from reference tables stays.

        Unless registrations are to be compared, each is a person of its own, but for those `tied`. No resource moves
        from one patient to another, unless it is said.
        """
        other = Rows(self.storage)
        nowhere = rows_of(self.storage.spark, MovedResource).where("false")
        apart = {MovedResource: nowhere} | ({} if compared else tied(self.storage.spark))
        other._built = {table: self[table] for table in self._built if not _hangs_on_landed(table)} | apart | rows
        return other

    def _compute(self, table: type[Table]) -> DataFrame:
        build = getattr(table, "build", None)
        if build is not None:
            if table.uses_hail:
                start_hail(self.storage.spark)
            rows: DataFrame = build(**{name: self[i] for name, i in table.inputs().items()})
            # Cut off from how it was made: the plan of a table deep in the graph would hold those of all before it.
            return rows.selectExpr(*(f"`{n}`" for n in table.declared)).localCheckpoint()
        if issubclass(table, ReferenceTable):
            return self.storage.reference_rows(table)
        return self.storage.read(table)


class FromNothing(Rows):
    """The rows of each table, computed by its function from those that stay in its inputs."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage)
        self.flagged: dict[type[Table], DataFrame] = {}

    def _compute(self, table: type[Table]) -> DataFrame:
        rows = super()._compute(table)
        if issubclass(table, LandedTable):
            return rows
        self.flagged[table] = quality.flag(table, rows).cache()
        return quality.kept(self.flagged[table])
