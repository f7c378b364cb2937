"""Payments of one sum to one payee through two channels: for an order, without one, as an employee's expense, by another company. Whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import RATE, amount, product
from recon.match.described import described
from recon.match.given import table, with_fx_rate
from recon.match.party_names import bare_name
from recon.match.payment_manners import live_payments

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_CLAIM: Final = "expense_claim"
_CLAIMS: Final = "expense_claim_line"
#: Further apart than this nothing is laid side by side: a wider limit of the control finds no more.
WIDEST_DAYS: Final = 90
_WIDEST_SHARE: Final = "0.1"
#: First two digits from which a class of amounts begins: each at least a ninth wide.
_CLASSES: Final = (10, 12, 15, 18, 22, 27, 33, 40, 49, 60, 74, 90)
_CHANNELS: Final = ("an order", "no order", "expense claim")


def channel_pair(accepted: Accepted, engagement: Engagement) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """`channel_pair`, sorted, with the payments and claims looked at; nothing where all that is extracted went through one channel of one company.

    A payment is for an order where an invoice that it is said to pay has a line that names one. The payee is the party group, or whoever bears its name
    without the form of the firm (`merchant_name` of a claim, `payee_name` of a payment). Payments of one company and channel are DUP-06's, those of
    one bill in two companies DUP-10's. What nobody can
    convert is laid beside nothing and stands alone.
    """
    rows = pl.concat([_payments(accepted, engagement), _claims(accepted, engagement)], how="diagonal").collect().with_row_index("row")
    if rows.select("company_code", "channel").unique().height < 2:
        return {}, {}
    keys = pl.concat([rows.select("row", key=pl.lit("party ") + pl.col("party_key")), rows.select("row", key=pl.lit("name ") + pl.col("bare"))])
    keyed = (
        keys.drop_nulls()
        .unique()
        .join(rows.select("row", "company_code", "channel", "payment_date", "amount_base", "document_number"), on="row", validate="m:1")
    )
    crowd = keyed.filter(pl.struct("company_code", "channel").n_unique().over("key") > 1)
    best = _of_other_bills(_near_pairs(crowd), rows, accepted)
    second = rows.select(
        row_2="row", other_type="document_type", other_number="document_number", other_company_code="company_code", other_channel="channel",
        other_date="payment_date", other_amount_base="amount_base",
    )  # fmt: skip
    told = best.join(rows, on="row", validate="m:1").join(second, on="row_2", validate="m:1").with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name), days_apart=(pl.col("payment_date") - pl.col("other_date")).dt.total_days(),
        difference_base=(pl.col("amount_base") - pl.col("other_amount_base")).abs(),
        smaller_amount_base=pl.min_horizontal("amount_base", "other_amount_base"),
    )  # fmt: skip
    unknown = rows.filter(pl.col("amount_base").is_null()).with_columns(cycle=pl.lit(PROCURE_TO_PAY.name))
    told = pl.concat([told, unknown], how="diagonal")
    made = described(told.lazy(), "channel_pair", accepted).select(pl.col(name).cast(kind) for name, kind in schema("channel_pair").items())
    order = ("company_code", "document_type", "document_number", "other_company_code", "other_type", "other_number")
    return {"channel_pair": made.sort(order)}, {"channel_pair": rows.height}


def _near_pairs(crowd: pl.DataFrame) -> pl.DataFrame:
    """row, row_2: pairs of one payee through different channels or companies, near in time and amount.

    Of each payee only what did not go the way most of it goes is laid beside the rest, by quarter and class of amount: tens of thousands of payments
    to one payee would make as many pairs as their square.
    """
    way = pl.struct("company_code", "channel")
    placed = crowd.with_columns(
        bucket=(pl.col("payment_date") - pl.date(1970, 1, 1)).dt.total_days() // WIDEST_DAYS,
        size=_amount_class(pl.col("amount_base")),
        of_way=pl.len().over("key", way),
    )
    beside = placed.filter(way != way.sort_by("of_way", "company_code", "channel").last().over("key"))
    steps = (-1, 0, 1)
    spread = beside.with_columns(bucket=pl.concat_list(pl.col("bucket") + step for step in steps)).explode("bucket")
    spread = spread.with_columns(size=pl.concat_list(pl.col("size") + step for step in steps)).explode("size")
    on = ["key", "bucket", "size"]
    met = [one.join(other, on=on, how="inner", suffix="_2").filter(_is_pair()) for one, other in ((spread, placed), (placed, spread))]
    return pl.concat([pairs.select("row", "row_2") for pairs in met]).unique()


def _amount_class(amount_base: pl.Expr) -> pl.Expr:
    """Twelve classes for each number of digits: of two amounts less than `_WIDEST_SHARE` apart one is in the class of the other or in the next."""
    digits = (amount_base.abs() * 10**6).cast(pl.Int128).cast(pl.String)
    lead = digits.str.slice(0, 2).str.pad_end(2, "0").cast(pl.Int64)
    return digits.str.len_chars().cast(pl.Int64) * len(_CLASSES) + pl.sum_horizontal((lead >= least).cast(pl.Int64) for least in _CLASSES)


def _of_other_bills(pairs: pl.DataFrame, rows: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """The pairs but those said to pay one and the same bill: of a bill in two companies DUP-10 says whether it was cut on purpose."""
    said = (
        table(accepted, PROCURE_TO_PAY.allocation_table).select("company_code", "invoice_number", document_number="payment_number").unique().collect()
    )
    paying = rows.filter(pl.col("channel") != _CHANNELS[2]).select("row", "company_code", "document_number")
    bills = paying.join(said, on=["company_code", "document_number"], how="inner").select("row", "invoice_number")
    one = pairs.join(bills, on="row", how="inner").join(bills.rename({"row": "row_2"}), on=["row_2", "invoice_number"], how="semi")
    return pairs.join(one, on=["row", "row_2"], how="anti")


def _is_pair() -> pl.Expr:
    """The later of two through different channels or companies, near in time and amount; of one day the one through the later channel or company."""
    one = ("payment_date", "channel", "company_code", "document_number")
    later = pl.lit(value=False)
    for name in reversed(one):
        later = (pl.col(name) > pl.col(f"{name}_2")) | ((pl.col(name) == pl.col(f"{name}_2")) & later)
    parted = (pl.col("channel") != pl.col("channel_2")) | (pl.col("company_code") != pl.col("company_code_2"))
    near = (pl.col("payment_date") - pl.col("payment_date_2")).dt.total_days().abs() <= WIDEST_DAYS
    smaller, gap = pl.min_horizontal("amount_base", "amount_base_2"), (pl.col("amount_base") - pl.col("amount_base_2")).abs()
    alike = gap.cast(pl.Decimal(38, 20)) <= product(smaller, pl.lit(_WIDEST_SHARE).cast(RATE), scale=20)
    return later & parted & near & alike


def _payments(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Live payments to suppliers with their channel and payee."""
    ordered = table(accepted, PROCURE_TO_PAY.invoice_table).filter(pl.col("po_number").is_not_null()).select(
        "company_code", "supplier_id", "invoice_number", has_order=pl.lit(value=True)
    ).unique()  # fmt: skip
    said = table(accepted, PROCURE_TO_PAY.allocation_table).select("company_code", "payment_number", "invoice_number")
    paid = live_payments(accepted, engagement, "payee_name")
    named = paid.select("company_code", "document_number", "party_id").join(
        said, left_on=["company_code", "document_number"], right_on=["company_code", "payment_number"], how="inner"
    ).join(ordered, left_on=["company_code", "party_id", "invoice_number"], right_on=["company_code", "supplier_id", "invoice_number"], how="semi")  # fmt: skip
    of_orders = named.select("company_code", "document_number", is_ordered=pl.lit(value=True)).unique()
    told = described(paid, "channel_pair", accepted).join(of_orders, on=["company_code", "document_number"], how="left", validate="m:1")
    return told.select(
        "company_code", "document_type", "document_number", "payment_date", "party_id", "currency", "amount", "amount_base", "source_file", "source_row",
        channel=pl.when("is_ordered").then(pl.lit(_CHANNELS[0])).otherwise(pl.lit(_CHANNELS[1])), party_key=pl.coalesce("group_id", "party_id"),
        bare=bare_name(pl.coalesce("payee_name", "party_name")),
    )  # fmt: skip


def _claims(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Lines of expense claims that name whom the employee paid."""
    rows = table(accepted, _CLAIMS).filter(
        ~pl.col("is_cancelled").fill_null(value=False) & (pl.col("claim_date") <= engagement.as_of) & (pl.col("amount") > 0)
        & pl.col("merchant_name").is_not_null()
    )  # fmt: skip
    slim = rows.select(
        "company_code", "currency", "fx_rate", "amount", "source_file", "source_row", document_type=pl.lit(_CLAIM), document_number="claim_number",
        payment_date="claim_date", channel=pl.lit(_CHANNELS[2]), bare=bare_name(pl.col("merchant_name")),
    )  # fmt: skip
    rated = with_fx_rate(slim, "payment_date", accepted, engagement)
    return rated.with_columns(amount_base=amount(pl.col("amount"), pl.col("fx_rate").cast(RATE))).drop("fx_rate")
