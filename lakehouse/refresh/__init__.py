"""Refresh: `make` over Delta versions."""
