"""The claims core: medical and pharmacy claims, eligibility."""
