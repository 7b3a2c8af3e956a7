"""Bronze: what arrived, typed, nothing lost."""
