"""The dense genomes of the population: what lies around the known positions, in linkage disequilibrium with them."""
