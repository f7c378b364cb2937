"""What the agreed way of estimating goods received and not invoiced (暂估) asks to be posted in the period. Bucket-local.

Goods whose bill has not come by the end of a month are estimated on its last day, at their own value. Then
`reverse_on_arrival` (单到回冲) takes the estimate back on the day of the bill and books the bill, both for what the bill carries of the
goods; `month_start_reversal` (月初回冲) takes every estimate back on the first day of the next month and estimates again at its end what is
still open; `adjust_on_arrival` (单到补差) books the difference between bill and estimate on the day of the bill. What goes back to the
supplier takes its estimate along. Facts about what is due, to be laid beside the ledger; nothing is posted.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money, scopes
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.engagement import POLICIES
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import table
from recon.match.roll_forwards import goods_pieces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from recon.domain.engagement import Engagement
    from recon.match.parts import Parts
    from recon.match.three_way import ThreeWay

POLICY: Final = "accrual_method"
_KEY: Final = [
    "company_code", "party_id", "entry_date", "order_number", "order_line_no", "fulfilment_number", "fulfilment_line_no", "entry_kind",
    "invoice_number", "invoice_line_no", "quantity",
]  # fmt: skip
_NOTHING: Final = pl.lit(0, dtype=money.MONEY)


def accrual_entry(found: ThreeWay, parts: Parts, engagement: Engagement) -> pl.LazyFrame:
    """accrual_entry, sorted by day within company and party; empty where no policy names a method.

    An amount is null where the goods have no known value or the currency no known rate. Entries are of the days from the first of the
    period to the as-of date.
    """
    accepted = found.ground.accepted
    rules = engagement.policy_rules()
    if not any(rule.settings.get(POLICY, "none") != "none" for rule in rules):
        return pl.LazyFrame(schema=schema("accrual_entry"))
    since, upto = engagement.period.from_, engagement.as_of
    governed = scopes.resolve(_placed(found, parts, since), rules, {POLICY: POLICIES[POLICY][0]}).collect().with_row_index("piece")
    pieces = governed.filter(pl.col(POLICY) != "none").with_columns(first_end=pl.col("came").dt.month_end())
    once = pieces.filter(pl.col(POLICY) != "month_start_reversal").filter(_stands_on(pl.col("first_end")))
    monthly = _month_ends(pieces.filter(pl.col(POLICY) == "month_start_reversal"), since, upto)
    entries = pl.concat(
        [_estimates(once, "first_end"), _estimates(monthly, "end"), _arrivals(once, monthly), _month_starts(monthly), _went_back(once)]
    )
    told = entries.filter(pl.col("entry_date").is_between(since, upto)).lazy()
    named = described(told, "accrual_entry", accepted).select(schema("accrual_entry").keys())
    return named.sort(_KEY, nulls_last=True)


def _stands_on(end: pl.Expr) -> pl.Expr:
    """Whether a piece is open on a month's last day: the bill of that day is in time."""
    return (pl.col("came") <= end) & (pl.col("went").is_null() | (pl.col("went") > end))


def _placed(found: ThreeWay, parts: Parts, since: date) -> pl.LazyFrame:
    """Pieces of bought goods with the columns that policies are scoped by and entries show, and both amounts in company currency."""
    pieces = goods_pieces(found, parts, since)
    lines, bills = found.fulfilments, found.invoices
    goods = found.raw.fulfilments.taken(
        lines["place"].gather(pieces["layer"]), "cycle", "company_code", "party_id", "fulfilment_number", "fulfilment_line_no",
        "fulfilment_date", "source_file", "source_row", own_item="item_id",
    )  # fmt: skip
    bill = found.raw.invoices.taken(bills["place"].gather(pieces["row"]), "invoice_number", "invoice_line_no", "internal_number")
    terms = found.units.select(pl.col("item_id", "item_group", "currency", "order_rate").gather(pieces["unit"]))
    order_rows = lines["order_row"].gather(pieces["layer"])
    orders = found.raw.orders.taken(found.orders["place"].gather(order_rows), "order_number", "order_line_no", "contract_id")
    rate = bills.select(bill_rate=pl.col("rate").gather(pieces["row"]))
    frame = pl.concat([pieces, goods, bill, terms, orders, rate], how="horizontal").lazy().filter(pl.col("cycle") == PROCURE_TO_PAY.name)
    groups = table(found.ground.accepted, PROCURE_TO_PAY.party_table).select("party_id", "group_id").unique("party_id", keep="any")
    known = frame.join(groups, on="party_id", how="left", validate="m:1", maintain_order="left")
    return known.with_columns(
        item_id=pl.coalesce("item_id", "own_item"),
        document_type=pl.lit(PROCURE_TO_PAY.order_type),
        estimate_base=money.amount(pl.col("amount"), pl.col("order_rate")),
        billed_base=money.amount(pl.col("billed"), pl.coalesce("bill_rate", "order_rate")),
    ).drop("own_item")


