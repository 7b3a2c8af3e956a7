"""Readmission after a stay in hospital."""
