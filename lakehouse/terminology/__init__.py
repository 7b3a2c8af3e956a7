"""Code systems and the crosswalks between them."""
