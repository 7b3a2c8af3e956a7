"""The file of beneficiaries: a line for each person and year, and another whenever what is known has changed."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.claims.contracts import ADVANTAGE, DRUGS, PACKAGE
from lakehouse.synthetic.claims.layout import MONTHS, day, fields
from lakehouse.synthetic.claims.parties import places
from lakehouse.synthetic.frames import COVERAGE, IDENTITY, PERSON
from lakehouse.synthetic.sources import Sources

_RACES = "if(race_missing, '0', case race when 'white' then '1' when 'black' then '2' when 'asian' then '4' " \
    "when 'nhpi' then '4' when 'hispanic' then '5' when 'aian' then '6' else '3' end)"  # fmt: skip
_IN_MEDICARE = "payer = 'medicare'"
_STATUS = "case {0}.entitlement when '0' then '10' when '1' then '20' when '2' then '31' end"

_OF_MONTH = {
    "status": _STATUS.format("span"),
    "buy_in": "case when span is null then '0' when span.dual then 'C' else '3' end",
    "managed": "if(span.plan = 'advantage', 'C', '0')",
    "advantage": f"if(span.plan = 'advantage', {ADVANTAGE}, null)",
    "advantage_package": f"if(span.plan = 'advantage', {PACKAGE}, null)",
    "drugs": f"case when span is null or payer != 'medicare' then '0' when span.part_d then {DRUGS} else 'N' end",
    "drugs_package": f"if({_IN_MEDICARE} and span.part_d, {PACKAGE}, null)",
    "dual": "case when span is null then '00' when span.dual then '02' else 'NA' end",
    "county": "if(span is null, null, county_fips)",
}
"""What is told of a month, of the span of coverage that it is in."""


def beneficiary(sources: Sources) -> DataFrame:
    """What the payer knows on the first of January of each year, on each change of coverage, and after a death.

    Plans of Medicaid and employers are told in the same fields: covered months as if with both parts of Medicare.
    Coverage that has not ended is told to the end of the year. A line is superseded by the next for the same year. Of
    those in one delivery only the last may be delivered, for nothing in the file tells which of them is later.
    """
    persons = sources.frames[PERSON].select("person", "race", "ethnicity", "death_date")
    identified = sources.frames[IDENTITY].withColumnRenamed("world", "payer").drop("duplicate_of", "phone", "email")
    known = _snapshots(sources).join(places(sources, identified), ["person", "payer"])
    return (
        _with_months(known)
        .join(persons, "person")
        .select(
            "payer",
            F.lit("beneficiary").alias("file"),
            "known_on",
            "superseded_on",
            "first_known_on",
            "person",
            F.lit(None).cast("bigint").alias("claim"),
            F.lit(1).alias("line_number"),
            fields("beneficiary", _VALUES).alias("fields"),
        )
    )


def _snapshots(sources: Sources) -> DataFrame:
    """Person, payer, `known_on`, `superseded_on`, and the spans known on that day, an end only if it is past."""
    span = F.struct("start_date", "end_date", "plan", "member_id", "entitlement", "dual", "part_d")
    deaths = sources.frames[PERSON].selectExpr("person", "death_date as died_on")
    covered = sources.frames[COVERAGE].groupBy("person", "payer").agg(F.sort_array(F.collect_list(span)).alias("spans"))
    return (
        covered.join(deaths, "person")
        .withColumn("days", _days_of_change())
        .withColumn("known_on", F.explode("days"))
        .withColumn("superseded_on", F.expr(
            "array_min(filter(days, d -> d > known_on and year(d) = year(known_on)))"
        ))
        .withColumn("known", F.expr(
            "transform(filter(spans, s -> s.start_date <= known_on), s -> named_struct("
            "'start_date', s.start_date, 'end_date', if(s.end_date < known_on, s.end_date, null), 'plan', s.plan, "
            "'member_id', s.member_id, 'entitlement', s.entitlement, 'dual', s.dual, 'part_d', s.part_d))"
        ))
        .withColumn("year", F.year("known_on"))
        .withColumn("first_known_on", F.expr("spans[0].start_date"))
        .drop("spans", "days")
    )  # fmt: skip


def _days_of_change() -> Column:
    """The starts of spans, the days after their ends, the first days of years with coverage, and the day of death.

    An end with the year changes nothing in that year.
    """
    return F.expr(
        "array_distinct(array_compact(concat(transform(spans, s -> s.start_date), "
        "filter(transform(spans, s -> date_add(s.end_date, 1)), d -> dayofyear(d) > 1 and nvl(d <= died_on, true)), "
        "flatten(transform(spans, s -> filter(sequence(trunc(s.start_date, 'YEAR'), trunc(s.end_date, 'YEAR'), "
        "interval 1 year), d -> d >= s.start_date))), "
        "array(if(died_on between spans[0].start_date and array_max(spans.end_date), died_on, null)))))"
    )


def _with_months(rows: DataFrame) -> DataFrame:
    """Add `months`: what is told of each month of the year; and the latest span and the number of covered months."""
    last = "if(died_on <= known_on, died_on, null)"
    covering = (
        "get(filter(known, s -> s.start_date <= month and coalesce(s.end_date, month) >= month "
        f"and coalesce({last}, month) >= trunc(month, 'MONTH')), 0)"
    )
    days = "transform(sequence(1, 12), n -> make_date(year, n, 1))"
    told = ", ".join(f"{value} as {name}" for name, value in _OF_MONTH.items())
    return (
        rows.withColumn("spans_of_months", F.expr(f"transform({days}, month -> {covering})"))
        .withColumn("months", F.expr(f"transform(spans_of_months, span -> struct({told}))"))
        .withColumn("latest", F.expr("element_at(known, -1)"))
        .withColumn("covered", F.expr("size(filter(months, m -> m.buy_in != '0'))"))
        .drop("spans_of_months")
    )


def _by_month(pattern: str, value: str, names: tuple[str, ...]) -> dict[str, str]:
    """A field for each month, from what is told of the months."""
    return {pattern.format(name): f"months[{place}].{value}" for place, name in enumerate(names)}


def _count(condition: str) -> str:
    return f"size(filter(months, m -> m.{condition}))"


_NUMBERS = tuple(str(number) for number in range(1, 13))

_VALUES = {
    "DML_IND": "if(known_on = first_known_on, 'INSERT', 'UPDATE')",
    "BENE_ID": "source_id",
    "RFRNC_YR": "year",
    "BENE_SRNM_NAME": "family_name",
    "BENE_GVN_NAME": "given_name",
    "BENE_MDL_NAME": "middle_name",
    "MBI_NUM": "latest.member_id",
    "BENE_BIRTH_DT": day("birth_date"),
    "DEATH_DT": day("if(death_date <= known_on, death_date, null)"),
    "V_DOD_SW": "if(death_date <= known_on, 'V', null)",
    "BENE_SEX_IDENT_CD": "case lower(left(sex, 1)) when 'm' then '1' when 'f' then '2' else '0' end",
    "BENE_RACE_CD": _RACES,
    "RTI_RACE_CD": f"if(ethnicity = 'hispanic', '5', {_RACES})",
    "AGE": "floor(months_between(make_date(year, 12, 31), birth_date) / 12)",
    "STATE_CODE": "ssa_state",
    "BENE_COUNTY_CD": "ssa_county",
    "BENE_ZIP_CD": "zip",
    "CITY_NAME": "city",
    "STATE_CD": "state",
    "STATE_CNTY_ZIP_CD": "concat(ssa_county, zip)",
    "DRVD_LINE_1_ADR": "line",
    "BENE_ENTLMT_RSN_ORIG": f"if({_IN_MEDICARE}, get(known, 0).entitlement, null)",
    "BENE_ENTLMT_RSN_CURR": f"if({_IN_MEDICARE}, latest.entitlement, null)",
    "BENE_ESRD_IND": "if(latest.entitlement in ('2', '3'), 'Y', '0')",
    "BENE_MDCR_STATUS_CD": _STATUS.format("latest"),
    "COVSTART": day("get(known, 0).start_date"),
    "PTA_CVRG_STRT_DT": day("get(known, 0).start_date"),
    "PTB_CVRG_STRT_DT": day("get(known, 0).start_date"),
    "PTA_CVRG_END_DT": day("latest.end_date"),
    "PTB_CVRG_END_DT": day("latest.end_date"),
    "A_MO_CNT": "covered",
    "B_MO_CNT": "covered",
    "BUYIN_MO_CNT": _count("buy_in = 'C'"),
    "HMO_MO_CNT": _count("managed = 'C'"),
    "PLAN_CVRG_MO_CNT": _count("drugs_package is not null"),
    "DUAL_MO_CNT": _count("dual = '02'"),
    **_by_month("MDCR_STUS_{}_CD", "status", MONTHS),
    **_by_month("MDCR_ENTLMT_BUYIN_{}_IND", "buy_in", _NUMBERS),
    **_by_month("HMO_{}_IND", "managed", _NUMBERS),
    **_by_month("PTC_CNTRCT_{}_ID", "advantage", MONTHS),
    **_by_month("PTC_PBP_{}_ID", "advantage_package", MONTHS),
    **_by_month("PTD_CNTRCT_{}_ID", "drugs", MONTHS),
    **_by_month("PTD_PBP_{}_ID", "drugs_package", MONTHS),
    **_by_month("META_DUAL_ELGBL_STUS_{}_CD", "dual", MONTHS),
    **_by_month("FIPS_STATE_CNTY_{}_CD", "county", MONTHS),
}
