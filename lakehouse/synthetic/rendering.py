"""The files of a batch of persons: FHIR as NDJSON, RIF as CSV, truth as Parquet, by Spark's own writers; and genomes.

Each function writes one kind into a folder, all its deliveries at once, and says what it wrote. The folder has one
part for each file to be delivered, below `delivery=`, `payer=` (claims) and `number=`, or `batch=` (genomes).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from lakehouse.synthetic.claims import FILES
from lakehouse.synthetic.claims.versions import FINAL, SUPERSEDED
from lakehouse.synthetic.defects import spoil_fields, spoil_lines
from lakehouse.synthetic.defects.told import GATHERED, gathered
from lakehouse.synthetic.deliveries import delivery, file_number
from lakehouse.synthetic.ehr import RESOURCES
from lakehouse.synthetic.frames import TRUE_DEFECT, TRUE_LAB_ERROR, TRUE_SAMPLE, Frame
from lakehouse.synthetic.genomes.writing import write_batches
from lakehouse.synthetic.sources import Sources
from lakehouse.synthetic.world import World


@dataclass(frozen=True)
class Written:
    """How many rows were written, and what was planted in them: rows of a frame of truth, in JSON."""

    rows: int
    planted: str = "[]"
    truth: Frame = TRUE_DEFECT

    def planted_rows(self, spark: SparkSession) -> DataFrame:
        """What was planted, as rows."""
        columns = ", ".join(f"{name} {kind}" for name, kind in self.truth.columns.items())
        rows = [tuple(told.get(name) for name in self.truth.columns) for told in json.loads(self.planted)]
        return spark.createDataFrame(rows, columns)


def write_resources(kind: str, world: World, sources: Sources, path: str) -> Written:
    """Resources of a type: of the versions of one that come with the same delivery only the last, as a server has."""
    rows = _delivered(world, kind, RESOURCES[kind](sources)).filter("not superseded")
    files = ["delivery", "number"]
    # Brought together before they are made JSON: what to_json is given in the same stage, Spark interprets.
    told = rows.repartition(*files).select(*files, "person", "id", F.to_json("resource").alias("value"))
    spoiled = spoil_lines(world, kind, told).select(*files, "value", "defect")
    # The fastest compression: twice as fast, and a quarter larger.
    return _write(spoiled, files, "text", path, compression="gzip", **{"zlib.compress.level": "BEST_SPEED"})


def write_claims(kind: str, world: World, sources: Sources, path: str) -> Written:
    """Lines of a RIF file, of every payer: every version of a claim, but of a beneficiary the last of each delivery."""
    rows = _delivered(world, kind, FILES[kind](sources))
    known = _last_lines(world, rows) if kind == "beneficiary" else _with_final_action(rows)
    files = ["delivery", "payer", "number"]
    lines = spoil_fields(world, kind, known.repartition(*files)).select(*files, "defect", "fields.*")
    # RIF has no quotes: an empty value is nothing at all.
    options = {"header": "true", "sep": "|", "quote": "", "emptyValue": "", "nullValue": ""}
    return _write(lines, files, "csv", path, **options)


def _delivered(world: World, kind: str, rows: DataFrame) -> DataFrame:
    """The rows that a delivery tells: which, in which file, and whether a later row comes with the same delivery."""
    return rows.withColumns({
        "delivery": delivery(world, F.col("known_on")),
        "number": file_number(world, kind, F.col("known_on"), F.col("person")),
        "superseded": F.coalesce(delivery(world, F.col("superseded_on")) == F.col("delivery"), F.lit(False)),
    }).filter("delivery is not null")  # fmt: skip


def _last_lines(world: World, rows: DataFrame) -> DataFrame:
    """The last line of each beneficiary and year in a delivery: an insertion where none was delivered before."""
    is_new = delivery(world, F.col("first_known_on")) == F.col("delivery")
    inserted = F.col("fields").withField("DML_IND", F.when(is_new, "INSERT").otherwise("UPDATE"))
    return rows.filter("not superseded").withColumn("fields", inserted)


def _with_final_action(rows: DataFrame) -> DataFrame:
    """The versions of claims, those that are delivered together with a later one as not final."""
    action = F.when(F.col("superseded"), SUPERSEDED).otherwise(FINAL)
    return rows.withColumn("fields", F.col("fields").withField("FINAL_ACTION", action))


def write_genomes(world: World, sources: Sources, path: str) -> Written:
    """The genomes of the samples that were taken of the persons."""
    sites, errors = write_batches(world, sources.frames[TRUE_SAMPLE], sources.panels, path)
    return Written(sites, errors, TRUE_LAB_ERROR)


def write_truth(rows: DataFrame, path: str) -> Written:
    """Rows of a table of truth, in one part."""
    written = Observation()
    counted = rows.coalesce(1).observe(written, F.count(F.lit(1)).alias("rows"))
    counted.write.mode("overwrite").parquet(path)
    return Written(int(written.get.get("rows", 0)))


def _write(rows: DataFrame, files: list[str], form: str, path: str, **options: str) -> Written:
    """One part for each file, whose rows must have been brought together, in whatever order."""
    written = Observation()
    counted = rows.observe(written, F.count(F.lit(1)).alias("rows"), gathered()).drop("defect")
    counted.write.mode("overwrite").partitionBy(*files).options(**options).format(form).save(path)
    # Where Spark finds out that there are no rows, it leaves out what it was to say of them.
    return Written(int(written.get.get("rows", 0)), str(written.get.get(GATHERED, "[]")))
