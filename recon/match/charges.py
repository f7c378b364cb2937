"""Charges beside the goods: freight and the like against what the order planned for them, by charge code. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.dense import chosen
from recon.match.described import described
from recon.match.given import is_given
from recon.match.goods import ZERO
from recon.match.line_rows import beyond, bill_rows, billed_by_unit

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted
    from recon.match.three_way import ThreeWay

_ORDER: Final = ["cycle", "company_code", "order_number"]
_CODE: Final = [*_ORDER, "plan_code"]
_NONE: Final = pl.lit(0, dtype=money.MONEY)
_ONE: Final = pl.lit(1, dtype=money.MONEY)


def charge_lines(found: ThreeWay) -> pl.DataFrame:
    """Live charge lines with their place in the plan of their order, unsorted.

    A charge belongs to the plan of its code on its order; one whose code nobody planned, to the plan without a code, if the order
    has one. What is due of a plan grows with the billed quantity of the lines that it was made for. charge_variance, company currency:
    a line's part of what is billed beyond the plan to date; the last line of a code also carries what is still missing.
    """
    is_live = (pl.col("role") == "other") & pl.col("exclusion_reason").is_null()
    rows = bill_rows(found, is_live, "charge_code", "supplier_delivery_note", "origin_number", "origin_line_no")
    rows = rows.filter(pl.col("line_kind") == "charge")
    orders = _order_lines(found, rows)
    plans = _plans(orders, found)
    worth = orders.group_by(_ORDER).agg(order_amount_base=pl.col("amount_base").sum())
    told = _with_plan(rows.join(worth, on=_ORDER, how="left", validate="m:1"), plans)
    in_turn = told.sort("posting_date", "document_date", "row", nulls_last=True)
    to_date = pl.when(pl.col("order_number").is_null()).then("net").otherwise(pl.col("net").cum_sum().over(_CODE))
    summed = _after_credits(in_turn).with_columns(_to_date=to_date)
    expected = pl.col("expected_to_date_amount").fill_null(_NONE)
    summed = summed.with_columns(
        _before=pl.col("_to_date") - pl.col("net"), _expected=expected, _last=pl.int_range(pl.len()).over(_CODE) == pl.len().over(_CODE) - 1
    )
    missing = pl.min_horizontal(pl.col("_to_date") - expected, _NONE)
    more = beyond("_to_date", "_before", "_expected")
    variance = more + pl.when(pl.col("_last") & pl.col("expected_to_date_amount").is_not_null()).then(missing).otherwise(_NONE)
    over = pl.col("charged_to_date_amount") - pl.col("expected_to_date_amount")
    is_credit = pl.col("net") < 0
    return summed.with_columns(
        over_plan_amount=pl.when(is_credit).then(pl.min_horizontal(over, _NONE)).otherwise(over),
        over_plan_before_amount=over - pl.col("kept_amount"),
        charge_variance=pl.when(pl.col("order_number").is_not_null()).then(money.amount(variance.cast(money.MONEY), pl.col("rate"))),
    ).drop("_to_date", "_before", "_expected", "_last")


def _after_credits(in_turn: pl.DataFrame) -> pl.DataFrame:
    """Add kept_amount, what credits leave of each charge, and charged_to_date_amount, their running sum by code, in the order given.

    A credit takes from the charge it names; what names none, or more than its charge, takes from the newest of its code. A credit itself
    keeps nothing and stands beside all that is left. A charge without an order answers for itself.
    """
    credit = -pl.min_horizontal("net", _NONE)
    told = in_turn.join(_named(in_turn), on="row", how="left", validate="1:1", maintain_order="left")
    told = told.with_columns(pl.col("_named").fill_null(_NONE))
    first = pl.max_horizontal(pl.max_horizontal("net", _NONE) - pl.col("_named"), _NONE)
    told = told.with_columns(_first=first)
    spent = (pl.max_horizontal("net", _NONE) - pl.col("_first")).sum().over(_CODE)
    left = pl.max_horizontal(pl.col("_first").sum().over(_CODE) - (credit.sum().over(_CODE) - spent), _NONE)
    told = told.with_columns(_upto=pl.min_horizontal(pl.col("_first").cum_sum().over(_CODE), left))
    kept = pl.col("_upto") - pl.col("_upto").shift(1).over(_CODE).fill_null(_NONE)
    alone = pl.col("order_number").is_null()
    return told.with_columns(
        kept_amount=pl.when(alone).then("net").otherwise(kept), charged_to_date_amount=pl.when(alone).then("net").otherwise("_upto")
    ).drop("_named", "_first", "_upto")


def _named(charges: pl.DataFrame) -> pl.DataFrame:
    """row, _named: by how much credits that name just this charge take it back."""
    own = [*_CODE, "party_id", "origin_number"]
    credits_ = charges.filter(pl.col("net") < 0).select(*own, "origin_line_no", "net", spot="row")
    billed = {"origin_number": "document_number", "line": "document_line_no"}
    targets = charges.filter(pl.col("net") > 0).select(*_CODE, "party_id", "row", **billed)
    pairs = credits_.join(targets, on=own, how="inner").filter((pl.col("origin_line_no") == pl.col("line")).fill_null(value=True))
    return pairs.unique("spot", keep="none").group_by("row").agg(_named=-pl.col("net").sum())


def charge_match(lines: pl.DataFrame, accepted: Accepted) -> pl.LazyFrame:
    """One row per live charge line (`lines` of `charge_lines`), sorted by document. is_plan_known: the source says what was planned at all."""
    planning = [cycle.name for cycle in CYCLES if is_given(accepted, cycle.order_table, "planned_charge_amount")]
    rate = pl.col("rate")
    is_whole = pl.col("kept_amount") == pl.col("net")
    kept_gross = pl.when(is_whole).then("gross").otherwise(money.ratio(pl.col("gross"), pl.col("kept_amount"), pl.col("net"), 6))
    told = lines.lazy().with_columns(
        is_plan_known=pl.col("cycle").is_in(planning),
        amount_net="net",
        amount_net_base="amount_base",
        amount_gross="gross",
        amount_gross_base=money.amount(pl.col("gross"), rate),
        kept_amount_base=money.amount(pl.col("kept_amount"), rate),
        kept_gross_amount=kept_gross,
        kept_gross_amount_base=money.amount(kept_gross, rate),
        over_plan_amount_base=money.amount(pl.col("over_plan_amount"), rate),
        over_plan_before_amount_base=money.amount(pl.col("over_plan_before_amount"), rate),
        expected_to_date_amount_base=money.amount(pl.col("expected_to_date_amount"), rate),
        has_order_link=pl.col("order_number").is_not_null(),
    )
    named = described(told, "charge_match", accepted).select(schema("charge_match").keys())
    return named.sort("cycle", "company_code", "party_id", "document_number", "document_line_no", "document_date", "source_row")


def planned_charge(found: ThreeWay, lines: pl.DataFrame, accepted: Accepted) -> pl.LazyFrame:
    """One row per planned charge of an order, by code, sorted: planned, charged (`lines` of `charge_lines`), and whether all is billed."""
    plans = _plans(_order_lines(found, None), found)
    charged = _with_plan(lines.drop("planned_amount", "planned_billed_quantity", "expected_to_date_amount", "plan_code", strict=False), plans)
    paid = charged.group_by(_CODE).agg(charged_amount=pl.col("net").sum())
    types = {cycle.name: cycle.order_type for cycle in CYCLES}
    told = plans.join(paid, on=_CODE, how="left", validate="1:1").lazy().with_columns(
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        charge_code=pl.when(pl.col("plan_code") != "").then("plan_code"),
        charged_amount=pl.col("charged_amount").fill_null(_NONE),
    )  # fmt: skip
    told = told.with_columns(missing_amount=pl.col("planned_amount") - pl.col("charged_amount"))
    based = told.with_columns(
        missing_amount_base=money.amount(pl.col("missing_amount"), pl.col("order_rate")),
        planned_amount_base=money.amount(pl.col("planned_amount"), pl.col("order_rate")),
    )
    return described(based, "planned_charge", accepted).select(schema("planned_charge").keys()).sort(*_ORDER, "charge_code", nulls_last=False)


def _order_lines(found: ThreeWay, rows: pl.DataFrame | None) -> pl.DataFrame:
    """Live order lines of the orders that charges name, or with a planned charge where there are none: plan, worth in company currency."""
    live = chosen(found.orders, pl.col("exclusion_reason").is_null(), "row", "place")
    raw = found.raw.orders
    said = ("cycle", "company_code", "order_number", "order_line_no", "planned_charge_amount", "charge_code", "is_final_invoice")
    if rows is None:
        plans = raw.taken(live["place"], "planned_charge_amount").to_series().is_not_null()
        live = live.filter(plans)
    told = pl.concat(
        [live, raw.taken(live["place"], *said, "party_id", "order_date", "line_amount_net", "source_file", "source_row")], how="horizontal"
    )
    if rows is not None:
        told = told.join(rows.select(_ORDER).unique(), on=_ORDER, how="semi")
    unit = found.units.select(pl.col("ordered_quantity", "order_unit_price", "order_rate", "currency").gather(told["row"]))
    worth = pl.coalesce("line_amount_net", money.amount(pl.col("ordered_quantity"), pl.col("order_unit_price")))
    full = pl.concat([told, unit], how="horizontal")
    return full.lazy().with_columns(amount_base=money.amount(worth, pl.col("order_rate"))).collect()


def _plans(orders: pl.DataFrame, found: ThreeWay) -> pl.DataFrame:
    """By order and code (plan_code, empty for none): planned_amount, expected_to_date_amount, final flag, first order line."""
    planned = orders.filter(
        pl.col("planned_charge_amount").is_not_null() & (pl.col("planned_charge_amount") > 0) | pl.col("charge_code").is_not_null()
    )
    billed = billed_by_unit(found, planned["row"]).select("net_billed")
    told = pl.concat([planned, billed], how="horizontal").with_columns(
        plan_code=pl.col("charge_code").fill_null(""), planned_charge_amount=pl.col("planned_charge_amount").fill_null(_NONE)
    )
    summed = told.sort("row").group_by(_CODE, maintain_order=True).agg(
        pl.col("party_id", "order_date", "currency", "order_rate", "source_file", "source_row").first(),
        order_line_no=pl.when(pl.len() == 1).then(pl.col("order_line_no").first()),
        planned_amount=pl.col("planned_charge_amount").sum(),
        _ordered=pl.col("ordered_quantity").sum(),
        planned_billed_quantity=pl.col("net_billed").sum(),
        is_final_invoice=pl.when(found.raw.orders.says("is_final_invoice")).then(pl.col("is_final_invoice").fill_null(value=False).all()),
    )  # fmt: skip
    due = money.ratio(pl.col("planned_amount"), pl.col("planned_billed_quantity"), pl.col("_ordered"), 6)
    return summed.with_columns(expected_to_date_amount=pl.when(pl.col("_ordered") > ZERO).then(due).otherwise("planned_amount")).drop("_ordered")


def _with_plan(rows: pl.DataFrame, plans: pl.DataFrame) -> pl.DataFrame:
    """Charges with the plan they belong to: plan_code, planned_amount, planned_billed_quantity, expected_to_date_amount."""
    own = plans.select(*_CODE, has_own=pl.lit(value=True))
    coded = rows.with_columns(plan_code=pl.col("charge_code").fill_null("")).join(own, on=_CODE, how="left", validate="m:1")
    uncoded = plans.filter(pl.col("plan_code") == "").select(*_ORDER, has_uncoded=pl.lit(value=True))
    placed = coded.join(uncoded, on=_ORDER, how="left", validate="m:1").with_columns(
        plan_code=pl.when(pl.col("has_own").is_null() & pl.col("has_uncoded")).then(pl.lit("")).otherwise("plan_code")
    )
    figures = plans.select(*_CODE, "planned_amount", "planned_billed_quantity", "expected_to_date_amount")
    return placed.join(figures, on=_CODE, how="left", validate="m:1").drop("has_own", "has_uncoded")
