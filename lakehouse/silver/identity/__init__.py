"""Which practitioners are which providers, which organisations and places which care sites."""
