"""What codes tell of themselves: check digits, form, and the sex that a diagnosis has."""

from __future__ import annotations

from lakehouse.silver.quality.cdm import FEMALE, MALE

_DIGIT = "cast(substr(npi, {place}, 1) as int)"


def _luhn() -> str:
    """The sum of Luhn's algorithm over an NPI under its prefix 80840, which adds 24 (45 CFR 162.406)."""
    terms = ["24"]
    for place in range(1, 11):
        digit = _DIGIT.format(place=place)
        terms.append(f"2 * {digit} - if({digit} > 4, 9, 0)" if place % 2 else digit)
    return " + ".join(terms)


NPI_IS_VALID = f"(npi rlike '^[0-9]{{10}}$' and ({_luhn()}) % 10 = 0)"
"""SQL: whether `npi` has ten digits and the right check digit."""

_OF_MEN = "C6[0-3]|N4[0-9]|N5[0-3]|Z125"
_OF_WOMEN = "C5[1-8]|N7[0-7]|N8[0-9]|N9[0-8]|O[0-9]|Z3[3467]|Z3A|Z39"

SEX_OF_DIAGNOSIS = f"case when code rlike '^({_OF_MEN})' then {MALE} when code rlike '^({_OF_WOMEN})' then {FEMALE} end"
"""SQL: the sex that an ICD-10-CM `code` without a dot is of, by its chapter: diseases of the genital organs and their
cancers, pregnancy and birth; null where it is of both (as the sex edits of CMS's Medicare Code Editor have it)."""
