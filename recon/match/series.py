"""The numbers that the company gives its own documents: gaps in series that are declared gap-free, numbers used twice. Whole.

A series is what the company and the kind of document share before and behind the last run of digits of a number: another year in the prefix
is another series. Numbers count as used whether or not the document was cancelled; what comes after the last number is not tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, ORDER_TO_CASH
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.domain.scopes import resolve
from recon.match.given import is_given, shaped, table
from recon.match.numbers import normalised

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_POLICY: Final = "number_series"
_SHARED: Final = "gap_free_shared"
_EVERY_COMPANY: Final = "*"
#: what stands before the last run of digits, the run, what stands behind it
_PARTS: Final = r"^(.*?)([0-9]{1,18})([^0-9]*)$"
_SERIES: Final = ["document_type", "series_company", "prefix", "suffix"]


@dataclass(frozen=True)
class _Numbered:
    """One kind of document that the company numbers itself."""

    cycle: Cycle
    document_type: str
    table: str
    number: str
    day: str
    dead: str | None  # flag of rows that do not count as live
    amount: tuple[str, ...]


def _kinds() -> list[_Numbered]:
    kinds = []
    for c in CYCLES:
        sells = c is ORDER_TO_CASH
        kinds += [
            _Numbered(c, c.order_type, c.order_table, f"{c.order}_number", f"{c.order}_date", "is_cancelled", ()),
            _Numbered(c, c.fulfilment_type, c.fulfilment_table, f"{c.fulfilment}_number", f"{c.fulfilment}_date", "is_cancelled", ()),
            _Numbered(c, c.payment_type, c.payment_table, f"{c.payment}_number", c.payment_date, None if sells else "is_voided", ("amount",)),
        ]
        if sells:  # a supplier's invoice bears the supplier's number
            kinds.append(
                _Numbered(
                    c, c.invoice_type, c.invoice_table, "invoice_number", "invoice_date", "is_cancelled", ("line_amount_gross", "line_amount_net")
                )
            )
    return kinds


def number_tables(accepted: Accepted, engagement: Engagement) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """`number_repeat`, and `number_gap` where a series is declared gap-free; with the numbers that each looked at."""
    repeats, looked_at = number_repeat(accepted)
    tables, covers = {"number_repeat": repeats}, {"number_repeat": looked_at}
    used = _declared(accepted, engagement)
    if used is not None:
        tables["number_gap"], covers["number_gap"] = _gaps(used), used.height
    return tables, covers


def _declared(accepted: Accepted, engagement: Engagement) -> pl.DataFrame | None:
    """Numbers of the series that a policy declares gap-free, in their parts; None where nothing is declared."""
    rules = [rule for rule in engagement.policy_rules() if _POLICY in rule.settings]
    named = {rule.where.get("document_type") for rule in rules}
    kinds = [k for k in _kinds() if is_given(accepted, k.table) and (None in named or k.document_type in named)]
    if not rules or not kinds:
        return None
    frames = [
        table(accepted, k.table)
        .group_by("company_code", number=k.number)
        .agg(pl.col("created_by", "source_file").min(), pl.col("source_row").min(), day=pl.col(k.day).min())
        .with_columns(cycle=pl.lit(k.cycle.name), document_type=pl.lit(k.document_type))
        for k in kinds
    ]
    scoped = resolve(pl.concat(frames), rules, {_POLICY: "open"}).filter(pl.col(_POLICY) != "open")
    part = pl.col("number").str.normalize("NFKC")
    company = pl.when(pl.col(_POLICY) == _SHARED).then(pl.lit(_EVERY_COMPANY)).otherwise("company_code")
    return (
        scoped.with_columns(
            series_company=company,
            prefix=part.str.extract(_PARTS, 1),
            count=part.str.extract(_PARTS, 2).cast(pl.Int64),
            suffix=part.str.extract(_PARTS, 3),
            digits=part.str.extract(_PARTS, 2).str.len_chars(),
        )
        .filter(pl.col("count").is_not_null())
        .collect()
    )


def _gaps(used: pl.DataFrame) -> pl.LazyFrame:
    """One row per range of numbers that no document bears, between two that do."""
    ordered = used.sort(*_SERIES, "count", "number", "company_code")
    before = {name: pl.col(name).shift(1).over(_SERIES) for name in ("count", "number", "day", "created_by")}
    beside = ordered.with_columns(**{f"before_{name}": shifted for name, shifted in before.items()})
    gaps = beside.filter(pl.col("count") - pl.col("before_count") > 1)
    told = gaps.with_columns(
        series_key=pl.concat_str("document_type", "series_company", "prefix", "suffix", separator="|"),
        number_from=_spelt(pl.col("before_count") + 1),
        number_to=_spelt(pl.col("count") - 1),
        missing_count=pl.col("count") - pl.col("before_count") - 1,
        after_number="number",
        after_date="day",
        after_created_by="created_by",
        before_date="before_day",
        **{name: pl.lit(None, dtype=pl.String) for name in ("party_id", "party_name", "currency")},
    )
    return told.lazy().select(schema("number_gap").keys()).sort("series_key", "after_number", "company_code")


def _spelt(count: pl.Expr) -> pl.Expr:
    padded = count.cast(pl.String).str.zfill(pl.col("digits"))
    return pl.concat_str("prefix", padded, "suffix")


def number_repeat(accepted: Accepted) -> tuple[pl.LazyFrame, int]:
    """(`number_repeat`, numbers looked at): each live document of our own whose number another one bears, spelt so or otherwise.

    Versions of one order are one document. Two documents of one number that agree in party and spelling are told apart by nothing
    that an extract holds; they surface as contradicting rows (DAT-14).
    """
    found, looked_at = [], 0
    for kind in (k for k in _kinds() if is_given(accepted, k.table)):
        live = table(accepted, kind.table)
        if kind.dead is not None:
            live = live.filter(~pl.col(kind.dead).fill_null(value=False))
        once = live.select("company_code", number=kind.number, party_id=kind.cycle.party).unique().collect()
        looked_at += once.height
        numbered = once.with_columns(normal=normalised(pl.col("number"))).drop_nulls("normal")
        several = numbered.filter(pl.struct("company_code", "normal").is_duplicated())
        if several.height:
            found.append(_described(several, live, kind))
    empty = pl.DataFrame(schema=schema("number_repeat"))
    rows = pl.concat([empty, *(shaped(part, schema("number_repeat")) for part in found)])
    return rows.lazy().sort("document_type", "company_code", "document_number", "party_id"), looked_at


def _described(several: pl.DataFrame, live: pl.LazyFrame, kind: _Numbered) -> pl.DataFrame:
    key = ["company_code", "number", "party_id"]
    worth = pl.coalesce(*kind.amount) if kind.amount else pl.lit(0, dtype=MONEY)
    rate = pl.col("fx_rate").fill_null(1) if kind.amount else pl.lit(1)
    lines = live.rename({kind.number: "number", kind.cycle.party: "party_id"}).join(several.lazy(), on=key, how="semi")
    documents = lines.group_by(key).agg(
        pl.col("created_by", "source_file").min(),
        pl.col("source_row").min(),
        currency=pl.col("currency").min() if kind.amount else pl.lit(None, dtype=pl.String),
        document_date=pl.col(kind.day).min(),
        amount_base=money.amount(worth, rate.cast(money.RATE)).sum(),
    ).collect()  # fmt: skip
    known = documents.join(several, on=key, how="left", validate="1:1").sort("company_code", "normal", "document_date", "number", "party_id")
    same = ["company_code", "normal"]
    later = known.with_columns(
        other_number=pl.col("number").first().over(same),
        other_party_id=pl.col("party_id").first().over(same),
        other_date=pl.col("document_date").first().over(same),
        smaller_amount_base=pl.min_horizontal(pl.col("amount_base"), pl.col("amount_base").first().over(same)),
        place=pl.int_range(pl.len()).over(same),
    )
    return later.filter(pl.col("place") > 0).with_columns(
        cycle=pl.lit(kind.cycle.name), document_type=pl.lit(kind.document_type), document_number="number", party_name=pl.lit(None, dtype=pl.String)
    )
