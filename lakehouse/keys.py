"""Ids of rows: keyed hashes of what identifies them at the source, equal in every run and on every machine.

Whoever has a list of names or record numbers cannot tell which ids are theirs, unless he has the key too.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import LakehouseError

_BLOCK = 64
"""Bytes that SHA-256 takes at a time."""

_pads: Column | None = None


def use(spark: SparkSession, key: bytes) -> None:
    """Make ids with this key from now on, in this process."""
    global _pads  # what a table is made of is said by its inputs; the key is one thing for all of them
    block = key.ljust(_BLOCK, b"\0")
    inner, outer = (bytearray(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    _pads = _unprinted(spark, F.array(F.lit(inner), F.lit(outer)))


def row_id(kind: str, *columns: str) -> Column:
    """A positive 63-bit id of the thing of that kind that the columns name; null where one of them is null.

    HMAC-SHA-256 (RFC 2104) of the kind and the columns as texts, each after its length, in hexadecimal, hashed to 64
    bits (xxhash64) without the sign. Raises LakehouseError where there is no key.
    """
    if _pads is None:
        raise LakehouseError("ids need a key: lakehouse.keys.use gives it")
    texts = [F.col(column).cast("string") for column in columns]
    message = F.concat(F.lit(kind), *(F.concat(F.lit(":"), F.length(text), F.lit(":"), text) for text in texts))
    # Taken by each row anew, since what is constant would be computed while it is planned, and printed with the plan.
    nothing = reduce(add, map(F.length, texts)) * 0
    inner, outer = (F.get(_pads, nothing + place) for place in (0, 1))
    hashed = F.sha2(F.concat(outer, F.unhex(F.sha2(F.concat(inner, F.encode(message, "UTF-8")), 256))), 256)
    return F.when(message.isNotNull(), F.xxhash64(hashed).bitwiseAND(F.lit((1 << 63) - 1)))


def _unprinted(spark: SparkSession, array: Column) -> Column:
    """A constant of which plans, Spark's event log and names of columns print where it lies, and not what it holds."""
    catalyst = spark._jvm.org.apache.spark.sql.catalyst  # type: ignore[union-attr]
    computed = array._jc.expr()
    row = catalyst.InternalRow.fromSeq(spark._jvm.PythonUtils.toSeq([computed.eval(None)]))  # type: ignore[union-attr]
    schema = spark.createDataFrame([], "value array<binary>")._jdf.schema()
    packed = catalyst.expressions.UnsafeProjection.create(schema).apply(row).copy().getArray(0)
    literal = catalyst.expressions.Literal.create(packed, computed.dataType())
    return Column(spark._jvm.org.apache.spark.sql.Column(literal))  # type: ignore[union-attr]
