"""Credit notes: what brought them about, at which price, against which invoice, and whether they were used. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import is_given
from recon.match.goods import ZERO
from recon.match.line_rows import beyond, bill_rows, billed_by_unit

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.workpapers import Accepted
    from recon.match.three_way import ThreeWay

_KINDS: Final = ("credit", "value_credit")
_DOCUMENT: Final = ["cycle", "company_code", "party_id", "invoice_number"]
_NO_MONEY: Final = pl.lit(0, dtype=money.MONEY)


def credit_match(found: ThreeWay, accepted: Accepted) -> pl.LazyFrame:
    """One row per live credit line that takes a quantity back, sorted by document.

    It is justified as far as more was billed than came and stayed (without goods: than was ordered); credits of an order line use that
    up in the order of their dates. Against the invoice line it names: the difference of the unit prices times the quantity.
    """
    rows = bill_rows(found, (pl.col("role") == "credit") & pl.col("exclusion_reason").is_null(), "origin_number", "reason_code", "unit_price_net")
    rows = rows.filter(pl.col("invoice_kind").ne_missing("reversal")).with_columns(quantity=-pl.col("billed"))
    rows = pl.concat([rows, billed_by_unit(found, rows["unit"]).drop("credited", "net_billed")], how="horizontal")
    room = pl.when(pl.col("unit").is_null()).then(ZERO).otherwise(pl.max_horizontal(pl.col("gross_billed") - pl.col("due_quantity"), ZERO))
    placed = rows.with_columns(justified_to_date_quantity=room).sort("unit", "posting_date", "document_date", "row", nulls_last=True)
    to_date = pl.when(pl.col("unit").is_null()).then("quantity").otherwise(pl.col("quantity").cum_sum().over("unit"))
    placed = placed.with_columns(_to_date=to_date, _before=to_date - pl.col("quantity"))
    origin = found.invoices.select(
        origin_billed=pl.col("billed").gather(placed["origin_row"]), origin_value=pl.col("value").gather(placed["origin_row"])
    )
    told = pl.concat([placed, origin], how="horizontal").with_columns(
        unjustified_quantity=beyond("_to_date", "_before", "justified_to_date_quantity"),
        names_origin=_named_origin(accepted),
        has_goods_feed=_either(accepted, "fulfilment_table", None),
        has_reason_feed=_either(accepted, "invoice_table", "reason_code"),
    )
    at_origin_price = money.ratio(pl.col("origin_value"), pl.col("quantity"), pl.col("origin_billed"), 6)
    difference = pl.when(pl.col("origin_billed") > 0).then(pl.col("value").abs() - at_origin_price)
    priced = told.lazy().with_columns(price_difference=difference, amount_gross="gross", credited_amount=pl.col("value").abs())
    in_base = {
        "price_difference_base": money.amount(pl.col("price_difference"), pl.col("rate")),
        "credited_amount_base": money.amount(pl.col("credited_amount"), pl.col("rate")),
        "amount_gross_base": money.amount(pl.col("amount_gross"), pl.col("rate")),
    }
    per_unit = {
        "credited_unit_price": money.ratio(pl.col("value").abs(), pl.lit(1, dtype=money.MONEY), pl.col("quantity")),
        "origin_unit_price": money.ratio(pl.col("origin_value"), pl.lit(1, dtype=money.MONEY), pl.col("origin_billed")),
    }
    named = described(priced.with_columns(**in_base, **per_unit), "credit_match", accepted)
    return named.select(schema("credit_match").keys()).sort("cycle", "company_code", "party_id", "document_number", "document_line_no", "source_row")


def _named_origin(accepted: Accepted) -> pl.Expr:
    """Whether the credit names an invoice; unknown where the source never says."""
    known = [cycle.name for cycle in CYCLES if is_given(accepted, cycle.invoice_table, "origin_invoice_number")]
    return pl.when(pl.col("cycle").is_in(known)).then(pl.col("origin_number").is_not_null())


def _either(accepted: Accepted, table: str, column: str | None) -> pl.Expr:
    return pl.col("cycle").is_in([cycle.name for cycle in CYCLES if is_given(accepted, str(getattr(cycle, table)), column)])


def credited_invoice(found: ThreeWay, documents: pl.DataFrame, accepted: Accepted) -> pl.LazyFrame:
    """One row per invoice that live credits name, sorted: its gross amount and theirs, null where it is not on file or not the only one.

    `documents`: invoice_match with what is paid.
    """
    is_credit = pl.col("exclusion_reason").is_null() & (pl.col("gross") < 0)
    rows = bill_rows(found, is_credit, "origin_number").filter(pl.col("origin_number").is_not_null() & pl.col("invoice_kind").is_in(_KINDS))
    key = [*_DOCUMENT[:-1], "origin_number"]
    summed = rows.group_by(key).agg(
        credited_amount=-pl.col("gross").sum(), credit_count=pl.col("document").n_unique().cast(pl.Int64),
        last_credit_date=pl.col("document_date").max(), last_credit_number=pl.col("document_number").sort_by("posting_date", "row").last(),
    )  # fmt: skip
    blank = ["document_number", "invoice_number", "currency", "fx_rate", "amount_gross", "order_number", "source_file", "source_row", "invoice_date"]
    on_file = documents.filter(pl.col("is_live") & ~pl.col("invoice_kind").is_in(_KINDS)).select(
        *_DOCUMENT, *(name for name in blank if name not in ("document_number", "invoice_number"))
    )
    alone = on_file.unique(_DOCUMENT, keep="none")
    met = summed.join(alone, left_on=key, right_on=_DOCUMENT, how="left", validate="1:1")
    types = {cycle.name: cycle.invoice_type for cycle in CYCLES}
    told = met.lazy().with_columns(
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        document_number="origin_number",
        document_date="invoice_date",
        excess_amount=pl.col("credited_amount") - pl.col("amount_gross"),
    )
    told = told.with_columns(excess_amount_base=money.amount(pl.col("excess_amount"), pl.col("fx_rate")))
    return (
        described(told, "credited_invoice", accepted)
        .select(schema("credited_invoice").keys())
        .sort("cycle", "company_code", "party_id", "document_number")
    )


def open_credit(documents: pl.DataFrame, settlements: pl.LazyFrame, accepted: Accepted, as_of: date) -> pl.LazyFrame:
    """One row per live credit note, sorted: what of it is open, and the last day on which an invoice of the party was paid off.

    `documents`: invoice_match with what is paid; `settlements`: settlement_match.
    """
    account = ["cycle", "company_code", "party_id", "currency"]
    credit_notes = documents.filter(pl.col("is_live") & (pl.col("amount_gross") < 0) & pl.col("invoice_kind").is_in(_KINDS))
    days = settlements.filter(pl.col("invoice_number").is_not_null()).group_by(_DOCUMENT).agg(paid_on=pl.col("payment_date").max()).collect()
    paid_off = documents.filter(pl.col("is_live") & (pl.col("amount_gross") > 0) & (pl.col("open_amount") == 0) & (pl.col("paid_amount") != 0))
    last = paid_off.join(days, on=_DOCUMENT, how="inner").group_by(account).agg(last_paid_off_date=pl.col("paid_on").max())
    types = {cycle.name: cycle.invoice_type for cycle in CYCLES}
    told = credit_notes.join(last, on=account, how="left", validate="m:1").lazy().with_columns(
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        document_number="invoice_number",
        document_date="invoice_date",
        open_amount=-pl.col("open_amount"),
        age_days=(pl.lit(as_of) - pl.coalesce("posting_date", "invoice_date")).dt.total_days(),
        is_paid_known=pl.col("cycle").is_in([c.name for c in CYCLES if is_given(accepted, c.payment_table)]),
    )  # fmt: skip
    told = told.with_columns(open_amount_base=money.amount(pl.col("open_amount"), pl.col("fx_rate")))
    return (
        described(told, "open_credit", accepted)
        .select(schema("open_credit").keys())
        .sort("cycle", "company_code", "party_id", "document_number", "document_date")
    )
