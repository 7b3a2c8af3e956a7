"""One latent life each: who the people of a block are, and what happens to them."""
