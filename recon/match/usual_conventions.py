"""How a party usually rounds its tax: from the net amount or out of the gross amount, remembered over all its bills of the extract. Bucket-local.

Tax that was worked out from the net amount nearly always fits out of the gross amount as well, and not the other way round; so the net amount comes first. Where CUR-04 asks for it
(`usual_convention_document_count`), the way that explains so many of a party's bills, and such a share of those that either way explains, is its usual one. It then explains
a bill that both ways fit, and a bill that only the other way fits is a deviation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import for_everybody

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement

_WHO: Final = ["cycle", "company_code", "party_id"]
_COUNT: Final = "usual_convention_document_count"
_SHARE: Final = "usual_convention_share"
_OFF: Final = ("not_checked", "unlimited")
#: What `remembered` adds; null where nobody asks.
USUAL: Final = {"usual_convention": pl.String(), "deviates_from_usual": pl.Boolean()}
#: The two ways, by the words that reports know.
FROM_NET: Final = "net × rate"
FROM_GROSS: Final = "gross × rate ÷ (1 + rate)"


def is_asked(engagement: Engagement) -> bool:
    """Whether the usual way of each party is to be found, which takes a look at every bill."""
    return for_everybody(engagement, _COUNT) not in _OFF


def remembered(told: pl.DataFrame, owners: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """Add USUAL, and take the party's usual way where both fit. `told`: conventions.of_documents; `owners`: document and its cycle, company, party."""
    share = for_everybody(engagement, _SHARE)
    least = pl.lit("0" if share in _OFF else share).cast(money.RATE)
    net, gross = (pl.col(name).is_not_null() for name in ("from_net", "from_gross"))
    both = told.join(owners, on="document", how="left", validate="1:1", maintain_order="left")
    counts = {name: fits.sum().over(_WHO).cast(money.QUANTITY) for name, fits in (("of_net", net), ("of_gross", gross), ("of_either", net | gross))}
    votes = both.with_columns(**counts)
    most = money.product(pl.col("of_either"), least)
    enough = pl.lit(for_everybody(engagement, _COUNT)).cast(money.QUANTITY)
    serves = {name: (pl.col(name) >= enough) & (pl.col(name) >= most) & (pl.col(name) > 0) for name in ("of_net", "of_gross")}
    known = votes.with_columns(usual_convention=pl.when(serves["of_net"]).then(pl.lit(FROM_NET)).when(serves["of_gross"]).then(pl.lit(FROM_GROSS)))
    is_net, is_gross = pl.col("usual_convention") == FROM_NET, pl.col("usual_convention") == FROM_GROSS
    preferred = pl.when(is_net).then("from_net").when(is_gross).then("from_gross")
    return known.with_columns(
        tax_convention=pl.when(net & gross).then(pl.coalesce("tax_convention", preferred)).otherwise("tax_convention"),
        deviates_from_usual=(is_net & gross & ~net) | (is_gross & net & ~gross),
    ).select("document", "net_convention", "tax_convention", *USUAL)


def of_party() -> dict[str, pl.Expr]:
    """For the sums of CUR-04, over the lines of a party in the period: how many bills deviate, and the words for it in both languages."""
    bill = pl.struct("invoice_number", "invoice_date", "internal_number")
    return {
        "deviating_count": bill.filter(pl.col("deviates_from_usual").fill_null(value=False)).n_unique().cast(pl.Int64),
        "usual_convention": pl.col("usual_convention").drop_nulls().first(),
    }


def notes() -> list[pl.Expr]:
    """deviation_note and deviation_note_zh: half a sentence behind the sums, empty where nothing deviates."""
    deviates, is_net, count = pl.col("deviating_count") > 0, pl.col("usual_convention") == FROM_NET, pl.col("deviating_count")
    said = pl.when(is_net).then(pl.lit("out of the gross amount, though it usually does from the net amount"))
    said_zh = pl.when(is_net).then(pl.lit("按含税额倒算税额，与其惯用的按净额计税不同"))
    words = pl.format(
        "; {} bills of it round the tax {}", count, said.otherwise(pl.lit("from the net amount, though it usually does out of the gross amount"))
    )
    words_zh = pl.format("；另有 {} 张发票{}", count, said_zh.otherwise(pl.lit("按净额计税，与其惯用的按含税额倒算税额不同")))
    return [
        pl.when(deviates).then(words).otherwise(pl.lit("")).alias("deviation_note"),
        pl.when(deviates).then(words_zh).otherwise(pl.lit("")).alias("deviation_note_zh"),
    ]
