"""Who somebody is by what each source registered of him."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.coverage import Coverage
from lakehouse.bronze.ehr.datatypes import date_of, identifier_in
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.bronze.record import SourceRecord
from lakehouse.contract import Column, Table, expect
from lakehouse.vault import marks
from lakehouse.vault.codes import EHR, PAYER
from lakehouse.vault.latest_year import latest_year
from lakehouse.vault.nickname import Nickname


class Registration(Table):
    """What a source knows of who somebody is, in the form in which registrations are compared.

    Names are in capitals without accents, marks and spaces. What only stands for "not known" is null: a newborn's
    BABY BOY, 1900-01-01, 999-99-9999, and any number or e-mail address that more than ten have. Of family names,
    numbers of beneficiaries, addresses, telephones and e-mail addresses all that was ever registered is kept.
    """

    layer = "vault"
    grain = "one row per id under which a source knows a person: patients of the EHR, beneficiaries of the payers"
    key = ("source", "source_id")

    source = Column("string", "ehr or payer", required=True)
    source_id = Column("string", "FHIR id of the patient, or BENE_ID", required=True)
    registration_id = Column("string", "source|source_id", required=True)
    register = Column(
        "string", "ehr, or payer and the folder of its files within a delivery: who is in it once", required=True
    )
    in_one_register = Column("boolean", "whether no other payer's files have the id too", required=True)
    since = Column("string", "first delivery that the registration came in", required=True)
    given_name = Column("string", "first given name in use")
    given_names = Column("array<string>", "the given name, and those that it may be a short form of", required=True)
    middle_name = Column("string", "second given name in use, or its initial")
    family_name = Column("string", "family name in use")
    family_names = Column("array<string>", "all family names that were registered, in order", required=True)
    name_suffix = Column("string", "JR, SR, II, III or IV")
    birth_date = Column("date", "day of birth; null where it is not known to the day")
    sex = Column("string", "male or female; null where neither is registered")
    social_security_number = Column("string", "nine digits")
    member_numbers = Column("array<string>", "numbers of members of health plans, in order", required=True)
    telephones = Column("array<string>", "the last ten digits of telephone numbers, in order", required=True)
    emails = Column("array<string>", "e-mail addresses in lower case, in order", required=True)
    addresses = Column("array<string>", "first line and ZIP code of addresses, in order", required=True)
    zip_codes = Column("array<string>", "ZIP codes of five digits, in order", required=True)

    expectations = (expect("no two payers use one id", "in_one_register"),)

    @staticmethod
    def build(patients: Patient, coverages: Coverage, beneficiaries: Beneficiary, nicknames: Nickname) -> DataFrame:
        """Bring the marks of patients and of beneficiaries into one form."""
        told = _of_hospital(patients, coverages).unionByName(_of_payer(beneficiaries))
        meanings = nicknames.groupBy(F.col("nickname").alias("given_name")).agg(F.collect_set("name").alias("meant"))
        given_names = F.array_sort(F.array_union(F.array_compact(F.array("given_name")), marks.or_none("meant")))
        return (
            _without_worn(told)
            .join(F.broadcast(meanings), "given_name", "left")
            .withColumn("given_names", given_names)
            .withColumn("registration_id", F.concat_ws("|", "source", "source_id"))
            .drop("meant")
        )


_SOCIAL_SECURITY = "http://hl7.org/fhir/sid/us-ssn"

_WORN = 10
"""A number that more registrations than these have says of none of them who it is."""


def _without_worn(told: DataFrame) -> DataFrame:
    """The registrations without those numbers and e-mail addresses that many have."""
    number = F.array("social_security_number")
    each = told.select(F.explode(F.array_compact(F.concat(number, "member_numbers", "emails"))).alias("number"))
    worn = each.groupBy("number").agg(F.count("*").alias("times")).filter(F.col("times") > _WORN)
    all_worn = worn.agg(F.collect_set("number").alias("worn"))
    return (
        told.crossJoin(F.broadcast(all_worn))
        .withColumn("member_numbers", F.array_except("member_numbers", "worn"))
        .withColumn("emails", F.array_except("emails", "worn"))
        .withColumn(
            "social_security_number",
            F.when(~F.array_contains("worn", F.col("social_security_number")), F.col("social_security_number")),
        )
        .drop("worn")
    )


_LISTS = ("family_names", "telephones", "emails", "addresses", "zip_codes")


def _of_hospital(patients: DataFrame, coverages: DataFrame) -> DataFrame:
    """The patients: the marks in use of the version that holds, and the lists of all versions."""
    addresses = F.transform("address", lambda a: marks.address(F.get(a["line"], F.lit(0)), a["postalCode"]))
    ever = (
        _not_retracted(patients, Patient).withColumns({
            "family_names": F.transform("name", lambda name: marks.name(name["family"])),
            "telephones": marks.telephones(F.col("telecom")),
            "emails": marks.emails(F.col("telecom")),
            "addresses": addresses,
            "zip_codes": F.transform("address", lambda a: marks.zip_code(a["postalCode"])),
        })
        .groupBy("patient_id")
        .agg(F.min("delivery").alias("since"), *(marks.all_of(F.col(name)).alias(name) for name in _LISTS))
    )  # fmt: skip
    insured = (
        Coverage.current(coverages)
        .groupBy("patient_id")
        .agg(marks.all_of(F.array(marks.number(F.col("subscriber_id")))).alias("member_numbers"))
    )
    in_use = Patient.current(patients).withColumn("name_in_use", F.expr(marks.NAME_IN_USE))
    born = F.when(F.length("birth_date") == 10, date_of(F.col("birth_date")))  # a partial date is no day of birth
    return (
        in_use.join(ever, "patient_id")
        .join(insured, "patient_id", "left")
        .select(
            F.lit(EHR).alias("source"),
            F.col("patient_id").alias("source_id"),
            F.lit(EHR).alias("register"),
            F.lit(True).alias("in_one_register"),
            "since",
            marks.given_name(F.get("name_in_use.given", F.lit(0))).alias("given_name"),
            marks.name(F.get("name_in_use.given", F.lit(1))).alias("middle_name"),
            marks.name(F.col("name_in_use.family")).alias("family_name"),
            "family_names",
            marks.suffix(F.get("name_in_use.suffix", F.lit(0))).alias("name_suffix"),
            marks.birth_date(born).alias("birth_date"),
            F.when(F.col("gender").isin("male", "female"), F.col("gender")).alias("sex"),
            marks.social_security_number(identifier_in(_SOCIAL_SECURITY)).alias("social_security_number"),
            marks.or_none("member_numbers").alias("member_numbers"),
            "telephones",
            "emails",
            "addresses",
            "zip_codes",
        )
    )


def _not_retracted(rows: DataFrame, table: type[SourceRecord]) -> DataFrame:
    return rows.filter(f"not coalesce({table.retracted}, false)")


_FOLDER = r"^[^/]+/[^/]+/(.+)/[^/]+$"
"""Of the path of a file: the folders between that of the delivery and the file."""


def _of_payer(beneficiaries: DataFrame) -> DataFrame:
    """The beneficiaries: the marks in use of the last year, and the lists of all years."""
    register = F.concat_ws("/", F.lit(PAYER), F.nullif(F.regexp_extract("file", _FOLDER, 1), F.lit("")))
    ever = (
        _not_retracted(beneficiaries, Beneficiary)
        .groupBy("bene_id")
        .agg(
            F.min(register).alias("register"),
            (F.count_distinct(register) == 1).alias("in_one_register"),
            F.min("delivery").alias("since"),
            marks.all_of(F.array(marks.name(F.col("bene_srnm_name")))).alias("family_names"),
            marks.all_of(F.array(marks.number(F.col("mbi_num")))).alias("member_numbers"),
            marks.all_of(F.array(marks.address(F.col("drvd_line_1_adr"), F.col("bene_zip_cd")))).alias("addresses"),
            marks.all_of(F.array(marks.zip_code(F.col("bene_zip_cd")))).alias("zip_codes"),
        )
    )
    return (
        latest_year(beneficiaries)
        .join(ever, "bene_id")
        .select(
            F.lit(PAYER).alias("source"),
            F.col("bene_id").alias("source_id"),
            "register",
            "in_one_register",
            "since",
            marks.given_name(F.col("bene_gvn_name")).alias("given_name"),
            marks.name(F.col("bene_mdl_name")).alias("middle_name"),
            marks.name(F.col("bene_srnm_name")).alias("family_name"),
            "family_names",
            F.lit(None).cast("string").alias("name_suffix"),
            marks.birth_date(F.col("bene_birth_dt")).alias("birth_date"),
            F.expr("decode(bene_sex_ident_cd, '1', 'male', '2', 'female')").alias("sex"),
            F.lit(None).cast("string").alias("social_security_number"),
            "member_numbers",
            F.array().cast("array<string>").alias("telephones"),
            F.array().cast("array<string>").alias("emails"),
            "addresses",
            "zip_codes",
        )
    )
