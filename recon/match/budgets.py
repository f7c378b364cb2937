"""Purchase orders against the budgets that they name, in the order in which they were approved. Whole: a budget knows no party."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import set_of
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import MONEY, RATE, amount
from recon.match.described import described
from recon.match.given import earliest_moment, local_day, table, with_fx_rate
from recon.match.orders_in_force import all_known, orders_in_force, worth

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ORDER: Final = ["company_code", "order_number"]
_BUDGET: Final = ["company_code", "budget_id", "fiscal_year"]


def budgeted_order(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`budgeted_order`, sorted: one row per live purchase order and budget that its lines name.

    An order takes from its budget on the day of its last approval, else of its entry, else its own. Orders of days after the position of the budget
    come on top of what was committed and spent then, one after the other (by day, moment and number). What stood at the approval of an earlier order is not known;
    but where the position is within the budget every earlier one was, for use only grows. `over_budget_amount`: used with this order, less the budget;
    null where that is not known.
    """
    lines = orders_in_force(accepted, PROCURE_TO_PAY, as_of=engagement.as_of).filter(pl.col("budget_code").is_not_null()).select(
        "company_code", "currency", "fx_rate", "created_at", "created_at_is_date_only", "item_group", "source_file", "source_row", order_number="po_number",
        party_id="supplier_id", order_date="po_date", budget_id="budget_code", worth=worth(),
    )  # fmt: skip
    rated = with_fx_rate(lines, "order_date", accepted, engagement).with_columns(base=amount(pl.col("worth"), pl.col("fx_rate").cast(RATE)))
    group = pl.col("item_group")
    orders = rated.sort("source_file", "source_row").group_by([*_ORDER, "budget_id"], maintain_order=True).agg(
        pl.col("party_id", "order_date", "currency", "created_at", "created_at_is_date_only", "source_file", "source_row").first(),
        amount_net=all_known("worth"), amount_net_base=all_known("base"),
        item_group=pl.when((group.min() == group.max()) & (group.null_count() == 0)).then(group.min()),
    )  # fmt: skip
    approved = _approved(accepted, engagement)
    told = orders.join(approved, on=_ORDER, how="left", validate="m:1").with_columns(
        used_date=pl.coalesce("approved_date", local_day("created_at", engagement), "order_date"),
        has_override=pl.col("has_override").fill_null(value=False), fiscal_year=pl.col("order_date").dt.strftime("%Y"),
    )  # fmt: skip
    rows = _against(told.collect(), _budgets(accepted)).with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name), document_type=pl.lit(PROCURE_TO_PAY.order_type)
    )
    made = described(rows.lazy(), "budgeted_order", accepted).select(pl.col(name).cast(kind) for name, kind in schema("budgeted_order").items())
    return made.sort(*_ORDER, "budget_id")


def _approved(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Orders with the day and moment of their last approval, and whether one of the steps that let a budget be passed was approved."""
    steps = pl.Series(set_of(engagement, "override_step_set"), dtype=pl.String).implode()
    given = table(accepted, "approval_event").filter(
        (pl.col("document_type") == PROCURE_TO_PAY.order_type) & pl.col("action").is_in(["approve", "auto_approve"])
        & (local_day("action_at", engagement) <= engagement.as_of)
    )  # fmt: skip
    at = earliest_moment(pl.col("action_at"), pl.col("action_at_is_date_only").fill_null(value=False), engagement)
    return given.select("company_code", "step", order_number="document_number", at=at, day=local_day("action_at", engagement)).group_by(_ORDER).agg(
        approved_at=pl.col("at").max(), approved_date=pl.col("day").max(), has_override=pl.col("step").is_in(steps).fill_null(value=False).any(),
    )  # fmt: skip


def _budgets(accepted: Accepted) -> pl.DataFrame:
    """Budgets by company, id and year; `position_amount` is null where what was committed or spent, or up to which day, is not told."""
    used = pl.when(pl.col("as_of_date").is_not_null()).then(pl.col("committed_amount") + pl.col("actual_amount"))
    return table(accepted, "budget_line").select(
        "company_code", "budget_id", "fiscal_year", "budget_amount", "budget_category", "cost_center", position_date="as_of_date", position_amount=used
    ).collect()  # fmt: skip


def _against(orders: pl.DataFrame, budgets: pl.DataFrame) -> pl.DataFrame:
    dated, open_ended = (budgets.filter(pl.col("fiscal_year").is_not_null() == given) for given in (True, False))
    by_year = orders.join(dated, on=_BUDGET, how="left", validate="m:1")
    rest = open_ended.drop("fiscal_year").rename(lambda name: name if name in _BUDGET else f"open_{name}")
    both = by_year.join(rest, on=_BUDGET[:2], how="left", validate="m:1")
    filled = both.with_columns(pl.coalesce(name, f"open_{name}") for name in budgets.columns if name not in _BUDGET)
    is_later = pl.col("used_date") > pl.col("position_date")
    key = ["company_code", "budget_id", "fiscal_year"]
    ordered = filled.sort(*key, "used_date", "approved_at", "order_number", nulls_last=True)
    taken = pl.when(is_later.fill_null(value=False)).then("amount_net_base")
    running = taken.fill_null(0).cum_sum().over(key, order_by=["used_date", "approved_at", "order_number"], nulls_last=True)
    is_gap = is_later.fill_null(value=False) & pl.col("amount_net_base").is_null()
    is_whole = ~(is_gap.cast(pl.Int64).cum_sum().over(key, order_by=["used_date", "approved_at", "order_number"], nulls_last=True) > 0)
    with_this = pl.when(is_later & is_whole).then(pl.col("position_amount") + running)
    over = with_this - pl.col("budget_amount")
    position_over = pl.col("position_amount") - pl.col("budget_amount")
    return ordered.with_columns(
        used_amount=with_this,
        over_budget_amount=pl.when(is_later).then(over).when(position_over <= 0).then(position_over).cast(MONEY),
        is_after_position=is_later,
    )
