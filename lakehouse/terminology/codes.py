"""How codes are written, so that the same code is found whoever wrote it."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F


def normalised(vocabulary_id: Column, code: Column) -> Column:
    """The one spelling of a code: ICD without its dot, NDC as 11 digits (5-4-2), CMS specialties without a first 0."""
    written = F.trim(code)
    segments = F.split(written, "-")
    eleven_digits = F.concat(*(F.lpad(F.get(segments, F.lit(i)), width, "0") for i, width in enumerate((5, 4, 2))))
    return (
        F.when(vocabulary_id.startswith("ICD"), F.upper(F.replace(written, F.lit("."), F.lit(""))))
        .when((vocabulary_id == "NDC") & (F.size(segments) == 3), eleven_digits)
        .when(vocabulary_id == "Medicare Specialty", F.regexp_replace(written, "^0+", ""))
        .otherwise(written)
    )
