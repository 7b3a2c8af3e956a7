"""Spark jobs at once, watched while they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from pyspark.sql import SparkSession

_AT_ONCE = 4
"""How many run at once, at most: while Spark plans one, it works on others."""

_POLL_SECONDS = 1.0


def run(spark: SparkSession, jobs: Iterable[Callable[[], None]], tell: Callable[[], None]) -> None:
    """Run jobs, several at once, and call `tell` about every second. The first that fails, or Ctrl-C, stops all."""
    workers = min(_AT_ONCE, spark.sparkContext.defaultParallelism)
    with ThreadPoolExecutor(workers, thread_name_prefix="generate") as pool:
        running = {pool.submit(job) for job in jobs}
        try:
            while running:
                finished, running = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
                for future in finished:
                    future.result()
                tell()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            spark.sparkContext.cancelAllJobs()
            raise
