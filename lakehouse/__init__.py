"""An open lakehouse for health data: records, claims and genomes of one population, joined."""

__version__ = "0.1.0"
