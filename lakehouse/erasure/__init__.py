"""Persons who leave: their lines are emptied, the tables made without them, and what was of them removed from files."""
