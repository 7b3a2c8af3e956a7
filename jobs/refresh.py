"""Bring the tables up to date: spark-submit jobs/refresh.py --conf-file conf/cluster.yaml [--select NAME] [--full]."""

from lakehouse.cli import main

if __name__ == "__main__":
    main("refresh")
