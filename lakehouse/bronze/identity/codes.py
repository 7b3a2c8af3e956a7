"""What people may decide about two registrations."""

SAME_PERSON, TWO_PERSONS, UNDECIDED = "same", "apart", "undecided"
