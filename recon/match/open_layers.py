"""Open ends with their age, the allocations in published form, and the tie-out of the doorway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import ages, money, tie_out
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.deliveries import confirmed_days
from recon.match.dense import IN_ORDER, chosen
from recon.match.described import described
from recon.match.given import is_given

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.parts import Parts
    from recon.match.three_way import ThreeWay


def aged(layers: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    """Add age_days and age_bucket: as-of date less the posting date, else the document date."""
    *parted, oldest = ages.buckets(engagement.age_days)
    age = (pl.lit(engagement.as_of) - pl.coalesce("posting_date", "document_date")).dt.total_days()
    bucket = pl.lit(oldest)
    for last, words in reversed(list(zip(engagement.age_days, parted, strict=True))):
        bucket = pl.when(pl.col("age_days") <= last).then(pl.lit(words)).otherwise(bucket)
    known = pl.when(pl.col("age_days").is_not_null()).then(bucket)
    return layers.with_columns(age_days=age).with_columns(age_bucket=known)


def open_layer(found: ThreeWay, parts: Parts, open_items: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    """Goods not invoiced, bills without the goods they need, unpaid invoices, unapplied cash: sorted by cycle, kind and document."""
    goods = _described_layers(found, parts.open_goods.sort("layer"), "fulfilment", "fulfilled_not_invoiced").filter(pl.col("match_level") != "none")
    bills = _described_layers(found, parts.open_bills.sort("row", "unit"), "invoice", "invoiced_not_fulfilled").filter("needs_fulfilment")
    layers = pl.concat([goods, bills]).with_columns(amount_base=money.amount(pl.col("amount"), pl.col("rate"))).lazy()
    accepted = found.ground.accepted
    if is_given(accepted, "delivery_confirmation_line"):
        layers = _confirmed(layers, accepted, engagement)
    named = described(layers, "open_layer", accepted)
    columns = schema("open_layer")
    items = open_items.sort("company_code", "party_id", "document_number", "document_date", "amount", nulls_last=True)
    both = pl.concat([named.select(columns.keys()), items.select(columns.keys())])
    ordered = aged(both, engagement).sort("cycle", "kind", maintain_order=True)
    return ordered.select(columns.keys()).collect(engine=IN_ORDER).lazy()


def _confirmed(layers: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Add confirmed_date and confirmed_age_days to goods: from the day the customer signed to the as-of date."""
    days = confirmed_days(accepted, engagement)
    key = ["cycle", "company_code", "document_number", "document_line_no"]
    signed = layers.join(days, on=key, how="left", validate="m:1", maintain_order="left")
    day = pl.when(pl.col("kind") == "fulfilled_not_invoiced").then("confirmed_date")
    return signed.with_columns(confirmed_date=day, confirmed_age_days=(pl.lit(engagement.as_of) - day).dt.total_days())


def _described_layers(found: ThreeWay, part: pl.DataFrame, stem: str, kind: str) -> pl.DataFrame:
    goods = stem == "fulfilment"
    lines, row = (found.fulfilments, part["layer"]) if goods else (found.invoices, part["row"])
    raw = found.raw.fulfilments if goods else found.raw.invoices
    types = {cycle.name: str(getattr(cycle, f"{stem}_type")) for cycle in CYCLES}
    own_rate = pl.lit(None, dtype=money.RATE) if goods else pl.col("rate").gather(row)
    line = lines.select(pl.col("order_row", "place").gather(row), own_rate.alias("own_rate"))
    named = {"document_number": f"{stem}_number", "document_line_no": f"{stem}_line_no", "document_date": f"{stem}_date", "own_item": "item_id"}
    shown = ("cycle", "company_code", "party_id", "posting_date", "source_file", "source_row")
    document = raw.taken(line["place"], *shown, **named)
    terms = found.units.select(pl.col("item_id", "item_group", "currency", "order_rate", "match_level", "needs_fulfilment").gather(part["unit"]))
    places = found.orders.select(pl.col("place").gather(line["order_row"]))
    of_order = ["order_number", "order_line_no", "contract_id", "order_type", "is_closed", "is_final_delivery"]
    orders = found.raw.orders.taken(places["place"], *of_order)
    return (
        pl.concat([part.select("quantity", "amount"), line.drop("place"), document, terms, orders], how="horizontal")
        .with_columns(
            kind=pl.lit(kind),
            document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
            posting_date=pl.coalesce("posting_date", "document_date"),
            item_id=pl.coalesce("item_id", "own_item"),
            rate=pl.coalesce("own_rate", "order_rate") if stem == "invoice" else pl.col("order_rate"),
            is_final=pl.col("is_closed").fill_null(value=False) | pl.col("is_final_delivery").fill_null(value=False),
        )
        .drop("order_row", "own_item", "own_rate", "is_closed", "is_final_delivery")
    )


