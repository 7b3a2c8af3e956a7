"""The marks by which persons are known, in the form in which they are compared. Null where nothing is known."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

_ACCENTED = "ÀÁÂÃÄÅĀĂĄÇĆČĎĐÈÉÊËĒĖĘĚÌÍÎÏĪĮŁÑŃŇÒÓÔÕÖØŌŐŔŘŚŞŠȘŢŤȚÙÚÛÜŪŮŰÝŸŹŻŽ"
_PLAIN = "AAAAAAAAACCCDDEEEEEEEEIIIIIILNNNOOOOOOOORRSSSSTTTUUUUUUUYYZZZ"

_UNNAMED = "^(BABY|NEWBORN|INFANT|UNKNOWN|UNNAMED)|^(BOY|GIRL|TEST)[0-9AB]?$"
_SUFFIXES = {"JR": "JR", "JUNIOR": "JR", "SR": "SR", "SENIOR": "SR", "II": "II", "III": "III", "IV": "IV"}

_NO_NUMBER = r"^(\d)\1*$|^123456789$|^078051120$"
"""Typed where none is known, and the number of a card that was sold in wallets (Social Security Administration)."""

NAME_IN_USE = """
    coalesce(get(filter(name, n -> n.use = 'official'), 0),
             get(filter(name, n -> n.use is null or n.use = 'usual'), 0))"""
"""Of a FHIR Patient's names the official one, else the usual one."""


def name(written: Column) -> Column:
    """A name in capitals without accents, marks and spaces."""
    plain = F.translate(F.upper(written), _ACCENTED, _PLAIN)
    return F.nullif(F.regexp_replace(plain, r"[^\p{L}\p{N}]", ""), F.lit(""))


def given_name(written: Column) -> Column:
    """A given name as `name` has it; null for what a newborn is called before it has one."""
    normal = name(written)
    return F.when(~normal.rlike(_UNNAMED), normal)


def suffix(written: Column) -> Column:
    """JR, SR, II, III or IV."""
    meanings = [F.lit(text) for pair in _SUFFIXES.items() for text in pair]
    return F.create_map(*meanings)[name(written)]


def birth_date(day: Column) -> Column:
    """The day, but for the one that stands for none."""
    return F.when(day != F.lit("1900-01-01").cast("date"), day)


def number(written: Column) -> Column:
    """The letters and digits of a number, in capitals."""
    return F.nullif(F.regexp_replace(F.upper(written), "[^A-Z0-9]", ""), F.lit(""))


def social_security_number(written: Column) -> Column:
    """A number of the Social Security Administration: nine digits."""
    digits = F.regexp_replace(written, r"\D", "")
    return F.when((F.length(digits) == 9) & ~digits.rlike(_NO_NUMBER), digits)


def telephones(contact_points: Column) -> Column:
    """The last ten digits of each telephone number, without extensions."""
    phones = F.filter(contact_points, lambda point: point["system"] == "phone")
    digits = F.transform(phones, lambda point: F.regexp_replace(point["value"], r"(?i)(x|ext).*|\D", ""))
    return F.transform(digits, lambda d: F.when(F.length(d) >= 10, F.right(d, F.lit(10))))


def emails(contact_points: Column) -> Column:
    """E-mail addresses in lower case."""
    found = F.filter(contact_points, lambda point: point["system"] == "email")
    return F.transform(found, lambda point: F.nullif(F.lower(F.trim(point["value"])), F.lit("")))


def zip_code(written: Column) -> Column:
    """The first five digits of a ZIP code."""
    return F.nullif(F.regexp_extract(written, r"^\d{5}", 0), F.lit(""))


def address(line: Column, zip_: Column) -> Column:
    """First line and ZIP code; null where either is missing."""
    words = F.trim(F.regexp_replace(F.translate(F.upper(line), _ACCENTED, _PLAIN), r"[^\p{L}\p{N}]+", " "))
    return F.concat(F.nullif(words, F.lit("")), F.lit(" "), zip_code(zip_))


def or_none(column: str) -> Column:
    """The array, or one without elements where there is none."""
    return F.coalesce(F.col(column), F.array().cast("array<string>"))


def all_of(arrays: Column) -> Column:
    """An aggregate: what is in any of the arrays of a group, each once, in order."""
    known = F.array_compact(F.coalesce(arrays, F.array().cast("array<string>")))
    return F.array_sort(F.array_distinct(F.flatten(F.collect_list(known))))
