"""What files about who is who, and who may know, may say."""

SAME_PERSON, TWO_PERSONS, UNDECIDED = "same", "apart", "undecided"
"""What people decide about two registrations."""

GIVEN, WITHDRAWN = "given", "withdrawn"
"""What a person says of a purpose."""
