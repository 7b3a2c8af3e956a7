"""Which beneficiary of the payer is which patient of the hospital: the one rule, said once.

A beneficiary and a patient are one person where day of birth, sex, family name and first given name agree,
and nobody else on either side has the same four. Where one of the four is not known there is no match.
A better linkage replaces `same_persons`: the link tables and all that reads them stay as they are.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.datatypes import date_of
from lakehouse.bronze.ehr.patient import Patient

_AGREE = ("day_of_birth", "sex", "family_name", "given_name")

_ACCENTED = "ÀÁÂÃÄÅĀĂĄÇĆČĎĐÈÉÊËĒĖĘĚÌÍÎÏĪĮŁÑŃŇÒÓÔÕÖØŌŐŔŘŚŞŠȘŢŤȚÙÚÛÜŪŮŰÝŸŹŻŽ"
_PLAIN = "AAAAAAAAACCCDDEEEEEEEEIIIIIILNNNOOOOOOOORRSSSSTTTUUUUUUUYYZZZ"

_NAME_IN_USE = """
    coalesce(get(filter(name, n -> n.use = 'official'), 0),
             get(filter(name, n -> n.use is null or n.use = 'usual'), 0))"""


def same_persons(patients: DataFrame, beneficiaries: DataFrame) -> DataFrame:
    """Pairs of bene_id and patient_id that are one person. No id is in two pairs."""
    named = Patient.current(patients).withColumn("name_in_use", F.expr(_NAME_IN_USE))
    of_hospital = named.select(
        "patient_id",
        # A partial date is no day of birth.
        F.when(F.length("birth_date") == 10, date_of(F.col("birth_date"))).alias("day_of_birth"),
        F.when(F.col("gender").isin("male", "female"), F.col("gender")).alias("sex"),
        _normalised(F.col("name_in_use.family")).alias("family_name"),
        _normalised(F.get("name_in_use.given", F.lit(0))).alias("given_name"),
    )
    of_payer = latest_year(beneficiaries).select(
        "bene_id",
        F.col("bene_birth_dt").alias("day_of_birth"),
        F.expr("decode(bene_sex_ident_cd, '1', 'male', '2', 'female')").alias("sex"),
        _normalised(F.col("bene_srnm_name")).alias("family_name"),
        _normalised(F.col("bene_gvn_name")).alias("given_name"),
    )
    pairs = _unmistakable(of_hospital, "patient_id").join(_unmistakable(of_payer, "bene_id"), list(_AGREE))
    return pairs.select("bene_id", "patient_id")


def latest_year(beneficiaries: DataFrame) -> DataFrame:
    """What holds of each beneficiary in the last year that is told of him."""
    latest = Window.partitionBy("bene_id").orderBy(F.desc_nulls_last("rfrnc_yr"), "line_id")
    numbered = Beneficiary.current(beneficiaries).withColumn("_place", F.row_number().over(latest))
    return numbered.filter("_place = 1").drop("_place")


def _normalised(name: Column) -> Column:
    """A name in capitals without accents, marks and spaces; null where nothing is left."""
    plain = F.translate(F.upper(name), _ACCENTED, _PLAIN)
    return F.nullif(F.regexp_replace(plain, r"[^\p{L}\p{N}]", ""), F.lit(""))


def _unmistakable(persons: DataFrame, source_id: str) -> DataFrame:
    """Those whose four marks are all known, and nobody else's."""
    alike = (
        persons.dropna().groupBy(*_AGREE).agg(F.count(source_id).alias("persons"), F.min(source_id).alias(source_id))
    )
    return alike.filter("persons = 1").drop("persons")
