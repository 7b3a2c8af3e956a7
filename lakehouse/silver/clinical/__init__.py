"""The clinical picture in OMOP CDM 5.4."""
