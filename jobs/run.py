"""The main job, every stage in one: spark-submit jobs/run.py --conf-file conf/cluster.yaml [--landing DIR]."""

from lakehouse.cli import main

if __name__ == "__main__":
    main("run")
