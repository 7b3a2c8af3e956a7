"""The codes that the tables of the vault use."""

EHR, PAYER = "ehr", "payer"
"""Sources that know persons."""

EXACT, PROBABLE, REVIEW, APART = "exact", "probable", "review", "apart"
"""What is said of two registrations that are alike."""
