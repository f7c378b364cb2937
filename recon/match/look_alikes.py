"""Suppliers whose names are like that of a far larger one. Whole: the other one stands anywhere in the master."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import for_everybody
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.money import MONEY, RATE, amount, product
from recon.match.given import is_given, table, with_fx_rate
from recon.match.numbers import compacted
from recon.match.party_masters import shaped_parties
from recon.match.party_names import alike_pairs, bare_name
from recon.match.payment_manners import live_payments

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Names less alike than so many hundredths are not alike: a lower limit of the control finds no more.
LEAST_LIKE: Final = 80
#: Pairs of names that are measured in one piece, and may all be alike.
_PAIRS_AT_ONCE: Final = 2_000_000


def look_alike(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`look_alike`, sorted: one row per active supplier, beside the one whose name is most like its own among those that are far larger.

    Far larger: its own volume is at most the share of PTY-10 of the other's, or nobody can tell. Volume: live bills without tax dated within the window of PTY-10 up to the as-of date, null where a rate is not known. Records of one group, and
    records with the same tax number and the same account, are no look-alikes; `name_similarity` is 0 where nothing is like it, and null without a name.
    """
    if not is_given(accepted, PROCURE_TO_PAY.party_table):
        return shaped_parties("look_alike", [], accepted, engagement)
    rows = table(accepted, PROCURE_TO_PAY.party_table).filter(pl.col("is_active").fill_null(value=True)).join(
        _volumes(accepted, engagement), on="party_id", how="left", validate="m:1"
    ).with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name), bare=bare_name(pl.col("party_name")), tax=compacted(pl.col("tax_id")), account=compacted(pl.col("bank_account")),
        volume_amount_base=pl.when(pl.col("has_bills").is_null()).then(pl.lit(0, dtype=MONEY)).otherwise("volume_amount_base"),
    ).collect()  # fmt: skip
    best = _far_larger(rows, engagement)
    told = rows.join(
        best.select("party_id", "other_party_id", "other_name", "other_volume_amount_base", "likeness"),
        on="party_id",
        how="left",
        validate="1:1",
    ).with_columns(
        name_similarity=pl.when(pl.col("bare").is_not_null()).then(pl.coalesce("likeness", pl.lit(0, dtype=RATE))),
        other_volume_amount_base=pl.when(pl.col("other_party_id").is_null()).then(pl.lit(0, dtype=MONEY)).otherwise("other_volume_amount_base"),
    )
    paid = _paid(accepted, engagement)
    return shaped_parties("look_alike", [told.lazy().join(paid, on="party_id", how="left", validate="1:1").drop("has_bills")], accepted, engagement)


def _far_larger(rows: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """Of each party, by party_id, the party with the most similar name among those that are far larger or may be; its columns `other_…`, and `likeness`.

    In pieces of parties of like volume, each only beside those that can be far larger than its smallest: a chain's thousand shops have names that
    are all alike, and none is far larger than another.
    """
    text = for_everybody(engagement, "volume_ratio_share")
    share = pl.lit(text if text not in {"not_checked", "unlimited"} else "1").cast(RATE)
    others = rows.select(
        other="bare", other_party_id="party_id", other_name="party_name", other_group="group_id", other_tax="tax", other_account="account",
        other_volume_amount_base="volume_amount_base",
    ).filter(pl.col("other").is_not_null() & (pl.col("other_volume_amount_base") > 0).fill_null(value=True))  # fmt: skip
    largest = product(pl.col("other_volume_amount_base"), share, scale=20)
    named = rows.select("party_id", "bare", "group_id", "tax", "account", "volume_amount_base").filter(pl.col("bare").is_not_null())
    named = named.sort("volume_amount_base", "party_id", nulls_last=True)
    at_once = max(_PAIRS_AT_ONCE // max(others.height, 1), 1)
    known = named.filter(pl.col("volume_amount_base").is_not_null())
    pieces = [frame for part in (known, named[known.height :]) for frame in part.iter_slices(at_once)]
    found = []
    for piece in pieces:
        smallest = pl.lit(piece["volume_amount_base"].min(), dtype=MONEY).cast(pl.Decimal(38, 20))
        found.append(_most_alike(piece, others.filter((smallest <= largest).fill_null(value=True)), largest))
    return pl.concat(found) if found else _most_alike(named, others, largest)


def _most_alike(named: pl.DataFrame, others: pl.DataFrame, largest: pl.Expr) -> pl.DataFrame:
    """Of each named party the most similar one of the others that is far larger: surely before perhaps, then by likeness, volume and id."""
    alike = alike_pairs(named["bare"], others["other"], LEAST_LIKE)
    met = named.join(alike, left_on="bare", right_on="one", how="inner").join(others, on="other", how="inner")
    same_group = (pl.col("group_id") == pl.col("other_group")).fill_null(value=False)
    parted = (pl.col("tax") != pl.col("other_tax")) | (pl.col("account") != pl.col("other_account"))
    strange = met.filter((pl.col("party_id") != pl.col("other_party_id")) & ~same_group & parted.fill_null(value=True))
    is_far_larger = (pl.col("other_volume_amount_base") > 0) & (pl.col("volume_amount_base").cast(pl.Decimal(38, 20)) <= largest)
    ranked = strange.with_columns(is_larger=is_far_larger).filter(pl.col("is_larger").fill_null(value=True)).sort(
        "party_id", pl.col("is_larger").is_null(), "likeness", "other_volume_amount_base", "other_party_id",
        descending=[False, False, True, True, False], nulls_last=True,
    )  # fmt: skip
    return ranked.unique("party_id", keep="first", maintain_order=True)


def _volumes(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """party_id, volume_amount_base, has_bills of the window."""
    text = for_everybody(engagement, "volume_window_days")
    lines = table(accepted, PROCURE_TO_PAY.invoice_table).filter(
        ~pl.col("is_cancelled").fill_null(value=False) & (pl.col("invoice_date") <= engagement.as_of)
    )
    if text not in {"not_checked", "unlimited"}:
        lines = lines.filter(pl.col("invoice_date") > engagement.as_of - timedelta(days=int(text)))
    slim = lines.select("line_amount_net", "currency", "fx_rate", "invoice_date", party_id="supplier_id")
    rated = with_fx_rate(slim, "invoice_date", accepted, engagement).with_columns(base=amount(pl.col("line_amount_net"), pl.col("fx_rate")))
    known = pl.when(pl.col("base").null_count() == 0).then(pl.col("base").sum())
    return rated.group_by("party_id").agg(volume_amount_base=known).with_columns(has_bills=pl.lit(value=True))


def _paid(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """party_id, paid_amount_base: live payments to the supplier; null where a rate is not known."""
    paid = live_payments(accepted, engagement)
    return paid.group_by("party_id").agg(paid_amount_base=pl.when(pl.col("amount_base").null_count() == 0).then(pl.col("amount_base").sum()))
