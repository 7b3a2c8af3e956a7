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
from lakehouse.synthetic.defects import spoil_fields, spoil_lines
from lakehouse.synthetic.defects.told import GATHERED, gathered
from lakehouse.synthetic.deliveries import delivery, file_number
from lakehouse.synthetic.ehr import RESOURCES
from lakehouse.synthetic.ehr.sources import Sources
from lakehouse.synthetic.frames import TRUE_DEFECT, TRUE_LAB_ERROR, TRUE_SAMPLE, Frame
from lakehouse.synthetic.genomes.writing import write_batches
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
    rows = RESOURCES[kind](sources).withColumns({
        "delivery": delivery(world, F.col("known_on")),
        "number": file_number(world, kind, F.col("known_on"), F.col("person")),
        "superseded": F.coalesce(delivery(world, F.col("superseded_on")) == F.col("delivery"), F.lit(False)),
    })  # fmt: skip
    files = ["delivery", "number"]
    # Brought together before they are made JSON: what to_json is given in the same stage, Spark interprets.
    filed = rows.filter("delivery is not null and not superseded").repartition(*files)
    told = filed.select(*files, "person", "id", F.to_json("resource").alias("value"))
    spoiled = spoil_lines(world, kind, told).select(*files, "value", "defect")
    # The fastest compression: a fifth larger, and three times as fast.
    return _write(spoiled, files, "text", path, compression="gzip", **{"zlib.compress.level": "BEST_SPEED"})


def write_claims(kind: str, world: World, sources: Sources, path: str) -> Written:
    """Lines of a RIF file, of every payer and every version."""
    rows = FILES[kind](sources).withColumns({
        "delivery": delivery(world, F.col("known_on")),
        "number": file_number(world, kind, F.col("known_on"), F.col("person")),
    })  # fmt: skip
    spoiled = spoil_fields(world, kind, rows.filter("delivery is not null"))
    lines = spoiled.select("delivery", "payer", "number", "defect", "fields.*")
    # RIF has no quotes: an empty value is nothing at all.
    options = {"header": "true", "sep": "|", "quote": "", "emptyValue": "", "nullValue": ""}
    return _write(lines, ["delivery", "payer", "number"], "csv", path, **options)


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
    """One part for each file. Rows of one file are brought together, in whatever order."""
    written = Observation()
    counted = rows.observe(written, F.count(F.lit(1)).alias("rows"), gathered()).drop("defect")
    counted.write.mode("overwrite").partitionBy(*files).options(**options).format(form).save(path)
    # Where Spark finds out that there are no rows, it leaves out what it was to say of them.
    return Written(int(written.get.get("rows", 0)), str(written.get.get(GATHERED, "[]")))
