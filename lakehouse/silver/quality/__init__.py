"""How good the tables of OMOP are: the checks of OHDSI's Data Quality Dashboard, by delivery."""
