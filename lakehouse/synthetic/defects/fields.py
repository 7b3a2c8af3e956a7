"""Defects of the fields of RIF files: a delimiter inside, zeros lost, or a name in the wrong encoding."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.defects.lines import misread
from lakehouse.synthetic.defects.shares import happens
from lakehouse.synthetic.defects.told import no_defect, told
from lakehouse.synthetic.world import World

_DELIMITER = "|"
_WITH_DELIMITER = {"beneficiary": "DRVD_LINE_1_ADR", "pde": "PDE_ID"}
"""The field that gets the delimiter; in other files it is the number of the claim."""

_NUMBER_OF_CLAIM = "CLM_ID"
_WITH_ZEROS = {"beneficiary": "BENE_ZIP_CD", "pde": "PROD_SRVC_ID", "carrier": "LINE_NDC_CD", "dme": "LINE_NDC_CD"}
_NAME = "BENE_SRNM_NAME"


def spoil_fields(world: World, file: str, rows: DataFrame) -> DataFrame:
    """Lines of a RIF file, as the builders in `claims` make them, with the defects of fields; at most one a line.

    Adds `defect`: the row of TRUE_DEFECT, null where the line is as it was.
    """
    if not world.planted.defects:
        return rows.withColumn("defect", no_defect())
    found, fields, defect = F.lit(False), F.col("fields"), no_defect()
    for key, name, can_happen, bad in _kinds(file):
        true = F.col("fields")[name]
        now = ~found & F.coalesce(can_happen & happens(world, key, _line()), F.lit(False))
        fields = fields.withField(name, F.when(now, bad).otherwise(fields[name]))
        row = told(F.lit(key), F.lit("claims"), F.lit(file), _source_id(), F.col("line_number"), F.lit(name), true, bad)
        found, defect = found | now, F.when(now, row).otherwise(defect)
    return rows.withColumns({"fields": fields, "defect": defect})


def _kinds(file: str) -> list[tuple[str, str, Column, Column]]:
    """The defects that a file can have: key, field, where it can happen, and what then stands in the field."""
    delimited = _WITH_DELIMITER.get(file, _NUMBER_OF_CLAIM)
    text = F.col("fields")[delimited]
    kinds = [("delimiter_in_field", delimited, text.isNotNull(), _delimited(text))]
    if file in _WITH_ZEROS:
        zeros = F.col("fields")[_WITH_ZEROS[file]]
        kinds.append(
            ("leading_zeros_lost", _WITH_ZEROS[file], zeros.startswith("0"), F.regexp_replace(zeros, "^0+", ""))
        )
    if file == "beneficiary":
        name = F.col("fields")[_NAME]
        kinds.append(("mojibake_in_name", _NAME, F.octet_length(name) != F.char_length(name), misread(name)))
    return kinds


def _delimited(text: Column) -> Column:
    """With the delimiter before the last word, or at the end of a single one."""
    return F.when(text.contains(" "), F.regexp_replace(text, r" (\S*)$", rf"{_DELIMITER} $1")).otherwise(
        F.concat(text, F.lit(_DELIMITER))
    )


def _line() -> Column:
    """What names the line."""
    return F.concat_ws(":", "payer", "person", "known_on", "claim", "line_number")


def _source_id() -> Column:
    """The number of the claim, or the id of the beneficiary."""
    return F.coalesce((-F.col("claim")).cast("string"), F.col("fields.BENE_ID"))
