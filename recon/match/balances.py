"""Open ends beside one another: mirror images on two order lines of a party, and a party's balance on the wrong side. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.match.described import described

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted

_SIDES: Final = ("fulfilled_not_invoiced", "invoiced_not_fulfilled")
_LINE: Final = ["cycle", "company_code", "order_number", "order_line_no"]
#: within one party, item and currency two lines may be each other's mirror
_PLACE: Final = ["cycle", "company_code", "party_id", "item_id", "currency"]


def mirror_layer(layers: pl.DataFrame, accepted: Accepted) -> tuple[pl.LazyFrame, int]:
    """One row per order line with goods not invoiced that has a line with the opposite open end beside it; how many were looked at.

    `layers`: open_layer. The partner is the line of the same party and item whose open quantity is the same, if there is only one on
    either side (`same_quantity`), else the one whose open amount is nearest. value_difference is between the two, next_difference between each and the
    second nearest on the other side, the smaller of the two: null where there is no second. Lines without an item have no partner.
    """
    sides = [_of_lines(layers, kind) for kind in _SIDES]
    goods, bills = (side.join(other.select(_PLACE).unique(), on=_PLACE, how="semi") for side, other in (sides, reversed(sides)))
    by_quantity = _equal(goods, bills)
    rest = [side.join(by_quantity.select(key), on=key, how="anti") for side, key in ((goods, "line"), (bills, "partner"))]
    by_value = _nearest(rest[0].rename({"partner": "_"}).drop("_"), rest[1])
    pairs = pl.concat([
        by_quantity.with_columns(same_quantity=pl.lit(value=True)),
        by_value.select(by_quantity.columns).with_columns(same_quantity=pl.lit(value=False)),
    ])  # fmt: skip
    of_goods, of_bills = (
        goods.drop("partner"),
        bills.drop("line").rename(
            {name: f"other_{name}" for name in (*_LINE, "quantity", "amount", "amount_base", "day", "number", "source_file", "source_row")}
        ),
    )
    met = pairs.join(of_goods, on="line", how="inner", validate="1:1").join(
        of_bills.drop("other_cycle", "other_company_code", "party_id", "item_id", "currency"), on="partner", how="inner", validate="m:1"
    )
    told = met.lazy().with_columns(
        document_type=pl.lit("order"),
        document_number="number",
        value_difference=(pl.col("amount") - pl.col("other_amount")).abs(),
        days_apart=(pl.col("day") - pl.col("other_day")).dt.total_days().abs(),
        document_date="day",
    )  # fmt: skip
    return described(told, "mirror_layer", accepted).select(schema("mirror_layer").keys()).sort(_LINE), sides[0].height


def _of_lines(layers: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Open layers of a kind summed per order line: `line` and `partner` are its position, day that of its oldest layer."""
    mine = layers.filter((pl.col("kind") == kind) & pl.all_horizontal(pl.col(name).is_not_null() for name in (*_LINE, *_PLACE)))
    summed = mine.group_by(*_LINE, *_PLACE[2:]).agg(
        pl.col("quantity", "amount", "amount_base").sum(), day=pl.coalesce("posting_date", "document_date").min(),
        number=_first("document_number"), source_file=_first("source_file"), source_row=_first("source_row"),
    )  # fmt: skip
    return summed.sort(_LINE).with_row_index("line").with_columns(partner="line")


def _first(name: str) -> pl.Expr:
    return pl.col(name).sort_by("document_date", "document_number", "document_line_no").first()


def _equal(goods: pl.DataFrame, bills: pl.DataFrame) -> pl.DataFrame:
    """Pairs of equal open quantity, where each is the other's only one: line, partner, next_difference (null)."""
    key = [*_PLACE, "quantity"]
    # besides its own order line a line has at most one partner only where at most two have its quantity
    goods, bills = (
        side.join(beside.group_by(key).agg(count=pl.len()).filter(pl.col("count") <= 2), on=key, how="semi")
        for side, beside in ((goods, bills), (bills, goods))
    )
    met = goods.select("line", "quantity", *_LINE, *_PLACE[2:]).join(
        bills.select("partner", "quantity", *_PLACE, other_number="order_number", other_line="order_line_no"), on=key, how="inner"
    )
    other = (pl.col("order_number") != pl.col("other_number")) | (pl.col("order_line_no") != pl.col("other_line"))
    met = met.filter(other).filter((pl.len().over("line") == 1) & (pl.len().over("partner") == 1))
    return met.select("line", "partner", next_difference=pl.lit(None, dtype=money.MONEY))


