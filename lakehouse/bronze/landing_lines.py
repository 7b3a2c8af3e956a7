"""From files to lines: each with its place, what it is of, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.landed_line import PLACE
from lakehouse.bronze.landing_file import File, text_of
from lakehouse.hadoop import LOCAL
from lakehouse.keys import row_id

_FHIR_HEAD = (
    "resourceType string, id string, meta struct<versionId: string, lastUpdated: string>, "
    "subject struct<reference: string>, patient struct<reference: string>, "
    "beneficiary struct<reference: string>, _broken string"
)

_NAME_OF_TYPE = r"\A[A-Z][A-Za-z]{1,63}\z"
"""Each type has a partition, and what no type is named like is no name of a folder."""


def ehr_lines(reader: SparkSession, files: list[File]) -> DataFrame:
    """FHIR resources: type, id, patient and version of each."""
    lines = _lines(reader, files)
    head = F.from_json("raw", _FHIR_HEAD, {"columnNameOfCorruptRecord": "_broken"})
    patient = F.coalesce("head.subject.reference", "head.patient.reference", "head.beneficiary.reference")
    return (
        lines.withColumn("head", F.when(F.col("defect").isNull(), head))
        .withColumn("broken", F.coalesce(F.col("head._broken").isNotNull(), F.lit(False)))
        .withColumn(
            "defect",
            F.coalesce(
                "defect",
                F.when(F.col("broken"), "not a JSON object"),
                F.when(F.col("head.resourceType").isNull(), "no resourceType"),
                F.when(~F.col("head.resourceType").rlike(_NAME_OF_TYPE), "the resourceType is no name of a type"),
                F.when(F.col("head.id").isNull(), "no id"),
            ),
        )
        .withColumn("head", F.when(F.col("defect").isNull(), F.col("head")))
        .withColumns({
            "resource_type": F.col("head.resourceType"),
            "resource_id": F.col("head.id"),
            "patient_id": F.when(F.col("head.resourceType") == "Patient", F.col("head.id")).otherwise(
                F.nullif(F.regexp_extract(patient, r"(?:Patient/|urn:uuid:)([^/|?#]+)", 1), F.lit(""))
            ),
            "version_id": F.col("head.meta.versionId"),
            "last_updated": F.to_timestamp("head.meta.lastUpdated"),
        })
    )  # fmt: skip


def claims_lines(reader: SparkSession, files: list[File]) -> DataFrame:
    """Records of claim files, split into fields by the delimiter of their header."""
    return (
        _delimited(reader, files)
        .withColumn("bene_id", F.expr("element_at(field_values, cast(bene_id_at as int))"))
        .withColumn("defect", F.coalesce("defect", F.when(F.col("bene_id").isNull(), "no BENE_ID")))
    )


def identity_lines(reader: SparkSession, files: list[File]) -> DataFrame:
    """Lines of files of decisions and of consents, split into fields by the delimiter of their header."""
    names = F.transform(_fields("header"), lambda name: F.lower(F.trim(name)))
    return _delimited(reader, files).withColumn("field_names", names)


def _delimited(reader: SparkSession, files: list[File]) -> DataFrame:
    """The lines but for the header, with their fields in its order: null where there is nothing in them."""
    lines = _lines(reader, files).filter("raw != header")
    names, values = _fields("header"), _fields("raw")
    wrong = F.format_string("wrong column count: %d fields where the header names %d", F.size(values), F.size(names))
    fields = F.when(F.col("defect").isNull(), F.transform(values, lambda v: F.nullif(F.trim(v), F.lit(""))))
    return lines.withColumn("defect", F.coalesce("defect", F.when(F.size(names) != F.size(values), wrong))).withColumn(
        "field_values", fields
    )


def genomics_lines(reader: SparkSession, files: list[File]) -> DataFrame:
    """Lines of VCF files and sample manifests, with the header of their columns."""
    lines = _lines(reader, files)
    fields, names = F.size(F.split("raw", "\t")), F.size(F.split("header", "\t"))
    wrong = F.format_string("wrong column count: %d fields where the header names %d", fields, names)
    is_comment = F.col("raw").startswith("#")
    is_data = ~is_comment & (F.col("raw") != F.col("header"))
    of_vcf = F.when(F.col("file_kind") == "vcf", F.when(is_comment, "vcf_header").otherwise("vcf_record"))
    return lines.withColumns({
        "defect": F.coalesce("defect", F.when(is_data & (fields != names), wrong)),
        "line_kind": F.coalesce(of_vcf, "file_kind"),
    })  # fmt: skip


def _lines(reader: SparkSession, files: list[File]) -> DataFrame:
    """The lines of files that are not blank, each with its place and what is known of its file."""
    known = reader.createDataFrame(
        [(f.path, f.name, f.delivery, f.kind, f.header, f.bene_id_at, f.arrived_at) for f in files],
        "path string, file string, delivery string, file_kind string, header string, "
        "bene_id_at int, arrived_at timestamp",
    )
    lines = text_of(reader, [f.path for f in files]).select(
        F.url_decode(F.replace(F.col("_metadata.file_path"), F.lit("+"), F.lit("%2B"))).alias("path"),
        F.col("_metadata.file_block_start").alias("block_start"),
        (F.monotonically_increasing_id().bitwiseAND(F.lit((1 << 33) - 1)) + 1).alias("line"),
        F.col("value"),
    )
    as_bytes = F.col("value").cast("binary")
    is_utf8 = F.encode(F.decode(as_bytes, "UTF-8"), "UTF-8") == as_bytes
    return (
        lines.filter("trim(value) != ''")
        .withColumn("is_utf8", is_utf8)
        .withColumn("raw", F.when(F.col("is_utf8"), F.col("value")).otherwise(F.decode(as_bytes, "ISO-8859-1")))
        .withColumn("defect", F.when(~F.col("is_utf8"), "not UTF-8"))
        .withColumn("path", F.regexp_replace("path", LOCAL, "/"))
        .join(F.broadcast(known.withColumn("path", F.regexp_replace("path", LOCAL, "/"))), "path")
        .withColumn("line_id", row_id("line", *PLACE))
    )  # fmt: skip


def _fields(column: str) -> Any:
    """The fields of a delimited line, by the delimiter that its header uses; quotes only around commas."""
    quoted = F.split(column, r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
    return (
        F.when(F.col("header").contains("|"), F.split(column, r"\|"))
        .when(F.col("header").contains("\t"), F.split(column, "\t"))
        .otherwise(F.transform(quoted, lambda v: F.replace(F.regexp_replace(v, '^"|"$', ""), F.lit('""'), F.lit('"'))))
    )
