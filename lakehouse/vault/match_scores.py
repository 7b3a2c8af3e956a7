"""How much speaks for two registrations being one person, by Splink's Fellegi-Sunter model as a plan of Spark."""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.vault.match_model import COMPARISONS, Comparison, Level

_EVEN_ODDS = 0.5


def scored_pairs(registrations: DataFrame, candidates: DataFrame) -> DataFrame:
    """The candidates, scored.

    registrations: `registration_id`, `register`, and what the model compares. candidates: registration_id_l and _r.
    Returns ids and registers with _l and _r, bits (log2 of how much likelier what was seen is of one person than of
    two), and evidence (the level that was reached, by comparison; none where one side is unknown).
    """
    from splink import Linker

    splink = _plan_only(registrations.sparkSession)
    linker = Linker(splink.register(registrations), _settings(), log_level="ERROR")
    blocked = candidates.selectExpr(
        "'0' as match_key", "registration_id_l as join_key_l", "registration_id_r as join_key_r"
    )
    linker.table_management.register_blocked_pairs_for_predict(splink.register(blocked))
    predictions: DataFrame = linker.inference.predict(warning_mode="never").as_spark_dataframe()
    splink.drop_views()
    evidence = F.map_from_entries(F.array_compact(F.array(*(_reached(name) for name in COMPARISONS))))
    return predictions.select(
        "registration_id_l",
        "registration_id_r",
        "register_l",
        "register_r",
        F.col("match_weight").alias("bits"),
        evidence.alias("evidence"),
    )


def _plan_only(spark: SparkSession) -> Any:
    """Splink on Spark without its writing of intermediate results: a table is a plan, and its engine keeps results."""
    from splink import SparkAPI  # it takes as long to import as all tables

    class PlanOnly(SparkAPI):
        def __init__(self) -> None:
            super().__init__(spark_session=spark, register_udfs_automatically=False)  # type: ignore[no-untyped-call]
            self.views: list[str] = []

        def _table_registration(self, input: Any, table_name: str) -> None:
            self.views.append(table_name)
            super()._table_registration(input, table_name)

        def _cleanup_for_execute_sql(self, table: DataFrame, templated_name: str, physical_name: str) -> Any:
            self.views.append(physical_name)
            return super()._cleanup_for_execute_sql(table, templated_name, physical_name)

        def _break_lineage_and_repartition(self, spark_df: DataFrame, *_: Any) -> DataFrame:
            return spark_df

        def drop_views(self) -> None:
            """Take the names back that Splink gave its steps in the session."""
            for view in self.views:
                spark.catalog.dropTempView(view)

    return PlanOnly()


def _settings() -> dict[str, Any]:
    """The model as Splink's settings. The odds before anything is seen are left even: they are the population's."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "registration_id",
        "sql_dialect": "spark",
        "probability_two_random_records_match": _EVEN_ODDS,
        "comparisons": [_comparison(name, comparison) for name, comparison in COMPARISONS.items()],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": True,
        "additional_columns_to_retain": ["register"],
    }


def _comparison(name: str, comparison: Comparison) -> dict[str, Any]:
    unknown = {"sql_condition": comparison.unknown, "label_for_charts": "unknown", "is_null_level": True}
    return {"output_column_name": name, "comparison_levels": [unknown, *map(_level, comparison.levels)]}


def _level(level: Level) -> dict[str, Any]:
    said = {
        "sql_condition": level.predicate,
        "label_for_charts": level.name,
        "m_probability": level.m,
        "u_probability": level.u,
    }
    return said | ({"tf_adjustment_column": level.by_frequency} if level.by_frequency else {})


def _reached(name: str) -> Column:
    """The comparison and the level that was reached, which Splink counts from the last; null where it is unknown."""
    names = F.array(*(F.lit(level.name) for level in reversed(COMPARISONS[name].levels)))
    level = F.get(names, F.col(f"gamma_{name}"))
    return F.when(level.isNotNull(), F.struct(F.lit(name), level))
