"""Invoice lines added up to documents, and what is paid of them brought back to the order lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.match import header_tails
from recon.match.dense import IN_ORDER, chosen, sums
from recon.match.described import described

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted
    from recon.match.three_way import ThreeWay

_KEY: Final = ["cycle", "company_code", "party_id", "invoice_number", "invoice_date", "internal_number"]
_RELEASE: Final = ("block_released_by", "block_released_at", "block_released_at_is_date_only", "block_release_reason")


def numbered(invoices: pl.DataFrame) -> pl.DataFrame:
    """Add `document` (0, 1, … in key order) and `gross` (line amount with tax) to the invoice stack.

    Gross is what the line states, else net plus tax, else net with the line's rate; where a source knows no tax at all it is the net.
    """
    changes = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in _KEY)
    net = pl.col("line_amount_net")
    options = [pl.col("line_amount_gross"), net + pl.col("line_tax_amount")]
    if invoices["tax_rate"].null_count() < invoices.height:
        tax = money.round_to_currency(money.amount(net, pl.col("tax_rate")), pl.col("currency"))
        options.append(net + tax)
    return (
        invoices.lazy()
        .with_columns(document=(changes.fill_null(value=True).cum_sum() - 1).cast(pl.UInt32), gross=pl.coalesce(*options, net).cast(money.MONEY))
        .collect(engine=IN_ORDER)
    )


def invoice_documents(found: ThreeWay, accepted: Accepted) -> pl.LazyFrame:
    """invoice_match without what is paid: one row per document, sorted by key, with `document`. Only lines that count add up.

    A document none of whose lines counts shows what it says, marked with the reason. Header totals, where given, are the gross.
    """
    lines = found.invoices
    raw = found.raw.invoices.taken(lines["place"], "received_date", "due_date", "payment_block")
    places = found.orders.select(pl.col("place").gather(lines["order_row"]))
    numbers = found.raw.orders.taken(places["place"], "order_number")
    told = pl.concat([lines, raw, numbers], how="horizontal").lazy().select(
        "document", "place", "rate", "line_amount_net", "gross", "exclusion_reason", "created_at", "received_date", "due_date", "payment_block",
        live=pl.col("exclusion_reason").is_null(),
        posted=pl.coalesce("posting_date", "invoice_date"),
        linked="has_order",
        order_number=pl.coalesce("order_number", "named_order"),
    ).collect(engine=IN_ORDER)  # fmt: skip
    if not told["live"].all():
        told = told.filter(pl.col("live") | ~pl.col("live").any().over("document"))
    grouped = told.with_columns(pl.col("document").set_sorted()).group_by("document", maintain_order=True)
    first, last = pl.col("order_number").first(), pl.col("order_number").last()
    documents = grouped.agg(
        pl.col("exclusion_reason", "place").first(),
        posting_date=pl.col("posted").min(),
        received_date=pl.col("received_date").min(),
        due_date=pl.col("due_date").min(),
        fx_rate=pl.col("rate").first(),
        amount_net=pl.col("line_amount_net").sum(),
        amount_gross=pl.col("gross").sum(),
        line_count=pl.len().cast(pl.Int64),
        linked_line_count=pl.col("linked").sum().cast(pl.Int64),
        is_live=pl.col("live").any(),
        created_at=pl.col("created_at").min(),
        payment_block=pl.col("payment_block").drop_nulls().first(),
        order_number=pl.when((first == last) & (pl.col("order_number").n_unique() == 1)).then(first),
    )
    said = [*_KEY, "currency", "source_file", "source_row", "created_by", "created_at_is_date_only", *_RELEASE]
    first_line = found.raw.invoices.taken(documents["place"], *said, "invoice_kind").with_columns(pl.col("invoice_kind").fill_null("invoice"))
    documents = pl.concat([documents, first_line], how="horizontal")
    headed = header_tails.with_headers(documents, accepted)
    spoken = [header_tails.conventions_of_headers(headed, found), header_tails.incomplete(headed, accepted)]
    priced = headed.lazy().with_columns(
        *spoken,
        exclusion_reason=pl.when(~pl.col("is_live")).then("exclusion_reason"),
        amount_gross_base=money.amount(pl.col("amount_gross"), pl.col("fx_rate")),
    )
    return described(priced, "invoice_match", accepted).select("document", *schema("invoice_match").keys())


def paid_by_unit(found: ThreeWay, documents: pl.DataFrame) -> pl.DataFrame:
    """paid_amount and billed_gross_amount per unit: what is paid of each invoice, in proportion to its lines, and what they bill (with tax).

    Document currency. `documents`: document, paid_amount, amount_gross. Where nothing at all is paid, what was billed is not added up.
    """
    paid = documents.filter(pl.col("paid_amount") != 0).select("document", "paid_amount", "amount_gross")
    if paid.is_empty():
        nothing = {name: pl.lit(None, dtype=money.MONEY) for name in ("paid_amount", "billed_gross_amount")}
        return found.units.with_columns(**nothing).select(nothing.keys())
    lines = chosen(found.invoices, pl.col("exclusion_reason").is_null(), "row", "document", "unit", "gross", "role", net="line_amount_net")
    shares = lines.join(paid, on="document", how="left", validate="m:1").lazy()
    of_line = (
        shares.with_columns(share=money.ratio(pl.col("gross"), pl.col("paid_amount"), pl.col("amount_gross").abs(), 6))
        .with_columns(share=pl.when(pl.col("amount_gross") < 0).then(-pl.col("share")).otherwise("share"))
        .collect(engine=IN_ORDER)
    )
    whole = of_line.filter((pl.col("role") == "whole") & (pl.col("net") > 0)).drop("unit")
    pieces = whole.join(found.claims.select("row", "unit", "amount"), on="row", how="inner").lazy()
    by_piece = pieces.select(
        "unit", *(money.ratio(pl.col(name), pl.col("amount"), pl.col("net"), 6).alias(name) for name in ("share", "gross"))
    ).collect(engine=IN_ORDER)
    shared = of_line.drop("unit").join(found.credit_shares.filter(pl.col("unit").is_not_null()), on="row", how="inner").lazy()
    by_share = shared.select(
        "unit", *(money.ratio(pl.col(name), pl.col("amount").abs(), pl.col("net").abs(), 6).alias(name) for name in ("share", "gross"))
    ).collect(engine=IN_ORDER)
    direct = of_line.filter((pl.col("role") != "whole") & pl.col("unit").is_not_null()).select("unit", "share", "gross")
    gross = pl.when(pl.col("gross").null_count() == 0).then(pl.col("gross").sum())
    return sums(pl.concat([direct, by_piece, by_share]), "unit", found.units.height, paid_amount=pl.col("share").sum(), billed_gross_amount=gross)
