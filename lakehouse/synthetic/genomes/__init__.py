"""The genomes of the population, and the files that a laboratory makes of them."""