def _month_ends(pieces: pl.DataFrame, since: date, upto: date) -> pl.DataFrame:
    """Pieces once per month end on which they were open: from the last one before the period to the as-of date."""
    eve = since.replace(day=1) - timedelta(days=1)
    ends = pl.select(end=pl.date_range(eve, upto, "1mo", eager=False).dt.month_end()) if eve <= upto else pl.DataFrame(schema={"end": pl.Date})
    return pieces.join(ends.unique().filter(pl.col("end") <= upto), how="cross").filter(_stands_on(pl.col("end")))


def _entry(pieces: pl.DataFrame, kind: str, day: str | pl.Expr, figures: Mapping[str, pl.Expr], *, with_bill: bool) -> pl.DataFrame:
    """Entries of one kind, one per piece: day and the three amounts; the bill is named where it causes the entry."""
    bill = ("invoice_number", "invoice_line_no", "internal_number")
    shown = (
        "cycle", "company_code", "party_id", POLICY, "order_number", "order_line_no", "fulfilment_number", "fulfilment_line_no",
        "fulfilment_date", "item_id", "quantity", "currency", "source_file", "source_row",
    )  # fmt: skip
    return pieces.select(
        *shown,
        *(pl.col(name) if with_bill else pl.lit(None, dtype=pl.String).alias(name) for name in bill),
        entry_kind=pl.lit(kind),
        entry_date=pl.col(day) if isinstance(day, str) else day,
        **{name: expr.cast(money.MONEY) for name, expr in figures.items()},
    )


def _grown(sign: int) -> dict[str, pl.Expr]:
    """An estimate booked or taken back: payables and cost move alike."""
    own, base = (pl.col(name) if sign > 0 else -pl.col(name) for name in ("amount", "estimate_base"))
    return {"estimate_amount": own, "estimate_amount_base": base, "cost_amount_base": base}


def _estimates(pieces: pl.DataFrame, day: str) -> pl.DataFrame:
    return _entry(pieces, "estimate", day, _grown(1), with_bill=False)


def _arrivals(once: pl.DataFrame, monthly: pl.DataFrame) -> pl.DataFrame:
    """What the bill of estimated goods brings: the estimate back and the bill itself, or the difference between the two."""
    billed = once.filter(pl.col("row").is_not_null())
    reversed_, adjusted = (billed.filter(pl.col(POLICY) == method) for method in ("reverse_on_arrival", "adjust_on_arrival"))
    again = monthly.filter(pl.col("row").is_not_null()).sort("end").unique("piece", keep="last", maintain_order=True)
    booked = {"estimate_amount": _NOTHING, "estimate_amount_base": _NOTHING, "cost_amount_base": pl.col("billed_base")}
    difference = _grown(-1) | {"cost_amount_base": pl.col("billed_base") - pl.col("estimate_base")}
    return pl.concat([
        _entry(reversed_, "reversal", "went", _grown(-1), with_bill=True),
        _entry(pl.concat([reversed_, again.select(reversed_.columns)]), "invoice", "went", booked, with_bill=True),
        _entry(adjusted, "adjustment", "went", difference, with_bill=True),
    ])  # fmt: skip


def _month_starts(monthly: pl.DataFrame) -> pl.DataFrame:
    return _entry(monthly, "reversal", pl.col("end") + pl.duration(days=1), _grown(-1), with_bill=False)


def _went_back(once: pl.DataFrame) -> pl.DataFrame:
    """Estimated goods that were returned before a bill came."""
    return _entry(once.filter(pl.col("cause") == "returned"), "reversal", "went", _grown(-1), with_bill=False)
