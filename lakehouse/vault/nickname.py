"""Short and pet forms of given names."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class Nickname(ReferenceTable):
    """Which given names a short or pet form may stand for, in English and Spanish usage of the United States.

    Written from general knowledge, not from a published list: names that belong to one person under both forms.
    """

    layer = "vault"
    grain = "one row per short form and name that it may stand for"
    key = ("nickname", "name")
    file = "vault/nickname.csv"

    nickname = Column("string", "the short form, in capitals without accents", required=True)
    name = Column("string", "a name that it may stand for, in capitals without accents", required=True)
