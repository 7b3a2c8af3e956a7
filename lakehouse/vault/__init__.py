"""Who is who: the identifiers of persons and which of them are one. Shown to nobody but for a stated reason."""
