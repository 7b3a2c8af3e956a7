"""Gold: marts by subject, ready to query."""
