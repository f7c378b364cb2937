"""What matching must know of a whole company even where it sees only some of its documents: when feeds begin, what is recorded at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, ORDER_TO_CASH
from recon.domain.workpapers import CompanyFacts
from recon.match.given import is_given, local_day, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Columns of which matching must know whether any document of the company says anything in them -> the kind of their table.
SAID: Final = {"is_final_invoice": "order_table", "is_price_estimated": "order_table", "unit_cost_net": "fulfilment_table"}


def company_facts(accepted: Accepted, engagement: Engagement) -> CompanyFacts:
    """Facts about all documents. Where these documents are a bucket the facts came with them, else they are found here."""
    if accepted.company is not None:
        return accepted.company
    return CompanyFacts(_approved_types(accepted, engagement), said(accepted), _confirmed_since(accepted, engagement))


def said(accepted: Accepted) -> frozenset[str]:
    """Of the columns of `SAID` those in which some document of the company says something."""
    if accepted.company is not None:
        return accepted.company.said
    return frozenset(column for column, stem in SAID.items() if any(_says(accepted, str(getattr(cycle, stem)), column) for cycle in CYCLES))


def _says(accepted: Accepted, name: str, column: str) -> bool:
    return is_given(accepted, name, column) and bool(table(accepted, name).select(pl.col(column).is_not_null().any()).collect().item())


def _approved_types(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """company_code, document_type of all approval events up to the as-of date."""
    events = table(accepted, "approval_event").filter(local_day("action_at", engagement) <= engagement.as_of)
    return events.select("company_code", "document_type").unique().sort("company_code", "document_type").collect()


def _confirmed_since(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """cycle, company_code and feed_begins: the day of the first shipment that a customer confirmed."""
    key = ["company_code", "shipment_number", "shipment_line_no"]
    confirmed = table(accepted, "delivery_confirmation_line").filter(pl.col("confirmed_date") <= engagement.as_of).select(key).unique()
    shipped = table(accepted, ORDER_TO_CASH.fulfilment_table).select(*key, "shipment_date").join(confirmed, on=key, how="semi")
    first = shipped.group_by("company_code").agg(feed_begins=pl.col("shipment_date").min()).sort("company_code").collect()
    return first.select(pl.lit(ORDER_TO_CASH.name).alias("cycle"), "company_code", "feed_begins")
