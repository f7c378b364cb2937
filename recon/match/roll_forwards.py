"""The roll-forward of every balance from the first day of the reported period to the as-of date. Bucket-local.

A document is added to its balance on its posting day and cleared on the day the other side took it, not before it came itself:
goods by the bill that they carry or the return that takes them back, bills by the goods that carry them, invoices by
payments, discounts and write-offs, payments by the invoices they pay. What matching knows on the as-of date holds for the past
too: a bill that came late and belongs to goods of the month before does not move the opening balance, since it cleared them on its own day.
In company currency a document keeps the rate it was booked at, so nothing is revalued.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.consignment import is_owned, owned
from recon.match.dense import look_up
from recon.match.described import described
from recon.match.parts import valued

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from recon.domain.engagement import Engagement
    from recon.match.parts import Parts
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay

KEY: Final = ["cycle", "kind", "company_code", "party_id", "currency"]
_OPEN_KIND: Final = {PROCURE_TO_PAY.name: "open_payable", ORDER_TO_CASH.name: "open_receivable"}
#: What of the cleared amount is told apart.
_CAUSES: Final = ("returned", "discount", "write_off")
_FLOWS: Final = ("opening", "added", "cleared")
_NOTHING: Final = pl.lit(0, dtype=money.MONEY)
_NO_ROW: Final = pl.lit(None, dtype=pl.UInt32)


def roll_forward(found: ThreeWay, parts: Parts, settlement: Settlement, layers: pl.DataFrame, engagement: Engagement) -> pl.LazyFrame:
    """roll_forward, sorted by key. `layers`: open_layer, which the closing amounts must equal.

    Sums leave out what has no known amount; a figure none of whose documents has one is null. Raises ArithmeticError where opening,
    added and cleared do not give what is open, which is a defect of ours.
    """
    since = engagement.period.from_
    items = pl.concat([_goods(found, parts, since), _bills(found, parts, since), _invoices(settlement, since), _cash(settlement, since)])
    summed = _summed(items)
    open_now = owned(layers.lazy()).collect().group_by(KEY).agg(
        balance=_known_sum("amount"), balance_base=_known_sum("amount_base"),
        item_count=pl.len().cast(pl.Int64), unknown_count=pl.col("amount_base").null_count().cast(pl.Int64),
    )  # fmt: skip
    told = _tied(summed.join(open_now, on=KEY, how="full", coalesce=True, nulls_equal=True, validate="1:1"))
    is_told = pl.any_horizontal((pl.col(name) != 0).fill_null(value=True) for name in (*_FLOWS, "closing")) | (pl.col("item_count") > 0)
    named = told.filter(is_told).rename(_published(told)).lazy()
    return described(named, "roll_forward", found.ground.accepted).select(schema("roll_forward").keys()).sort(KEY)


def _summed(items: pl.DataFrame) -> pl.DataFrame:
    """Flows of documents, and those in company currency, added up per KEY: null where no document has a known figure.

    What a document carried is old or new, never both, so one product values it, and none where it is in company currency; what left it in company currency is what it carried
    less what it still carries, so that rounding cannot part the two sides.
    """
    carried = pl.col("opening") + pl.col("added")
    is_home = (items["rate"] == 1).fill_null(value=False)
    home = _known_sums(items.filter(is_home), (*_FLOWS, *_CAUSES))
    home = home.with_columns(closing=carried - pl.col("cleared")).with_columns(**{f"{name}_base": pl.col(name) for name in (*_FLOWS, "closing")})
    away = items.filter(~is_home).with_columns(
        carried_base=money.amount(carried, pl.col("rate")),
        closing=carried - pl.col("cleared"),
        closing_base=money.amount(carried - pl.col("cleared"), pl.col("rate")),
    )
    nothing = pl.when(pl.col("carried_base").is_not_null()).then(_NOTHING)
    based = away.with_columns(
        opening_base=pl.when(pl.col("opening") != 0).then("carried_base").otherwise(nothing),
        added_base=pl.when(pl.col("opening") != 0).then(nothing).otherwise("carried_base"),
        cleared_base=pl.col("carried_base") - pl.col("closing_base"),
    )
    figures = home.columns[len(KEY) :]
    both = [home, _known_sums(based, figures)]
    return pl.concat(both).group_by(KEY).agg(_known_sum(name) for name in figures)


def _known_sums(rows: pl.DataFrame, figures: Sequence[str]) -> pl.DataFrame:
    """Figures added up per KEY, null where no row knows one. The streaming engine adds up plain columns twice as fast."""
    counts = [pl.col(name).count().alias(f"{name} count") for name in figures]
    summed = rows.lazy().group_by(KEY).agg(pl.col(figures).sum(), *counts).collect(engine="streaming")
    return summed.select(*KEY, *(pl.when(pl.col(f"{name} count") > 0).then(pl.col(name)).alias(name) for name in figures))


def together(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of all buckets, those of one key added up: a balance without a party may stand in several."""
    key = [*KEY[:4], "party_name", "currency"]
    figures = [_known_sum(name) for name in rows.columns if name not in key]
    return rows.group_by(key).agg(figures).select(rows.columns).sort(KEY)