def allocation(found: ThreeWay, parts: Parts) -> pl.LazyFrame:
    """What carries what, in the order of order lines, goods and bills. Parts of one pair are one row."""
    every = _once(parts.every())
    of_unit = found.units.select(pl.col("cycle", "company_code", "party_id").gather(every["unit"]))
    is_order = every.select(pl.when(pl.col("unit") < found.orders.height).then("unit").alias("order_row"))["order_row"]
    orders, goods, bills = (
        frame.select(pl.col("place").gather(rows))["place"]
        for frame, rows in ((found.orders, is_order), (found.fulfilments, every["layer"]), (found.invoices, every["row"]))
    )
    columns = [
        every.select("quantity", "amount"),
        of_unit,
        found.raw.orders.taken(orders, "order_number", "order_line_no"),
        found.raw.fulfilments.taken(goods, "fulfilment_number", "fulfilment_line_no"),
        found.raw.invoices.taken(bills, "invoice_number", "invoice_line_no"),
    ]
    return pl.concat(columns, how="horizontal").lazy().select(schema("allocation").keys())


def _once(every: pl.DataFrame) -> pl.DataFrame:
    """Parts sorted by order line, goods and bill, those of one pair added up."""
    last = 2**32 - 1
    place = (
        pl.col("unit").cast(pl.Int128) * 2**64
        + pl.col("layer").fill_null(last).cast(pl.Int128) * 2**32
        + pl.col("row").fill_null(last).cast(pl.Int128)
    )
    placed = every.with_columns(place=place).sort("place")
    if placed.select((pl.col("place").shift(1) == pl.col("place")).any()).item():
        columns = [pl.col(name).first() for name in ("unit", "layer", "row")]
        placed = placed.group_by("place", maintain_order=True).agg(*columns, pl.col("quantity").sum(), pl.col("amount").sum())
    return placed.drop("place")


def line_tie_out(found: ThreeWay) -> pl.DataFrame:
    """Accepted document lines: those that count, linked or not, and those set aside with their reason."""
    rows = []
    sides = (
        ("order", found.orders, found.raw.orders),
        ("fulfilment", found.fulfilments, found.raw.fulfilments),
        ("invoice", found.invoices, found.raw.invoices),
    )
    for stem, frame, raw in sides:
        amount = "line_amount_net" if stem == "invoice" else "quantity"
        told = raw.taken(frame["place"], "cycle", amount).with_columns(live=frame["exclusion_reason"].is_null())
        for cycle in CYCLES:
            mine = chosen(told, pl.col("cycle") == cycle.name, amount, "live")
            if mine.is_empty():
                continue
            live, figure = mine["live"], mine[amount]
            name = str(getattr(cycle, f"{stem}_table"))
            figures = [mine.height, int(live.sum()), int((~live).sum())]
            rows.append([name, "match", *figures, figure.sum(), figure.filter(live).sum(), figure.filter(~live).sum(), None])
    return pl.DataFrame(rows, schema=tie_out.SCHEMA, orient="row")