def _nearest(goods: pl.DataFrame, bills: pl.DataFrame) -> pl.DataFrame:
    """Pairs of lines whose open amounts are nearest to each other, each seen from both sides: line, partner, next_difference."""
    from_goods = _seen(goods.select("line", "amount", *_PLACE), bills.select("partner", "amount", *_PLACE), "partner")
    from_bills = _seen(bills.select("partner", "amount", *_PLACE), goods.select("line", "amount", *_PLACE), "line")
    met = from_goods.join(from_bills, on=["line", "partner"], how="inner", suffix="_back")
    return met.with_columns(next_difference=pl.min_horizontal("next_difference", "next_difference_back"))


def _seen(left: pl.DataFrame, right: pl.DataFrame, name: str) -> pl.DataFrame:
    """For each row of `left` the row of `right` with the nearest amount, and how far the second nearest is.

    The two nearest are among the two below and the two above, so two as-of joins find them, whatever the number of rows.
    """
    placed = right.sort(*_PLACE, "amount", name)
    around = placed.with_columns(
        at=pl.col("amount"), beyond_below=pl.col("amount").shift(1).over(_PLACE), beyond_above=pl.col("amount").shift(-1).over(_PLACE)
    )
    asked = left.sort("amount")
    below = asked.join_asof(
        around.select(*_PLACE, "amount", below=name, below_at="at", below_next="beyond_below").sort("amount"),
        on="amount",
        by=_PLACE,
        strategy="backward",
        check_sortedness=False,
    )
    above = below.join_asof(
        around.select(*_PLACE, "amount", above=name, above_at="at", above_next="beyond_above").sort("amount"),
        on="amount",
        by=_PLACE,
        strategy="forward",
        check_sortedness=False,
        allow_exact_matches=False,
    )
    near = {side: (pl.col(f"{side}_at") - pl.col("amount")).abs() for side in ("below", "above")}
    takes_below = (near["below"] <= near["above"]).fill_null(pl.col("below").is_not_null())
    far = [(pl.col(f"{side}_next") - pl.col("amount")).abs() for side in ("below", "above")]
    second = pl.min_horizontal(pl.when(takes_below).then(near["above"]).otherwise(near["below"]), *far)
    found = above.with_columns(pl.when(takes_below).then("below").otherwise("above").alias(name), next_difference=second)
    return found.filter(pl.col(name).is_not_null()).select(*(c for c in ("line", "partner") if c in found.columns), "next_difference")


def party_balance(layers: pl.DataFrame, accepted: Accepted) -> pl.LazyFrame:
    """One row per company, party and currency with open invoices or credits: their sum, signed like invoices, and the age of the youngest.

    `layers`: open_layer. Money on account is no part of it: it is waiting for an invoice and has its own controls.
    """
    kinds = ("open_payable", "open_receivable")
    open_items = layers.filter(pl.col("kind").is_in(kinds) & pl.col("party_id").is_not_null())
    summed = open_items.group_by("cycle", "company_code", "party_id", "currency").agg(
        balance=pl.col("amount").sum(),
        balance_base=pl.when(pl.col("amount_base").null_count() == 0).then(pl.col("amount_base").sum()),
        item_count=pl.len().cast(pl.Int64),
        credit_count=(pl.col("amount") < 0).sum().cast(pl.Int64),
        youngest_age_days=pl.col("age_days").min(),
        source_file=pl.col("source_file").min(),
        source_row=pl.col("source_row").min(),
    )  # fmt: skip
    party = pl.when(pl.col("cycle") == "procure_to_pay").then(pl.lit("supplier")).otherwise(pl.lit("customer"))
    told = summed.lazy().with_columns(document_type=party, document_number="party_id")
    return described(told, "party_balance", accepted).select(schema("party_balance").keys()).sort("cycle", "company_code", "party_id", "currency")
