from __future__ import annotations

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from lakehouse.session import start_hail


def test_spark_raises_its_own_exceptions_when_hail_runs(spark: SparkSession) -> None:
    start_hail(spark)
    with pytest.raises(AnalysisException):
        spark.sql("select no_such_column")
    with pytest.raises(Py4JJavaError):
        spark._jvm.java.io.FileInputStream("/no/such/file")  # type: ignore[union-attr]
