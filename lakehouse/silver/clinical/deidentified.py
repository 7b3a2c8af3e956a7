"""Texts without what says who the patient is.

What a limited data set leaves out (45 CFR 164.514(e)(2)) and a clinical text may hold: names, telephone numbers, e-mail
and web addresses, street addresses, record, member, account and Social Security numbers; and birth dates, which it
might keep. Numbers and addresses are found by their form or by the label before them. Names are found by what stands
around them, as a label, a title, a degree or a signature, and by what the patient is registered as; a name that was
found once is taken out wherever it stands.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_STREET = "Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Court|Ct|Boulevard|Blvd|Way|Place|Pl|Terrace|Ter|Circle|Cir|" \
    "Highway|Hwy|Parkway|Pkwy|Square|Sq|Trail|Trl"  # fmt: skip
_DAY = r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4})"
_LABELS = "MRN|MR#|medical record (?:number|no)|record number|chart number|patient id|member (?:id|number|no)|" \
    "subscriber (?:id|number)|policy (?:number|no)|account (?:number|no)|MBI|Medicare (?:id|number)|SSN|" \
    "social security (?:number|no)"  # fmt: skip

_FORMS = (
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "[EMAIL]"),
    (r"\b(?:https?://|www\.)\S+", "[URL]"),
    (rf"(?i)\b({_LABELS})\b[.:# ]*\s*(?-i:[A-Z]{{0,4}}-?)[\d][\w-]{{3,}}", "$1: [NUMBER]"),
    (r"\b\d{3}-\d{2}-\d{4}\b", "[NUMBER]"),
    (r"(?<![\w(])(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\w)", "[PHONE]"),
    (r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}\b",
     "[NUMBER]"),  # a Medicare Beneficiary Identifier, as CMS describes its eleven places
    (r"\b[A-Z]{0,4}\d{7,}\b", "[NUMBER]"),
    (rf"(?i)\b(DOB|D\.O\.B\.|date of birth|birth date|born(?: on)?)[: ]*\s*{_DAY}", "$1: [DATE]"),
    (r"(?i)\bP\.? ?O\.? Box \d+", "[ADDRESS]"),
    (rf"\b\d{{1,6}}[A-Z]? (?:[\w.'\u2019-]+ ){{1,4}}(?i:{_STREET})\b\.?"
     r"(?:,? (?i:apt|apartment|unit|suite|ste|#)\.? ?\w+)?"
     r"(?:, [A-Z][\w .'\u2019-]+, [A-Z]{2} \d{5}(?:-\d{4})?)?", "[ADDRESS]"),
)  # fmt: skip
"""Forms, as Java has regular expressions, and what stands in their place; the first comes first."""

_WORD = r"\p{Lu}[\p{L}'\u2019-]+"
_LABELS_OF_NAMES = "patient|patient name|name|mother|father|guardian|next of kin|emergency contact"
_NAMES = (
    rf"\b(?i:{_LABELS_OF_NAMES}): ({_WORD}(?:,? {_WORD}){{0,3}})",
    rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\.? ({_WORD}(?: {_WORD})?)",
    rf"(?i:\b(?:co)?signed|\bdictated|\bauthored)(?i: by:?) (?:Dr\.? )?({_WORD}(?: {_WORD}){{0,3}})",
    rf"({_WORD}(?: [A-Z]\.)?(?: {_WORD})+), (?:MD(?! \d{{5}})|DO|NP|PA|PA-C|RN|PhD|LCSW|PharmD|DDS|DPM)\b",
)
"""What stands around a name, with the name as the first group."""

_SHORTEST = 2


def of_persons(rows: DataFrame, links: DataFrame, *texts: str) -> DataFrame:
    """Add the `person_id` of each row's patient, and take what tells who he is out of these columns of texts.

    links: rows of vault.patient_link. A row whose patient has none is left out.
    """
    named = rows.join(links.selectExpr("patient_id", "person_id", "names as _registered"), "patient_id")
    return deidentified(named, "_registered", *texts).drop("_registered")


def deidentified(rows: DataFrame, registered: str, *texts: str) -> DataFrame:
    """The rows, in their texts [NAME], [PHONE], [EMAIL], [URL], [ADDRESS], [NUMBER], [DATE] for what tells who it is.

    texts: columns of text; a name that one of them tells is taken out of all. registered: the column of the names by
    which the patient is known, an array or null.
    """
    # Columns of their own: in one expression what is used again would be computed again.
    told_any = F.coalesce(*texts).isNotNull()
    formless = rows.withColumn("_formless", F.when(told_any, F.transform(F.array(*texts), _without_forms)))
    told = F.flatten(F.transform("_formless", _names_told))
    known = F.coalesce(registered, F.array().cast("array<string>"))
    words = F.flatten(F.transform(F.concat(told, known), lambda name: F.split(name, r"[\s,]+")))
    # A backslash in a registered name would end the quotation of it in the pattern.
    plain = F.array_distinct(F.transform(words, lambda word: F.translate(word, "\\", "")))
    long_enough = F.filter(plain, lambda word: F.length(word) >= _SHORTEST)
    named = formless.withColumn("_words", F.when(F.col("_formless").isNotNull(), long_enough))
    either = F.array_join(F.transform("_words", _as_written_or_in_capitals), "|")
    pattern = F.concat(F.lit(r"(?<![\p{L}\d])(?:"), either, F.lit(r")(?![\p{L}\d])"))
    patterned = named.withColumn("_pattern", F.when(F.size("_words") > 0, pattern))
    return patterned.withColumns({text: _without_names(F.col("_formless")[i]) for i, text in enumerate(texts)}).drop(
        "_formless", "_words", "_pattern"
    )


def _without_forms(text: Column) -> Column:
    return reduce(lambda rest, form: F.regexp_replace(rest, *form), _FORMS, text)


def _names_told(text: Column) -> Column:
    found = F.concat(*(F.regexp_extract_all(text, F.lit(pattern), F.lit(1)) for pattern in _NAMES))
    return F.coalesce(found, F.array().cast("array<string>"))


def _without_names(text: Column) -> Column:
    return F.when(F.col("_pattern").isNull(), text).otherwise(
        F.regexp_replace(text, F.col("_pattern"), F.lit("[NAME]"))
    )


def _as_written_or_in_capitals(word: Column) -> Column:
    return F.concat(F.lit(r"\Q"), word, F.lit(r"\E|\Q"), F.upper(word), F.lit(r"\E"))
