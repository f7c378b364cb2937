"""What was promised first for an order line whose promise was moved since: from the log of changes, else from the earliest version.

A promise that a buyer moves to the day of the delivery is always kept; beside the one that stands, the first one tells. A first promise
that is on record and cannot be read as a day stays unknown: a later one is not taken for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.match.given import is_given, local_day, table

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

LINE: Final = ["cycle", "company_code", "order_number", "order_line_no"]
#: The promised day under the names that logs of changes give it.
_FIELDS: Final = ("promised_date", "promise_date", "confirmed_date", "confirmed_delivery_date", "delivery_date")
_DAY: Final = r"^(\d{4}-\d{2}-\d{2})(?:\D|$)"


def keeps_promises(accepted: Accepted) -> frozenset[str]:
    """The cycles whose source says what was promised earlier: it has a log of changes, or versions of orders."""
    logged = is_given(accepted, "document_change")
    return frozenset(cycle.name for cycle in CYCLES if logged or is_given(accepted, cycle.order_table, "po_version"))


def first_promises(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """LINE and first_promised_date of the order lines of which an earlier promise is on record, one row each; null where it cannot be read."""
    found = []
    for cycle in CYCLES:
        if cycle.name not in keeps_promises(accepted):
            continue
        number, line = f"{cycle.order}_number", f"{cycle.order}_line_no"
        rows = table(accepted, cycle.order_table).with_columns(cycle=pl.lit(cycle.name), order_number=number, order_line_no=line)
        logged, versions = _logged(cycle, accepted, engagement), _versions(rows, f"{cycle.order}_date")
        of_line = logged.filter(pl.col("order_line_no").is_not_null())
        of_order = logged.filter(pl.col("order_line_no").is_null()).select(*LINE[:3], of_order="first_promised_date", is_of_order="is_logged")
        lines = rows.select(LINE).unique()
        told = lines.join(of_line, on=LINE, how="left", validate="1:1").join(of_order, on=LINE[:3], how="left", validate="m:1")
        told = told.join(versions, on=LINE, how="left", validate="1:1")
        day = pl.when("is_logged").then("first_promised_date").when("is_of_order").then("of_order").otherwise("of_version")
        known = told.filter(pl.any_horizontal(pl.col("is_logged", "is_of_order", "of_version").is_not_null()))
        found.append(known.select(*LINE, first_promised_date=day))
    nothing = pl.LazyFrame(schema={**dict.fromkeys(LINE, pl.String()), "first_promised_date": pl.Date()})
    return pl.concat([nothing, *found])


def _logged(cycle: Cycle, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """LINE (the line null where the change is the whole order's), is_logged, and what was promised before the first change, else by it.

    An old value that is filled and is no day leaves the promise unknown; what it was changed to is the second promise, not the first.
    """
    field = pl.col("field").str.strip_chars().str.to_lowercase().str.replace_all(" ", "_", literal=True)
    known = table(accepted, "document_change").filter(
        (pl.col("document_type") == cycle.order_type) & field.is_in(_FIELDS) & (local_day("changed_at", engagement) <= engagement.as_of)
    )
    before, after = (pl.col(name).str.strip_chars().replace("", None) for name in ("old_value", "new_value"))
    first_value = pl.coalesce(before, after)
    told = known.select(
        "company_code", "changed_at", "new_value", cycle=pl.lit(cycle.name), order_number="document_number", order_line_no="line_no",
        is_logged=pl.when(first_value.is_not_null()).then(pl.lit(value=True)), first_promised_date=_day(first_value),
    ).filter(pl.col("is_logged"))  # fmt: skip
    first = told.sort("changed_at", "new_value", "first_promised_date", nulls_last=True).unique(LINE, keep="first", maintain_order=True)
    return first.select(*LINE, "is_logged", "first_promised_date")


def _day(value: pl.Expr) -> pl.Expr:
    """The ISO day at the start of a text, with or without a time after it; null for anything else, since 03/04 is a day in two calendars."""
    return value.str.extract(_DAY, 1).str.to_date("%Y-%m-%d", strict=False)


def _versions(rows: pl.LazyFrame, order_date: str) -> pl.LazyFrame:
    """What the earliest version promised of lines that have several; drafts and versions nobody promised anything in do not count."""
    counts = pl.col("doc_status").is_in(["draft", "rejected"]).fill_null(value=False)
    several = rows.filter(pl.col("promised_date").is_not_null() & ~counts & (pl.len().over(LINE) > 1))
    first = several.sort("po_version", "created_at", order_date, "promised_date", nulls_last=True).unique(LINE, keep="first", maintain_order=True)
    return first.select(*LINE, of_version="promised_date")
