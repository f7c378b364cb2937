"""Order prices against the last ones, and bills against prices that were agreed afterwards. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.agreements import agreed_prices, is_valid_on
from recon.match.dense import IN_ORDER
from recon.match.described import described
from recon.match.given import shaped, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_ORDER_KEY: Final = ["cycle", "company_code", "order_number", "order_line_no"]
_GOOD: Final = ["party_id", "item_id", "currency", "base_uom"]
_PLACE: Final = ["source_file", "source_row"]
_BILL: Final = ["cycle", "company_code", "party_id", "invoice_number"]
_VALUE_KINDS: Final = ("value_credit", "value_debit")
_SHOWN_COUNT: Final = 20


def last_price(orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row per live purchase order line with an earlier order of the item from the supplier in the same currency and unit; sorted.

    The last price is the highest of the latest earlier day.
    """
    lines = orders.filter(
        (pl.col("cycle") == PROCURE_TO_PAY.name) & pl.col("is_live") & (pl.col("ordered_quantity") > 0) & pl.col("item_id").is_not_null()
    ).collect(engine=IN_ORDER)
    priced = lines.filter(pl.col("order_unit_price").is_not_null()).sort("order_unit_price", "order_number", descending=[True, False])
    days = priced.group_by(*_GOOD, "order_date", maintain_order=True).agg(
        last_unit_price=pl.col("order_unit_price").first(), last_order_number=pl.col("order_number").first()
    )
    days = days.with_columns(last_order_date="order_date").sort("order_date")
    met = lines.sort("order_date", *_ORDER_KEY).join_asof(
        days, on="order_date", by=_GOOD, strategy="backward", allow_exact_matches=False, check_sortedness=False
    )
    rise = money.amount(pl.col("ordered_quantity"), pl.col("order_unit_price") - pl.col("last_unit_price"))
    told = met.filter(pl.col("last_unit_price").is_not_null()).with_columns(
        since_days=(pl.col("order_date") - pl.col("last_order_date")).dt.total_days(),
        rise_amount=rise,
        rise_amount_base=money.amount(rise, pl.col("fx_rate")),
    )
    return shaped(told, schema("last_price")).sort(_ORDER_KEY).lazy()


