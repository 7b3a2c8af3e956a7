"""Marts of the genomes."""
