"""Bills that name nothing and fit exactly one open order line: booked where the policy `unreferenced_bill` says so, else suggested.

What must agree: party (or group), currency, item where both name one, net amount, quantity and unit where the bill states them; the order not later than the bill nor
older than the window. No second open order line may be worth as much within a share, and no other bill may fit the same line (MIS-16 holds both limits).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money, scopes
from recon.domain.allowances import with_limits
from recon.domain.engagement import POLICIES
from recon.match.dense import IN_ORDER, aligned
from recon.match.links import PASS
from recon.match.naming import CERTAINTY

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement

POLICY: Final = "unreferenced_bill"
_PARTY: Final = ["cycle", "company_code", "party_key", "currency"]
_SHARE: Final = "second_candidate_share"
_DAYS: Final = "unreferenced_window_days"
#: Passes that name one order line by what the bill itself says of it. Totals of deliveries, days and sets are suggestions in every case.
_PASSES: Final = ("contents", "party and amount")
_UNLIMITED: Final = ("not_checked", "unlimited")
REASON: Final = "nothing is named; the only open order line of this party, item, quantity and amount"


def is_asked(engagement: Engagement) -> bool:
    """Whether any bill that names nothing may be booked."""
    return any(rule.settings.get(POLICY, "suggest") != "suggest" for rule in engagement.policy_rules())


def bookable(marks: pl.DataFrame, lost: pl.DataFrame, held: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """`row` of the marks whose one candidate may be booked. `lost`: bills that name nothing, with party_id; `held`: open order lines of their parties."""
    only = (
        (pl.col("candidate_count") == 1)
        & (pl.col("link_certainty") == "suggested")
        & pl.col("link_pass").is_in(pl.Series(_PASSES, dtype=PASS).implode())
    )
    near = marks.filter(only).select("row", "link_pass", unit=pl.col("candidates").list.first()).join(lost, on="row", how="inner", validate="1:1")
    rules = engagement.policy_rules()
    governed = scopes.resolve(near.lazy(), rules, {POLICY: POLICIES[POLICY][0]}).filter(pl.col(POLICY) == "book")
    limited = with_limits(governed, engagement, _SHARE, _DAYS).collect(engine=IN_ORDER)
    if limited.is_empty():
        return limited.select("row", "unit")
    told = limited.join(held.select("unit", "order_number", "order_date", "of_quantity", "of_uom"), on="unit", how="inner", validate="m:1")
    days = pl.when(~pl.col(_DAYS).is_in(_UNLIMITED)).then(pl.col(_DAYS)).cast(pl.Int64)
    age = (pl.col("invoice_date") - pl.col("order_date")).dt.total_days()
    same = pl.col("quantity").is_null() | ((pl.col("quantity") == pl.col("of_quantity")) & (pl.col("uom") == pl.col("of_uom")))
    agreeing = told.filter((days.is_null() | (age <= days)) & same.fill_null(value=False))
    others = held.select(*_PARTY, "of_item", other="unit", worth="amount", other_date="order_date", other_order="order_number")
    pairs = agreeing.join(others, on=_PARTY, how="inner").filter(
        (pl.col("other") != pl.col("unit"))
        & ((pl.col("link_pass") != "contents") | (pl.col("other_order") != pl.col("order_number")))  # lines of that order have bills of their own
        & (pl.col("other_date") <= pl.col("invoice_date"))
        & (pl.col("item_id") == pl.col("of_item")).fill_null(value=True)
    )
    share = pl.when(~pl.col(_SHARE).is_in(_UNLIMITED)).then(pl.col(_SHARE)).otherwise(pl.lit("0")).cast(money.RATE)
    apart, room = (pl.col("worth") - pl.col("amount")).abs(), money.product(pl.col("amount").abs(), share)
    second = pairs.filter(apart <= room)
    return agreeing.join(second.select("row").unique(), on="row", how="anti").select("row", "unit").sort("row")


def booked(invoices: pl.DataFrame, links: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """The invoice lines, those of `links` (row, unit) on their order line, with the pass that found it."""
    said = links.join(marks.select("row", found_by="link_pass"), on="row", how="left", validate="1:1")
    new = aligned(said.rename({"unit": "found_row"}), "row", invoices.height)
    is_new = pl.col("found_row").is_not_null()
    both = pl.concat([invoices, new], how="horizontal").with_columns(
        order_row=pl.coalesce("order_row", "found_row"),
        link_pass=pl.coalesce("found_by", "link_pass"),
        link_certainty=pl.when(is_new).then(pl.lit("unique", dtype=CERTAINTY)).otherwise("link_certainty"),
        link_reason=pl.when(is_new).then(pl.lit(REASON)).otherwise("link_reason"),
    )
    return both.drop("found_row", "found_by")
