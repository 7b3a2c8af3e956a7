"""Defects of the lines of the EHR's files: cut off, or in the wrong encoding."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.defects.shares import happens, share
from lakehouse.synthetic.defects.told import no_defect, told
from lakehouse.synthetic.ehr.lags import draw
from lakehouse.synthetic.world import World

_LATIN_1 = "ISO-8859-1"
_WORD = r'[^" ]*[^\x00-\x7f][^" ]*'
_OTHER_SIGN = r"[^\x00-\x7f]"
_LEAST_BYTES = 10
"""How much of a line is left, and how much is missing, at the least."""


def spoil_lines(world: World, kind: str, lines: DataFrame) -> DataFrame:
    """Resources of a type with the defects of lines: `person`, `id` and `value`, the JSON, which is what changes.

    Adds `defect`: the row of TRUE_DEFECT, null where the line is as it was.
    """
    if not world.planted.defects:
        return lines.withColumn("defect", no_defect())
    cut_at = _cut_at(world)
    changed = lines.withColumn("_key", _key(world)).withColumn(
        "_value",
        F.when(F.col("_key") == "json_cut", F.expr("cast(value as binary)").substr(F.lit(1), cut_at).cast("string"))
        .when(F.col("_key") == "mojibake", misread(F.col("value")))
        .when(F.col("_key") == "not_utf8", F.encode("value", _LATIN_1).cast("string")),
    )
    is_cut, word = F.col("_key") == "json_cut", F.regexp_extract("value", _WORD, 0)
    true = F.when(is_cut, F.octet_length("value").cast("string")).otherwise(word)
    bad = (
        F.when(is_cut, cut_at.cast("string"))
        .when(F.col("_key") == "mojibake", misread(word))
        .otherwise(F.regexp_replace(word, _OTHER_SIGN, "\ufffd"))
    )
    defect = told(F.col("_key"), F.lit("ehr"), F.lit(kind), F.col("id"), F.lit(None), F.lit("line"), true, bad)
    return changed.withColumns(
        {"defect": F.when(F.col("_key").isNotNull(), defect), "value": F.coalesce("_value", "value")}
    ).drop("_key", "_value")


def misread(text: Column) -> Column:
    """What a text looks like whose UTF-8 was read as Latin-1."""
    return F.decode(F.encode(text, "UTF-8"), _LATIN_1)


def _key(world: World) -> Column:
    """The defect of each line; null for most."""
    has_other_signs = F.octet_length("value") != F.char_length("value")
    of_encoding = draw(f"defect:encoding:{world.seed}", F.col("id"))
    mojibake, not_utf8 = share(world, "mojibake"), share(world, "not_utf8")
    return (
        F.when(happens(world, "json_cut", F.col("id")), "json_cut")
        .when((of_encoding < mojibake) & has_other_signs, "mojibake")
        .when((of_encoding < mojibake + not_utf8) & has_other_signs, "not_utf8")
    )


def _cut_at(world: World) -> Column:
    """The bytes of the line that are left."""
    most = F.octet_length("value") - 2 * _LEAST_BYTES
    return (F.floor(draw(f"defect:cut at:{world.seed}", F.col("id")) * most) + _LEAST_BYTES).cast("int")
