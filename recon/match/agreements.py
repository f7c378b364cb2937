"""Agreed prices (price lists, contract lines) per base unit, and orders placed beside them. Bucket-local: agreements are masters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match import packs
from recon.match.dense import IN_ORDER
from recon.match.given import shaped, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_PLACE: Final = ["source_file", "source_row"]
_ORDER_KEY: Final = ["cycle", "company_code", "order_number", "order_line_no"]


def agreed_prices(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """The rows of price lists and contracts, sorted, each with `agreement` (its position), agreed_price per base unit and entered_day.

    agreed_price is null where the unit leads to no base unit; min_base_quantity is null where the row names none. entered_day is the day of
    created_at in the engagement's zone.
    """
    rows = table(accepted, "price_list_line").collect(engine=IN_ORDER)
    units = table(accepted, "item").select("item_id", "base_uom").unique("item_id", keep="any").collect()
    told = rows.join(units, on="item_id", how="left", validate="m:1", maintain_order="left").with_columns(
        base_uom=pl.coalesce("base_uom", "uom"), uom=pl.coalesce("uom", "base_uom")
    )
    led = packs.factors(told.sort("party_id", "item_id", "valid_from", *_PLACE), packs.conversions(accepted))
    per = money.product(pl.col("price_per").fill_null(1), pl.col("times"))
    in_zone = pl.col("created_at").dt.convert_time_zone(engagement.time_zone).dt.date()
    return led.with_columns(
        agreed_price=money.ratio(pl.col("unit_price_net"), pl.col("by"), per),
        min_base_quantity=money.ratio(pl.col("min_quantity"), pl.col("times"), pl.col("by")),
        entered_day=pl.when(pl.col("created_at_is_date_only")).then(pl.col("created_at").dt.date()).otherwise(in_zone),
    ).with_row_index("agreement")


def is_valid_on(day: str) -> pl.Expr:
    """Whether an agreed price was valid on that day."""
    return (pl.col("valid_from") <= pl.col(day)) & (pl.col("valid_to") >= pl.col(day)).fill_null(value=True)


def order_off_contract(orders: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live purchase order line whose item a contract in force on the order date covers, or whose item nobody knows; sorted.

    is_under_contract: the line names a contract, and not one of another supplier. contract_*: the supplier's own contract, else the one with
    the lowest price. saving_missed_base: ordered quantity at what the order costs above that price, where currency and unit are the same.
    """
    lines = orders.filter((pl.col("cycle") == PROCURE_TO_PAY.name) & pl.col("is_live") & (pl.col("ordered_quantity") > 0)).collect(engine=IN_ORDER)
    named = table(accepted, PROCURE_TO_PAY.order_table).select(*_PLACE, "contract_line_id").collect(engine=IN_ORDER)
    lines = lines.join(named, on=_PLACE, how="left", validate="m:1", maintain_order="left").with_row_index("place")
    agreed = agreed_prices(accepted, engagement).filter(
        pl.any_horizontal(pl.col("contract_id", "contract_line_id").is_not_null()) & pl.col("is_active").fill_null(value=True)
    )
    best = _best_contracts(lines, agreed)
    told = lines.join(best, on="place", how="left", validate="1:1", maintain_order="left").with_columns(
        has_contract=pl.when(pl.col("item_id").is_not_null()).then(pl.col("contract_party_id").is_not_null()),
        is_under_contract=pl.any_horizontal(pl.col("contract_id", "contract_line_id").is_not_null()) & ~_is_of_another(lines, agreed, accepted),
    )
    same = (pl.col("contract_currency") == pl.col("currency")) & (pl.col("contract_uom") == pl.col("base_uom"))
    dearer = money.amount(pl.col("ordered_quantity"), pl.col("order_unit_price") - pl.col("contract_price"))
    rows = told.filter(pl.col("has_contract").fill_null(value=True)).with_columns(
        contract_price=pl.when(same).then("contract_price"), saving_missed_base=pl.when(same).then(money.amount(dearer, pl.col("fx_rate")))
    )
    return shaped(rows, schema("order_off_contract")).sort(_ORDER_KEY).lazy()


def _best_contracts(lines: pl.DataFrame, agreed: pl.DataFrame) -> pl.DataFrame:
    offered = agreed.select(
        "item_id", "valid_from", "valid_to", contract_party_id="party_id", contract_number=pl.coalesce("contract_id", "contract_line_id"),
        contract_price="agreed_price", contract_currency="currency", contract_uom="base_uom",
    )  # fmt: skip
    asked = lines.select("place", "item_id", "order_date", "party_id").join(offered, on="item_id", how="inner").filter(is_valid_on("order_date"))
    ranked = asked.with_columns(is_other=pl.col("party_id") != pl.col("contract_party_id")).sort(
        "place", "is_other", "contract_price", "contract_party_id", "contract_number", nulls_last=True
    )
    first = ranked.unique("place", keep="first", maintain_order=True)
    return first.select("place", "contract_party_id", "contract_number", "contract_price", "contract_currency", "contract_uom")


def _is_of_another(lines: pl.DataFrame, agreed: pl.DataFrame, accepted: Accepted) -> pl.Series:
    """Whether the contract that a line names is on file, and only for parties outside the line's party group."""
    groups = table(accepted, PROCURE_TO_PAY.party_table).select("party_id", "group_id").unique("party_id", keep="any").collect()
    owned = agreed.join(groups, on="party_id", how="left", validate="m:1").select(
        "contract_id", "contract_line_id", owner=pl.coalesce("group_id", "party_id")
    )
    names = pl.concat([owned.select("owner", named=name) for name in ("contract_id", "contract_line_id")]).drop_nulls().unique()
    asked = lines.select("place", named=pl.coalesce("contract_id", "contract_line_id"), owner=pl.coalesce("group_id", "party_id"))
    known = pl.col("named").is_in(names["named"].unique().implode()).fill_null(value=False)
    own = asked.join(names, on=["named", "owner"], how="semi")["place"]
    return asked.select(known & ~pl.col("place").is_in(own.implode())).to_series()
