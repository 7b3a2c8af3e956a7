"""What says who the patient is leaves a text, and what says what he has stays."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.silver.clinical.deidentified import deidentified

CASES: dict[str, tuple[str, list[str], str]] = {
    "a head": (
        "Patient: Latoya Butler  DOB: 08/22/2005  MRN: MRN480691944",
        [],
        "Patient: [NAME] [NAME]  DOB: [DATE]  MRN: [NUMBER]",
    ),
    "an address": (
        "358 Fairview Avenue Apt 11, Pittsfield, MA 01201, Tel (781) 555-0181\nBP 122/70",
        [],
        "[ADDRESS], Tel [PHONE]\nBP 122/70",
    ),
    "a name that was found once": ("Name: Zoë Nuñez\nZoë is well. NUÑEZ agrees.", [],
                                   "Name: [NAME] [NAME]\n[NAME] is well. [NAME] agrees."),
    "a registered name": ("Spoke with Ann, who denies pain. Annual visit.", ["Ann"],
                          "Spoke with [NAME], who denies pain. Annual visit."),
    "titles": ("Ms. Garcia saw Dr. O'Hara; Garcia will return.", [], "Ms. [NAME] saw Dr. [NAME]; [NAME] will return."),
    "a signature": ("Electronically signed by Anthony Snyder, MD", [], "Electronically signed by [NAME] [NAME], MD"),
    "a degree": ("Seen with Mary B. Cole, PA-C today", [], "Seen with [NAME] [NAME] [NAME], PA-C today"),
    "telephones": ("call 617-555-0101 or +1 (617) 555-0101 or 617.555.0101 x2", [],
                   "call [PHONE] or [PHONE] or [PHONE] x2"),
    "mail and web": ("jo.doe+1@mail.example.org, see https://example.org/p/7?q=1 .", [], "[EMAIL], see [URL] ."),
    "numbers": ("SSN 999-12-3456, 999-12-3456, member id: XYZ12345, MBI 1EG4-TE5-MK73, acct 12345678", [],
                "SSN: [NUMBER], [NUMBER], member id: [NUMBER], MBI: [NUMBER], acct [NUMBER]"),
    "a box": ("P.O. Box 1234, Boston", [], "[ADDRESS], Boston"),
    "born": ("born on March 4, 1950 in Lowell; date of birth 1950-03-04", [],
             "born on: [DATE] in Lowell; date of birth: [DATE]"),
    "what he has": (
        "Seen on 02/25/2019. BP 122/70, RBC 4.95 10*6/uL, Plt 267 10*3/uL, LDL 130. Rx: metformin 500 mg, "
        "2 tabs daily. Dx: Parkinson's disease, Graves' disease. FH: Crohn's. A1c 7.1% (3 months ago). 12 Lead ECG.",
        ["Ann", "Lee"],
        "Seen on 02/25/2019. BP 122/70, RBC 4.95 10*6/uL, Plt 267 10*3/uL, LDL 130. Rx: metformin 500 mg, "
        "2 tabs daily. Dx: Parkinson's disease, Graves' disease. FH: Crohn's. A1c 7.1% (3 months ago). 12 Lead ECG.",
    ),
    "a hostile name": ("Ann (aaaa) \\E.* stays", ["\\E.*", "(a+)+$", "Ann"], "[NAME] (aaaa) \\[NAME] stays"),
}  # fmt: skip


@pytest.fixture(scope="module")
def freed(spark: SparkSession) -> dict[str, str]:
    told = [(name, text, registered) for name, (text, registered, _) in CASES.items()]
    rows = spark.createDataFrame(told, "name string, text string, registered array<string>")
    return {row.name: row.text for row in deidentified(rows, "registered", "text").collect()}


@pytest.mark.parametrize("case", CASES)
def test_who_he_is_leaves_and_what_he_has_stays(freed: dict[str, str], case: str) -> None:
    assert freed[case] == CASES[case][2]


def test_of_no_text_there_is_none_and_without_registered_names_it_is_freed_too(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(None,), ("Dr. Who",)], "text string")
    freed = deidentified(rows.withColumn("registered", F.lit(None).cast("array<string>")), "registered", "text")
    assert [row.text for row in freed.collect()] == [None, "Dr. [NAME]"]


def test_a_name_that_one_text_tells_is_in_no_other(spark: SparkSession) -> None:
    told = [("Name: Ann Lee", "Lee is well", None), (None, "Lee is well", ["Lee"]), (None, "Lee is well", None)]
    rows = spark.createDataFrame(told, "one string, other string, registered array<string>")
    assert [tuple(row) for row in deidentified(rows, "registered", "one", "other").drop("registered").collect()] == [
        ("Name: [NAME] [NAME]", "[NAME] is well"),
        (None, "[NAME] is well"),
        (None, "Lee is well"),
    ]
