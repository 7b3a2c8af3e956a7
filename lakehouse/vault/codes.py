"""The codes that the tables of the vault use."""

EHR, PAYER = "ehr", "payer"
"""Sources that know persons."""

EXACT, PROBABLE, REVIEW, APART = "exact", "probable", "review", "apart"
"""What is said of two registrations that are alike."""

DECIDED = "decided"
"""The rule by which two registrations are one person, or two, because somebody said so who looked at both."""
