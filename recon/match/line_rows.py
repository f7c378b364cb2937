"""Some document lines with what their papers, their order line and their match unit say: the rows of the smaller measured tables.

Only the lines asked for are gathered, so a table about the few returns or charges of a company costs what those few rows cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.match.dense import aligned, chosen
from recon.match.goods import ZERO

if TYPE_CHECKING:
    from recon.match.three_way import ThreeWay

_UNIT: Final = ("item_group", "base_uom", "order_rate", "order_unit_price", "ordered_quantity", "match_level", "needs_fulfilment", "is_service")
_ORDER: Final = ("order_number", "order_line_no", "contract_id")
_SHOWN: Final = ("cycle", "company_code", "party_id", "item_id", "posting_date", "source_file", "source_row")


def bill_rows(found: ThreeWay, where: pl.Expr | str, *columns: str, **named: str) -> pl.DataFrame:
    """Invoice lines for which `where` holds (columns of the matched lines): found figures, papers (`columns`), order line, unit."""
    lines = chosen(
        found.invoices, where, "row", "place", "document", "unit", "order_row", "named_order", "origin_row", "role", "billed", "value", "rate",
        "gross", "amount_base", "exclusion_reason", net="line_amount_net",
    )  # fmt: skip
    rows = _told(found, lines, "invoice", *columns, "invoice_kind", "line_kind", "currency", **named)
    return rows.with_columns(order_number=pl.coalesce("order_number", "named_order")).drop("named_order")


def goods_rows(found: ThreeWay, where: pl.Expr | str, *columns: str, **named: str) -> pl.DataFrame:
    """Receipt and shipment lines for which `where` holds: found figures, papers (`columns`), order line, unit."""
    lines = chosen(found.fulfilments, where, "row", "place", "unit", "order_row", "origin_row", "delivered", "exclusion_reason")
    return _told(found, lines, "fulfilment", *columns, "fulfilment_kind", own_currency="currency", **named)


def _told(found: ThreeWay, lines: pl.DataFrame, stem: str, *columns: str, **named: str) -> pl.DataFrame:
    papers = found.raw.invoices if stem == "invoice" else found.raw.fulfilments
    own = {"document_number": f"{stem}_number", "document_line_no": f"{stem}_line_no", "document_date": f"{stem}_date"}
    said = papers.taken(lines["place"], *_SHOWN, *columns, **own, **named)
    places = found.orders.select(pl.col("place").gather(lines["order_row"]))["place"]
    types = {cycle.name: str(getattr(cycle, f"{stem}_type")) for cycle in CYCLES}
    unit = found.units.select(pl.col(*_UNIT).gather(lines["unit"]))
    order = found.raw.orders.taken(places, *_ORDER)
    return pl.concat([lines.drop("place"), said, unit, order], how="horizontal").with_columns(
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        posting_date=pl.coalesce("posting_date", "document_date"),
    )


def billed_by_unit(found: ThreeWay, units: pl.Series) -> pl.DataFrame:
    """Of these units, by position in `units`: gross_billed, credited, net_billed, billed_amount and due_quantity (what may stand billed).

    Due is what came and stayed where goods are due, else what was ordered; zero where nothing came.
    """
    wanted = units.unique().drop_nulls()
    size = found.units.height
    claims = found.claims.filter(pl.col("unit").is_in(wanted.implode())).group_by("unit").agg(
        gross_billed=pl.col("quantity").sum(), billed_amount=pl.col("amount").sum()
    )  # fmt: skip
    taken = chosen(found.invoices, pl.col("counts") & (pl.col("role") == "credit") & pl.col("unit").is_in(wanted.implode()), "unit", "billed")
    credit = taken.group_by("unit").agg(credited=-pl.col("billed").sum())
    sides = [
        aligned(claims, "unit", size),
        aligned(credit, "unit", size),
        found.goods.by_unit.select("fulfilled"),
        found.units.select("ordered_quantity", "needs_fulfilment"),
    ]
    told = pl.concat([side.select(pl.all().gather(units)) for side in sides], how="horizontal")
    due = pl.when("needs_fulfilment").then(pl.col("fulfilled").fill_null(ZERO)).otherwise("ordered_quantity")
    return told.select(
        pl.col("gross_billed", "credited").fill_null(ZERO), "billed_amount", due_quantity=due
    ).with_columns(net_billed=pl.col("gross_billed") - pl.col("credited"))  # fmt: skip


def beyond(to_date: str, before: str, limit: str) -> pl.Expr:
    """The part of one line by which a running figure passes a limit: what earlier lines passed already is theirs."""
    over = pl.max_horizontal(pl.col(to_date) - pl.col(limit), ZERO)
    return over - pl.max_horizontal(pl.col(before) - pl.col(limit), ZERO)
