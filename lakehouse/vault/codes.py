"""The codes that the tables of the vault use."""

EHR, PAYER = "ehr", "payer"
"""Sources that know persons."""

EXACT, PROBABLE, REVIEW, APART = "exact", "probable", "review", "apart"
"""What is said of two registrations that are alike."""

SMALLEST_GROUP = 11
"""Of so many persons at least is said what names nobody: CMS's cell size suppression policy shows no 1 to 10."""

DECIDED = "decided"
"""The rule by which two registrations are one person, or two, because somebody said so who looked at both."""