def _known_sum(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)


def _published(frame: pl.DataFrame) -> dict[str, str]:
    """Short name -> column of the table: opening_base is opening_amount_base."""
    figures = [name for name in frame.columns if name not in (*KEY, "item_count", "unknown_count")]
    return {name: f"{name.removesuffix('_base')}_amount{'_base' if name.endswith('_base') else ''}" for name in figures}


def _tied(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the difference between closing and open layers, none. A side without rows is zero."""
    sides = [f"{side}{base}" for base in ("", "_base") for side in ("closing", "balance")]
    absent = {"closing": pl.col("opening").is_null() & pl.col("closing").is_null(), "balance": pl.col("item_count").is_null()}
    known = rows.with_columns(
        pl.when(absent[side.removesuffix("_base")] & pl.col(other).is_not_null()).then(_NOTHING).otherwise(side).alias(side)
        for side, other in zip(sides, [sides[1], sides[0], sides[3], sides[2]], strict=True)
    ).with_columns(pl.col("item_count", "unknown_count").fill_null(0))
    told = known.with_columns(difference=pl.col("closing") - pl.col("balance"), difference_base=pl.col("closing_base") - pl.col("balance_base"))
    broken = told.filter((pl.col("difference") != 0) | (pl.col("difference_base") != 0))
    if broken.height:
        message = (
            f"opening, added and cleared do not give the open balance: {broken.select(*KEY, 'difference', 'difference_base').head(3).to_dicts()}"
        )
        raise ArithmeticError(message)
    return told


def _flows(pieces: pl.DataFrame, by: list[str], since: date) -> pl.DataFrame:
    """Pieces (amount, came, went, cause, rate) as opening, added and cleared per `by`, and its rate; all null where an amount is not known.

    A piece that went before the first day concerns nobody any more; one without a day came before all others. What is in company currency and wholly
    known stays in pieces: adding it up per line first, before it is added up per balance, would change nothing.
    """
    is_plain = pieces.select((pl.col("rate") == 1).fill_null(value=False)).to_series()
    if pieces["amount"].null_count():
        is_plain &= pieces.select(pl.col("amount").is_not_null().all().over(by)).to_series()
    is_old, goes = pl.col("came").is_null() | (pl.col("came") < since), pl.col("went").is_not_null()
    parts = {"opening": is_old, "added": ~is_old, "cleared": goes} | {cause: goes & (pl.col("cause") == cause) for cause in _CAUSES}
    plain = pieces.filter(is_plain).select(*by, "rate", **{name: pl.when(part).then("amount").otherwise(_NOTHING) for name, part in parts.items()})
    summed = pieces.filter(~is_plain).group_by(by).agg(
        pl.col("rate").first(),
        *(pl.col("amount").filter(part).sum().alias(name) for name, part in parts.items()),
        is_known=pl.col("amount").null_count() == 0,
    )  # fmt: skip
    known = summed.with_columns(pl.when("is_known").then(pl.col(name)).alias(name) for name in parts)
    return pl.concat([plain, known.select(plain.columns)])


def _posted(found: ThreeWay, stem: str) -> pl.Series:
    """The day on which each fulfilment or invoice line counts, aligned."""
    lines, papers = (found.fulfilments, found.raw.fulfilments) if stem == "fulfilment" else (found.invoices, found.raw.invoices)
    days = papers.taken(lines["place"], "posting_date", day=f"{stem}_date")
    return days.select(day=pl.coalesce("posting_date", "day"))["day"]


def _carried(found: ThreeWay, parts: Parts, since: date) -> tuple[pl.DataFrame, pl.Series, pl.Series]:
    """Parts with both their days, as far as they were open on the first day or later; and the days of all goods and all bills."""
    goods_days, bill_days = _posted(found, "fulfilment"), _posted(found, "invoice")
    days = pl.DataFrame({"goods_day": goods_days.gather(parts.carried["layer"]), "bill_day": bill_days.gather(parts.carried["row"])})
    late = pl.max_horizontal("goods_day", "bill_day") >= since
    return pl.concat([parts.carried, days], how="horizontal").filter(late), goods_days, bill_days


def goods_pieces(found: ThreeWay, parts: Parts, since: date) -> pl.DataFrame:
    """Pieces of goods that were received or shipped and not invoiced on the first day or later.

    unit, layer (fulfilment row), row (of the bill, null where none came), quantity, amount (at the goods' own value), billed (what the bill
    says), came, went (null while it is open), cause ("returned" where no bill but a return took it). Lines that nobody needs to match are left out,
    and goods on consignment.
    """
    carried, days, _ = _carried(found, parts, since)
    back = found.goods.taken_back
    returned = back.select(
        "unit", "layer", "quantity", row=_NO_ROW, went=pl.lit(days).gather(pl.col("claim")), billed=pl.lit(None, dtype=money.MONEY)
    )
    gone = pl.concat([
        carried.select("unit", "layer", "quantity", "row", went="bill_day", billed="amount", cause=pl.lit(None, dtype=pl.String)),
        returned.with_columns(cause=pl.lit("returned")),
    ])  # fmt: skip
    worth = valued(gone.select("unit", "quantity", row="layer"), parts.worth, found)
    left = parts.open_goods.with_columns(
        went=pl.lit(None, dtype=pl.Date), billed=pl.lit(None, dtype=money.MONEY), cause=pl.lit(None, dtype=pl.String)
    )
    pieces = pl.concat([pl.concat([gone, worth.select("amount")], how="horizontal").select(left.columns), left])
    dated = pieces.with_columns(came=days.gather(pieces["layer"]))
    dated = dated.with_columns(went=pl.when(pl.col("went").is_not_null()).then(pl.max_horizontal("came", "went")))
    counted = (found.units["match_level"].gather(dated["unit"]) != "none") & is_owned(found, dated["unit"])
    return dated.filter(counted & ((pl.col("went") >= since) | pl.col("went").is_null()))


def _goods(found: ThreeWay, parts: Parts, since: date) -> pl.DataFrame:
    return _of_lines(found, goods_pieces(found, parts, since), since, "fulfilment")


def _bills(found: ThreeWay, parts: Parts, since: date) -> pl.DataFrame:
    carried, _, days = _carried(found, parts, since)
    left = parts.open_bills.with_columns(goods_day=pl.lit(None, dtype=pl.Date), bill_day=days.gather(parts.open_bills["row"]))
    pieces = pl.concat([carried, left.select(carried.columns)]).with_columns(
        came="bill_day", went=pl.when(pl.col("goods_day").is_not_null()).then(pl.max_horizontal("goods_day", "bill_day")),
        cause=pl.lit(None, dtype=pl.String),
    )  # fmt: skip
    needs = found.units["needs_fulfilment"].gather(pieces["unit"])
    return _of_lines(found, pieces.filter(needs), since, "invoice")


def _of_lines(found: ThreeWay, pieces: pl.DataFrame, since: date, stem: str) -> pl.DataFrame:
    """Flows of goods or bills with the account they belong to and the rate they are carried at, as their open layers have them."""
    goods = stem == "fulfilment"
    lines, papers = (found.fulfilments, found.raw.fulfilments) if goods else (found.invoices, found.raw.invoices)
    line, kind = ("layer", "fulfilled_not_invoiced") if goods else ("row", "invoiced_not_fulfilled")
    own = pl.lit(None, dtype=money.RATE) if goods else look_up(lines["rate"], line)
    rate = pl.coalesce(own, look_up(found.units["order_rate"], "unit")).cast(money.RATE)
    flows = _flows(pieces.with_columns(rate=rate), ["unit", line], since)
    account = papers.taken(lines["place"].gather(flows[line]), "cycle", "company_code", "party_id")
    told = pl.concat([flows, account, found.units.select(pl.col("currency").gather(flows["unit"]))], how="horizontal")
    return told.select(*_account(kind), *_FLOWS, *_CAUSES, "rate")


def _account(kind: str | pl.Expr) -> list[pl.Expr]:
    word = pl.lit(kind) if isinstance(kind, str) else kind
    return [word.cast(pl.String).alias(name) if name == "kind" else pl.col(name).cast(pl.String) for name in KEY]


def _invoices(settlement: Settlement, since: date) -> pl.DataFrame:
    """Live invoices of a known amount: the gross amount came with the invoice, what settled it went with the payments."""
    documents = settlement.cash.documents.filter(pl.col("is_live") & pl.col("amount_gross").is_not_null()).select(
        "invoice_id", "cycle", "company_code", "party_id", "currency", rate="fx_rate", amount="amount_gross",
        came=pl.coalesce("posting_date", "invoice_date"),
    )  # fmt: skip
    days = settlement.payments.select("payment_id", "payment_date")
    settled = settlement.cash.final.applied.join(days, on="payment_id", how="left", validate="m:1")
    pieces = pl.concat([
        settled.select("invoice_id", amount=pl.col(name), went="payment_date", cause=pl.lit(name)) for name in ("amount", "discount", "write_off")
    ]).filter(pl.col("amount") != 0)  # fmt: skip
    flows = _events(documents.select(key="invoice_id", amount="amount", came="came"), pieces.rename({"invoice_id": "key"}), since)
    told = documents.drop("amount", "came").join(flows, left_on="invoice_id", right_on="key", how="inner", validate="1:1")
    kind = pl.col("cycle").replace_strict(_OPEN_KIND, return_dtype=pl.String)
    return told.select(*_account(kind), *_FLOWS, *_CAUSES, pl.col("rate").cast(money.RATE))


def _cash(settlement: Settlement, since: date) -> pl.DataFrame:
    """Payments that count: they came on their day and went to invoices, or back to the party."""
    cash = settlement.cash
    paid = settlement.payments.filter(pl.col("exclusion_reason").is_null()).select(
        "payment_id", "cycle", "company_code", "party_id", "currency", "amount", rate="fx_rate", came="payment_date"
    )
    days = cash.documents.select("invoice_id", went=pl.coalesce("posting_date", "invoice_date"))
    applied = cash.final.applied.join(days, on="invoice_id", how="left", validate="m:1")
    pair = ["cycle", "company_code", "party_id", "currency", pl.col("left").abs()]
    back = cash.on_account.filter("is_returned").select("payment_id", amount="left", went=pl.col("payment_date").max().over(pair))
    pieces = pl.concat([
        applied.select("payment_id", "amount", "went", cause=pl.lit("amount")), back.select("payment_id", "amount", "went", cause=pl.lit("returned"))
    ]).filter(pl.col("amount") != 0)  # fmt: skip
    flows = _events(paid.select(key="payment_id", amount="amount", came="came"), pieces.rename({"payment_id": "key"}), since)
    told = paid.drop("amount", "came").join(flows, left_on="payment_id", right_on="key", how="inner", validate="1:1")
    return told.select(*_account("unapplied_cash"), *_FLOWS, *_CAUSES, pl.col("rate").cast(money.RATE))


def _events(documents: pl.DataFrame, pieces: pl.DataFrame, since: date) -> pl.DataFrame:
    """Documents (key, amount, came) and the pieces that went of them (key, amount, went, cause), as flows per document in which something moved."""
    of_document = documents.select("key", "came", is_old=pl.col("came").is_null() | (pl.col("came") < since))
    dated = pieces.join(of_document, on="key", how="inner", validate="m:1").with_columns(went=pl.max_horizontal("came", "went"))
    before = pl.col("is_old") & (pl.col("went") < since)
    amount = pl.col("amount")
    taken = dated.group_by("key").agg(
        before=amount.filter(before).sum(),
        cleared=amount.filter(~before).sum(),
        **{cause: amount.filter(~before & (pl.col("cause") == cause)).sum() for cause in _CAUSES},
    )
    both = documents.join(of_document.drop("came"), on="key", how="left", validate="1:1").join(taken, on="key", how="left", validate="1:1")
    figures = [pl.col(name).fill_null(_NOTHING) for name in ("before", "cleared", *_CAUSES)]
    told = both.with_columns(figures).with_columns(
        opening=pl.when("is_old").then(amount - pl.col("before")).otherwise(_NOTHING), added=pl.when("is_old").then(_NOTHING).otherwise(amount)
    )
    moved = told.filter((pl.col("opening") != 0) | (pl.col("added") != 0) | (pl.col("cleared") != 0))
    return moved.select("key", *(pl.col(name).cast(money.MONEY) for name in (*_FLOWS, *_CAUSES)))
