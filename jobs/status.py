"""The state of every table and the accounts: spark-submit jobs/status.py --conf-file conf/cluster.yaml."""

from lakehouse.cli import main

if __name__ == "__main__":
    main("status")
