"""The Hail methods that silver and gold call."""
