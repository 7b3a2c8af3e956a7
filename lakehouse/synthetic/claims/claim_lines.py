"""The rows that claim files are written from: a line of a version of a claim, with its head and who stands on it."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.claims.layout import fields
from lakehouse.synthetic.claims.parties import with_beneficiary, with_providers
from lakehouse.synthetic.frames import CLAIM, CLAIM_LINE
from lakehouse.synthetic.sources import Sources


def claim_lines(sources: Sources, file: str) -> DataFrame:
    """The lines of the claims that go to a kind of file.

    Columns are those of CLAIM and, as `line_...`, of CLAIM_LINE; instead of keys `diagnosis_codes`,
    `procedure_codes` and `line_diagnosis_code` (without dots); and those that `parties` adds.
    """
    heads = sources.frames[CLAIM].filter(F.col("rif") == file)
    codes = F.broadcast(_codes(sources))
    coded = with_denials(heads, sources).crossJoin(codes).withColumns({
        "diagnosis_codes": F.expr("array_compact(transform(diagnoses, key -> condition_codes[key]))"),
        "procedure_codes": F.expr("transform(procedures, key -> procedure_code_map[key])"),
    })  # fmt: skip
    known = with_providers(with_beneficiary(coded, sources), sources)
    lines = sources.frames[CLAIM_LINE].select(
        F.col("claim").alias("id"),
        *(F.col(name).alias(_named(name)) for name in CLAIM_LINE.columns if name not in ("claim", "person")),
    )
    code = sources.knowledge["conditions"].selectExpr(
        "key as line_diagnosis", "replace(icd10cm, '.') as line_diagnosis_code"
    )
    return (
        known.drop("condition_codes", "procedure_code_map")
        .join(lines, "id")
        .join(F.broadcast(code), "line_diagnosis", "left")
    )


def written(rows: DataFrame, file: str, values: dict[str, str]) -> DataFrame:
    """The lines of a kind of file, and what is needed to deliver them."""
    return rows.select(
        "payer",
        F.lit(file).alias("file"),
        F.col("processed_date").alias("known_on"),
        F.col("superseded_date").alias("superseded_on"),
        "person",
        F.col("id").alias("claim"),
        "line_number",
        fields(file, values).alias("fields"),
    )


def with_denials(rows: DataFrame, sources: Sources) -> DataFrame:
    """Add the codes of a denial: `non_payment_reason` of institutions, `line_processing` of others."""
    denials = sources.knowledge["denials"].selectExpr("key as denial", "non_payment_reason", "line_processing")
    return rows.join(F.broadcast(denials), "denial", "left")


def _named(column: str) -> str:
    return column if column.startswith("line_") else f"line_{column}"


def _codes(sources: Sources) -> DataFrame:
    """One row: the codes of conditions and of procedures by their keys."""
    conditions = _by_key(sources.knowledge["conditions"], "icd10cm", "condition_codes")
    return conditions.crossJoin(_by_key(sources.knowledge["procedures"], "icd10pcs", "procedure_code_map"))


def _by_key(rows: DataFrame, code: str, name: str) -> DataFrame:
    entries = F.collect_list(F.struct("key", F.expr(f"replace({code}, '.')")))
    return rows.filter(f"{code} != ''").agg(F.map_from_entries(entries).alias(name))
