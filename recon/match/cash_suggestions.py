"""Cash that fits nothing: the open invoices it may have been meant for, each with what keeps the two apart. Never booked. Bucket-local.

Looked for in turn, so that the work grows with the number of payments and not with the pairs: an invoice of the payer's group whose number a word
of the payment misses by one slip; the group's open invoices next above and below the amount; one in another currency of exactly the figure. Other parties are not
looked at: their invoices may lie in another bucket, and the answer must not depend on how many buckets there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from recon.match import likeness
from recon.match.numbers import normalised
from recon.match.payments import PAID_AHEAD

if TYPE_CHECKING:
    from recon.match.settlement import Cash

_PLACE: Final = ["cycle", "company_code"]
_GROUP: Final = [*_PLACE, "group_id", "currency"]
#: So many invoices are named.
_SHOWN_COUNT: Final = 3
_SHORTEST_WORD: Final = 5
#: A figure that more open invoices have than this tells none of them from the others.
_MOST_ALIKE: Final = 20
#: What is told of a candidate: the payment, the invoice, how good it is (lower is better), and why it was not paid, in both languages.
_TOLD: Final = {"payment_id": pl.UInt32(), "invoice_id": pl.UInt32(), "rank": pl.Int32(), "why": pl.String(), "why_zh": pl.String()}
_SLIPS_ZH: Final = {
    "look-alike characters": "形近字符", "one character lost or added": "多或少一个字符", "two characters swapped": "两个字符颠倒",
    "one character changed": "一个字符不同",
}  # fmt: skip


def nearest_invoices(cash: Cash) -> pl.DataFrame:
    """payment_id, nearest_invoices and nearest_invoices_zh: up to three candidates in words, the best first; "none" where nothing is open.

    Of receipts and payments of which something stays on account though nobody paid ahead, gave it back or left several answers.
    """
    invoices = cash.final.open().filter(pl.col("room") > 0).sort("day", "number", "invoice_id")
    waiting = _waiting(cash)
    found = pl.concat([_by_slip(waiting, cash, invoices), _beside(waiting, invoices), _in_other_currency(waiting, invoices)])
    best = found.sort("payment_id", "rank", "invoice_id").unique(["payment_id", "invoice_id"], keep="first", maintain_order=True)
    named = best.join(cash.final.invoices.select("invoice_id", "number"), on="invoice_id", how="left", validate="m:1", maintain_order="left")
    words = {
        column: pl.format("{} ({})", "number", why).head(_SHOWN_COUNT).str.join("; ")
        for column, why in (("nearest_invoices", "why"), ("nearest_invoices_zh", "why_zh"))
    }
    told = named.group_by("payment_id", maintain_order=True).agg(**words)
    empty = {"nearest_invoices": pl.col("nearest_invoices").fill_null("none"), "nearest_invoices_zh": pl.col("nearest_invoices_zh").fill_null("无")}
    return waiting.select("payment_id").join(told, on="payment_id", how="left", validate="1:1").with_columns(**empty)


def _waiting(cash: Cash) -> pl.DataFrame:
    """Payments that want an invoice: the account, group_id, words, day, number and what is left of them."""
    unsure = pl.col("certainty") != "none"
    kept = cash.on_account.filter(~unsure & ~pl.col("is_returned") & (pl.col("left") > 0))
    meant = kept.filter(~pl.col("payment_kind").is_in(PAID_AHEAD).fill_null(value=False)).select("payment_id")
    return cash.final.payments.join(meant, on="payment_id", how="semi")


def _by_slip(waiting: pl.DataFrame, cash: Cash, invoices: pl.DataFrame) -> pl.DataFrame:
    """Open invoices whose number a word of the payment misses by one slip; a word that names any invoice of the group is no slip."""
    group = _GROUP[:3]
    words = waiting.select("payment_id", *group, word=pl.col("words").str.normalize("NFKC").str.extract_all(r"[^\s,;，；、:：()]+")).explode("word")
    words = words.filter((pl.col("word").str.len_chars() >= _SHORTEST_WORD) & pl.col("word").str.contains(r"\d")).with_columns(
        key=normalised(pl.col("word"))
    )
    on_file = cash.final.invoices.select(*group, "number").unique().with_columns(key=normalised(pl.col("number")))
    lost = words.join(on_file, on=[*group, "key"], how="anti")
    party = {"group_id": "party_key"}
    like = likeness.likely_numbers(lost.rename({**party, "word": "number"}), invoices.select(*group, "number").rename(party))
    met = lost.join(like.rename({"party_key": "group_id", "number": "word", "like": "number"}), on=[*group, "word"], how="inner")
    pairs = met.join(invoices.select(*group, "number", "invoice_id"), on=[*group, "number"], how="inner")
    slip = pl.col("slip")
    zh = slip.replace_strict(_SLIPS_ZH, return_dtype=pl.String)
    return _told(pairs, 0, pl.format("{} names it but for {}", "word", slip), pl.format("附言 {} 与其仅差：{}", "word", zh))


def _beside(waiting: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """The group's open invoices next below and above what is left, of the payment's currency."""
    paid = waiting.drop_nulls(_GROUP).select(*_GROUP, "payment_id", "left", paid_day="day").sort("left", "payment_id")
    due = invoices.select(*_GROUP, "invoice_id", "room", "day").sort("room", "day", "invoice_id")
    below = _next(paid, due.unique([*_GROUP, "room"], keep="last", maintain_order=True), "backward")
    above = _next(paid, due.unique([*_GROUP, "room"], keep="first", maintain_order=True), "forward")
    pairs = pl.concat([below, above]).unique(["payment_id", "invoice_id"], keep="first", maintain_order=True)
    gap = pl.col("room") - pl.col("left")
    nearer = gap.abs().rank("ordinal").over("payment_id").cast(pl.Int32)
    later = (pl.col("day") > pl.col("paid_day")).fill_null(value=False)
    same = gap == 0
    more, less = _plain(gap), _plain(-gap)
    room = _plain(pl.col("room"))
    why = (
        pl.when(same & later).then(pl.format("exactly this amount, but dated {}", pl.col("day").cast(pl.String)))
        .when(same).then(pl.format("exactly this amount, and not the only one"))
        .when(gap > 0).then(pl.format("{} open, {} more than is left", room, more))
        .otherwise(pl.format("{} open, {} less than is left", room, less))
    )  # fmt: skip
    why_zh = (
        pl.when(same & later).then(pl.format("金额相同，但日期为 {}", pl.col("day").cast(pl.String)))
        .when(same).then(pl.lit("金额相同，但不止一张"))
        .when(gap > 0).then(pl.format("未清 {}，比余款多 {}", room, more))
        .otherwise(pl.format("未清 {}，比余款少 {}", room, less))
    )  # fmt: skip
    return _told(pairs.with_columns(nearer=nearer), 10 + pl.col("nearer"), why, why_zh)


def _next(paid: pl.DataFrame, due: pl.DataFrame, way: Literal["backward", "forward"]) -> pl.DataFrame:
    met = paid.join_asof(due, left_on="left", right_on="room", by=_GROUP, strategy=way, check_sortedness=False)
    return met.filter(pl.col("invoice_id").is_not_null())


def _in_other_currency(waiting: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """Open invoices of the group in another currency of exactly the figure that is left."""
    group = _GROUP[:3]
    rare = invoices.filter(pl.len().over(*group, "room") <= _MOST_ALIKE)
    pairs = waiting.select(*group, "payment_id", "left", "currency").join(
        rare.select(*group, "invoice_id", left="room", owed="currency"), on=[*group, "left"], how="inner"
    ).filter(pl.col("owed") != pl.col("currency"))  # fmt: skip
    return _told(pairs, 5, pl.format("the same figure in {}", "owed"), pl.format("金额数字相同，但币种为 {}", "owed"))


def _told(pairs: pl.DataFrame, rank: int | pl.Expr, why: pl.Expr, why_zh: pl.Expr) -> pl.DataFrame:
    place = rank if isinstance(rank, pl.Expr) else pl.lit(rank)
    return pairs.select("payment_id", "invoice_id", rank=place.cast(pl.Int32), why=why, why_zh=why_zh).cast(_TOLD)  # type: ignore[arg-type]


def _plain(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