def retroactive_price(lines: MeasuredLines, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per company and agreed price that was entered after bills of its validity (or nobody knows when), with what it leaves to settle.

    claim_amount: over the bills dated from its first day on and before it was entered, net of credits, what was billed above the new price,
    less what value credits and debits have moved since; null where nobody knows when the price was entered and the bills differ from it.
    Of several prices valid on a bill's day the one entered last counts. The row names the last of these bills; sorted.
    """
    agreed = agreed_prices(accepted, engagement)
    bills = _bills(lines, accepted)
    under = _under_new_prices(bills.filter(pl.col("invoice_kind") == "invoice"), agreed)
    moved = pl.concat([under, _corrections(bills, under)])
    prices = agreed.select("agreement", "agreed_price", "entered_day", "valid_from", agreed_contract_id="contract_id", price_entered_at="created_at")
    counted = moved.join(prices, on="agreement", how="left", validate="m:1", maintain_order="left").with_columns(
        claimed=pl.when(pl.col("invoice_kind").is_in(_VALUE_KINDS)).then("invoiced_amount").otherwise(
            money.amount(pl.col("invoiced_quantity"), pl.col("invoice_unit_price") - pl.col("agreed_price"))
        ),
    )  # fmt: skip
    told = _summed(counted.with_columns(claimed_base=money.amount(pl.col("claimed"), pl.col("fx_rate"))))
    types = {cycle.name: cycle.invoice_type for cycle in CYCLES}
    named = told.with_columns(document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String), contract_number="agreed_contract_id")
    rows = described(named.lazy(), "retroactive_price", accepted).collect()
    key = ["cycle", "company_code", "party_id", "item_id", "valid_from", "document_number", *_PLACE]
    return shaped(rows, schema("retroactive_price")).sort(key, nulls_last=True).lazy()


def _bills(lines: MeasuredLines, accepted: Accepted) -> pl.DataFrame:
    """Live invoice lines with an item or a value, and the invoice that a credit names."""
    wanted = lines.invoices.filter(pl.col("is_live")).select(
        *_BILL, "invoice_line_no", "internal_number", "invoice_kind", "invoice_date", "item_id", "item_group", "contract_id", "order_number",
        "order_line_no", "base_uom", "currency", "fx_rate", "invoiced_quantity", "invoiced_amount", "invoice_unit_price", *_PLACE,
    )  # fmt: skip
    origins = [
        table(accepted, cycle.invoice_table).select(*_PLACE, origin_number="origin_invoice_number", cycle=pl.lit(cycle.name)) for cycle in CYCLES
    ]
    return wanted.join(pl.concat(origins), on=["cycle", *_PLACE], how="left", validate="1:1").sort("cycle", *_PLACE).collect(engine=IN_ORDER)


def _under_new_prices(bills: pl.DataFrame, agreed: pl.DataFrame) -> pl.DataFrame:
    """Bills with the `agreement` that counts on their day, where it was entered later or nobody knows when."""
    key = ["party_id", "item_id", "currency", "base_uom"]
    prices = agreed.filter(pl.col("agreed_price").is_not_null()).select(
        *key, "agreement", "valid_from", "valid_to", "entered_day", "created_at", "min_base_quantity", agreed_contract_id="contract_id"
    )
    met = bills.join(prices, on=key, how="inner").filter(
        is_valid_on("invoice_date")
        & (pl.col("min_base_quantity") <= pl.col("invoiced_quantity")).fill_null(value=True)
        & (pl.col("agreed_contract_id") == pl.col("contract_id")).fill_null(value=True)
    )
    ruling = met.sort("cycle", *_PLACE, "created_at", "valid_from", "agreement", nulls_last=False).unique(
        ["cycle", *_PLACE], keep="last", maintain_order=True
    )
    later = (pl.col("entered_day") > pl.col("invoice_date")).fill_null(value=True)
    return ruling.filter(later).select(*bills.columns, "agreement")


def _corrections(bills: pl.DataFrame, under: pl.DataFrame) -> pl.DataFrame:
    """Credits and value notes on these bills, each with the agreement of the bill that it names, else of its order line."""
    others = bills.filter(pl.col("invoice_kind").is_in(["credit", *_VALUE_KINDS])).with_columns(named=pl.col("origin_number"))
    by_item = _only(under, [*_BILL, "item_id"]).rename({"invoice_number": "named"})
    by_bill = _only(under, _BILL).rename({"invoice_number": "named", "agreement": "of_bill"})
    by_order = _only(under.drop_nulls("order_number"), _ORDER_KEY).rename({"agreement": "of_order"})
    named = [*_BILL[:3], "named"]
    met = others.join(by_item, on=[*named, "item_id"], how="left", validate="m:1", maintain_order="left")
    met = met.join(by_bill, on=named, how="left", validate="m:1", maintain_order="left")
    met = met.join(by_order, on=_ORDER_KEY, how="left", validate="m:1", maintain_order="left")
    found = met.with_columns(agreement=pl.coalesce("agreement", "of_bill", pl.when(pl.col("named").is_null()).then("of_order")))
    return found.filter(pl.col("agreement").is_not_null()).select(*bills.columns, "agreement")


def _only(under: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Key -> agreement, where all bills of the key have the same."""
    one = under.group_by(key).agg(pl.col("agreement").min(), several=pl.col("agreement").n_unique() > 1)
    return one.filter(~pl.col("several")).drop("several")


def _summed(counted: pl.DataFrame) -> pl.DataFrame:
    is_bill = pl.col("invoice_kind") == "invoice"
    last = counted.filter(is_bill).sort("invoice_date", "invoice_number", "invoice_line_no", *_PLACE).group_by("cycle", "company_code", "agreement").agg(
        pl.col("party_id", "item_id", "item_group", "contract_id", "currency", "base_uom", "internal_number", *_PLACE).last(),
        pl.col("order_number").last(),
        document_number=pl.col("invoice_number").last(),
        document_date=pl.col("invoice_date").last(),
        bill_count=pl.col("invoice_number").n_unique().cast(pl.Int64),
        bills=pl.format("{}: {}", "invoice_number", pl.col("invoiced_quantity").cast(pl.Decimal(38, 3)).cast(pl.String)).head(_SHOWN_COUNT).str.join("; "),
        old_unit_price=pl.col("invoice_unit_price").max(),
        new_unit_price=pl.col("agreed_price").first(),
        valid_from=pl.col("valid_from").first(),
        price_entered_at=pl.col("price_entered_at").first(),
        agreed_contract_id=pl.col("agreed_contract_id").first(),
    )  # fmt: skip
    known = pl.col("claimed_base").null_count() == 0
    sums = counted.group_by("cycle", "company_code", "agreement").agg(
        claim_amount=pl.when(pl.col("claimed").null_count() == 0).then(pl.col("claimed").sum()),
        claim_amount_base=pl.when(known).then(pl.col("claimed_base").sum()),
        billed_quantity=pl.col("invoiced_quantity").filter(~pl.col("invoice_kind").is_in(_VALUE_KINDS)).sum(),
    )
    joined = last.join(sums, on=["cycle", "company_code", "agreement"], how="left", validate="1:1")
    # a price that nobody dates leaves nothing to settle where it was billed all along
    decided = pl.col("price_entered_at").is_not_null() | (pl.col("claim_amount") == 0)
    return joined.with_columns(pl.when(decided).then(name).alias(name) for name in ("claim_amount", "claim_amount_base"))
