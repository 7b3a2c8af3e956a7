"""The days of a claim as its encounter counts them, as SQL: those of the stay where they are told."""

FIRST_DAY = "coalesce(admission_date, claim_start_date)"
LAST_DAY = "coalesce(discharge_date, claim_end_date)"
