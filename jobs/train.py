"""Train and log the models: spark-submit jobs/train.py --conf-file conf/cluster.yaml."""

from lakehouse.cli import main

if __name__ == "__main__":
    main("train")
