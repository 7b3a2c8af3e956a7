"""Generate a synthetic population: spark-submit jobs/generate.py --conf-file conf/cluster.yaml --people 1000000."""

from lakehouse.cli import main

if __name__ == "__main__":
    main("generate")
