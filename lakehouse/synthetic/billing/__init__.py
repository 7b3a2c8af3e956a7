"""Billing: from what happened to a block's persons to the claims that their payers decided on."""

from __future__ import annotations

from lakehouse.synthetic.billing.block import encounters, services
from lakehouse.synthetic.billing.contents import Contents
from lakehouse.synthetic.billing.decision import decide
from lakehouse.synthetic.billing.drafts import Drafts
from lakehouse.synthetic.billing.encounter_claims import encounter_claims
from lakehouse.synthetic.billing.equipment import equipment_claims
from lakehouse.synthetic.billing.pharmacy import bill_drugs
from lakehouse.synthetic.billing.plans import Coverage
from lakehouse.synthetic.billing.pricing import price
from lakehouse.synthetic.billing.writing import write
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import COVERAGE
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World


def bill(world: World, streams: Streams, journal: Journal, directory: Directory) -> None:
    """Add to the journal the rows of CLAIM, CLAIM_LINE and DRUG_CLAIM that follow from its other rows.

    Care is billed where the person has a coverage on its day, whether or not this EHR knows of it; members of
    Medicare Advantage have claims for drugs only.
    """
    coverage = Coverage(journal.rows(COVERAGE))
    every = encounters(journal, coverage, streams)
    drafts = Drafts.join([
        encounter_claims(every, services(journal, every), directory),
        equipment_claims(world, streams, journal, coverage, directory),
    ])  # fmt: skip
    prices = price(drafts, every, coverage, directory)
    write(journal, decide(streams, drafts, prices, coverage), every, Contents.of_block(journal, every), coverage)
    bill_drugs(streams, journal, coverage)
