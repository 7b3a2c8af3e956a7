"""Code systems, concepts and the crosswalk from one to the other."""
