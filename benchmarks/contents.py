"""Find the orders of 70,510 sales invoices by their contents alone, and check the links whose truth is known.

    RECON_DATA=… python -m benchmarks.contents

Runs the journey up to matching over Wide World Importers as `contents.yaml` reads it: without order and shipment numbers on invoices. Ends
with 1 when a link is wrong.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from recon.domain import places
from recon.domain.engagement import Engagement, Period

PROFILE: Final = Path(__file__).with_name("contents.yaml")
_INPUTS: Final = ("Sales.Orders", "Sales.OrderLines", "Sales.InvoiceLines", "Warehouse.StockItemTransactions")


@dataclass(frozen=True)
class Found:
    """Invoices, those with one order that has their contents, those with several or one wanted twice; of those whose truth is known: links that are right, and wrong."""

    invoices: int
    unique: int
    ambiguous: int
    without: int
    known: int
    confirmed: int
    wrong: int


def engagement(data: Path) -> Engagement:
    """The terms over the folder that holds wide_world_importers/."""
    extracts = {name: [str(data / "wide_world_importers" / f"{name}.parquet")] for name in _INPUTS}
    period = Period.model_validate({"from": date(2013, 1, 1), "to": date(2016, 5, 31)})
    return Engagement(
        entity="Wide World Importers", as_of=date(2016, 6, 1), period=period, currency="USD", source=str(PROFILE), extracts=extracts,
        second_opinion=False,
    )  # fmt: skip


def find(data: Path) -> Found:
    """The orders found, and how many of those whose truth the month of May tells are wrong."""
    from recon.conform import conform
    from recon.load import load, rulebook
    from recon.match import match
    from recon.validate import validate

    terms = engagement(data)
    profile = rulebook.read_profile(terms.source, terms.folder)
    extracts = load(terms, profile)
    accepted = validate(conform(extracts, profile, terms), extracts, rulebook.read_expectations(places.rules() / "expectations"), terms)
    lines = match(accepted, terms).tables["unlinked_line"].filter(pl.col("document_type") == "customer_invoice").collect()
    return counted(lines, _truth(data))


def counted(lines: pl.DataFrame, truth: pl.DataFrame) -> Found:
    """Invoices by what was found about their lines. `truth`: document_number, order_number."""
    by_contents = pl.col("link_pass") == "contents"
    order = pl.col("candidates").str.split("/").list.first()
    told = lines.group_by("document_number").agg(
        is_unique=(by_contents & (pl.col("state") == "suggested")).all(),
        is_ambiguous=(by_contents & (pl.col("state") == "ambiguous")).all(),
        orders=order.n_unique(),
        order_number=order.first(),
    )
    unique = told.filter(pl.col("is_unique") & (pl.col("orders") == 1))
    checked = unique.join(truth, on="document_number", how="inner", suffix="_true", validate="1:1")
    ambiguous = told.filter("is_ambiguous").height
    wrong = checked.filter(pl.col("order_number") != pl.col("order_number_true")).height
    left = told.height - unique.height - ambiguous
    return Found(told.height, unique.height, ambiguous, left, truth.height, checked.height - wrong, wrong)


def _truth(data: Path) -> pl.DataFrame:
    headers = pl.read_parquet(data / "wide_world_importers" / "Sales.Invoices_May.parquet", columns=["InvoiceID", "OrderID"])
    return headers.select(pl.col("InvoiceID").cast(pl.String).alias("document_number"), pl.col("OrderID").cast(pl.String).alias("order_number"))


def main() -> None:
    """Print what was found and how long it took."""
    start = time.monotonic()
    found = find(Path(os.environ["RECON_DATA"]))
    print(json.dumps(asdict(found) | {"seconds": round(time.monotonic() - start, 1)}))
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
