"""Variants and genotyped samples, by Hail."""
