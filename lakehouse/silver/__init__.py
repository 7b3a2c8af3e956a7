"""Silver: one conformed picture of the population."""
