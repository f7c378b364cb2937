"""Orders, those that exceptions speak about first, each with its timeline: in the page as far as there is room, the others on pages beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from markupsafe import Markup

from recon.domain.engagement import SEVERITIES
from recon.report.blocks import Shown, packed, shown
from recon.report.bridge_words import HOW_FAR
from recon.report.phrases import COMPLETENESS
from recon.report.vocabulary import CYCLES, DOCUMENTS, EVENTS, MATCH_STATUSES
from recon.report.vocabulary import SEVERITIES as SEVERITIES_SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.domain.workpapers import Workpapers
    from recon.report.words import Words

_KEY: Final = ("cycle", "company_code", "order_number")
#: Events inside the main page, on each page beside it, and on all of them; what is beyond is in results/order_events.parquet.
_INSIDE_MOST: Final = 12_000
_PAGE_MOST: Final = 25_000
_ALL_MOST: Final = 250_000
_PLAIN_MOST: Final = 12
_FIGURES: Final = ("ordered_amount", "fulfilled_amount", "invoiced_amount", "paid_amount")
_QUANTITIES: Final = ("ordered_quantity", "fulfilled_quantity", "accepted_quantity", "invoiced_quantity")


@dataclass(frozen=True)
class Orders:
    """The traced orders, the heaviest first, with `order` (their key in links) and `page` (0: in the main page; null: only in results/)."""

    rows: pl.DataFrame
    events: pl.DataFrame
    lines: pl.DataFrame

    @property
    def pages(self) -> int:
        """How many pages stand beside the main one."""
        return int(self.rows.select(pl.col("page").max().fill_null(0)).item()) if self.rows.height else 0

    def on(self, page: int) -> Orders:
        """The orders of one page."""
        rows = self.rows.filter(pl.col("page") == page)
        keys = rows.select("order")
        return Orders(
            rows,
            self.events.join(keys, on="order", how="semi", maintain_order="left"),
            self.lines.join(keys, on="order", how="semi", maintain_order="left"),
        )


def orders_of(workpapers: Workpapers) -> Orders | None:
    """The orders of a run's traces; None where nothing was traced."""
    traces = workpapers.traces
    if traces is None:
        return None
    rank = pl.col("severity").replace_strict({s: i for i, s in enumerate(SEVERITIES)}, default=len(SEVERITIES), return_dtype=pl.Int64)
    found = (
        traces.links.join(workpapers.register.exceptions.select("exception_id", "severity", "amount_at_risk_base", "party_name"), on="exception_id")
        .group_by(_KEY)
        .agg(
            pl.len().cast(pl.Int64).alias("exceptions"),
            pl.col("amount_at_risk_base").max(),
            rank.min().alias("rank"),
            pl.col("party_name").drop_nulls().min(),
        )
    )
    found = pl.concat([found, _without_exceptions(workpapers, traces.events, found)], how="diagonal_relaxed")
    lines = workpapers.outcomes.order_lines.join(found.lazy().select(_KEY), on=list(_KEY), how="semi").collect()
    ordered = found.join(_summed(lines), on=list(_KEY), how="left", validate="1:1").join(
        _counted(traces.events), on=list(_KEY), how="left", validate="1:1"
    )
    severity = pl.col("rank").replace_strict(dict(enumerate(SEVERITIES)), default=None, return_dtype=pl.String)
    rows = ordered.with_columns(_key(), worst=severity, events=pl.col("events").fill_null(0)).sort(
        "rank", "amount_at_risk_base", "order", descending=[False, True, False], nulls_last=True
    )
    keyed_lines = lines.with_columns(_key()).sort("order", "order_line_no")
    return Orders(rows.with_columns(page=_page()), traces.events.with_columns(_key()), keyed_lines)


def _without_exceptions(workpapers: Workpapers, events: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Orders that were followed though no exception speaks about them."""
    followed = events.lazy().select(_KEY).unique()
    theirs = workpapers.outcomes.order_lines.select(*_KEY, "party_id")
    parties = workpapers.parties
    named = pl.LazyFrame(schema={"cycle": pl.String, "party_id": pl.String, "party_name": pl.String}) if parties is None else parties.lazy()
    others = theirs.join(followed, on=list(_KEY), how="semi").join(found.lazy(), on=list(_KEY), how="anti")
    told = others.join(
        named.select("cycle", "party_id", "party_name").unique(["cycle", "party_id"], keep="any"), on=["cycle", "party_id"], how="left"
    )
    return (
        told.group_by(_KEY)
        .agg(
            pl.lit(0, dtype=pl.Int64).alias("exceptions"),
            pl.lit(len(SEVERITIES), dtype=pl.Int64).alias("rank"),
            pl.col("party_name").drop_nulls().min(),
        )
        .collect()
    )


def inside(orders: Orders | None, words: Words, time_zone: str, folder: str) -> dict[str, Any]:
    """What the page itself holds: its orders as a grid, their events and lines as blocks."""
    if orders is None or orders.rows.is_empty():
        return {"orders_count": 0}
    first = orders.on(0)
    elsewhere = orders.rows.filter(pl.col("page") > 0).height
    return {
        "orders_count": orders.rows.height,
        "orders_concerned": orders.rows.filter(pl.col("exceptions") > 0).height,
        "orders_shown": first.rows.height,
        "orders_elsewhere": elsewhere,
        "orders_pages": [f"{folder}/{page:04}.html" for page in range(1, orders.pages + 1)],
        "orders_beyond": orders.rows.filter(pl.col("page").is_null()).height,
        "orders_plain": first.rows.head(_PLAIN_MOST).to_dicts(),
        **blocks(first, words, time_zone),
    }


def pages(orders: Orders | None) -> Iterator[tuple[int, Orders]]:
    """The pages beside the main one."""
    if orders is not None:
        for page in range(1, orders.pages + 1):
            yield page, orders.on(page)


def places_of(orders: Orders | None, exceptions: pl.DataFrame, workpapers: Workpapers, folder: str) -> pl.DataFrame:
    """Exceptions with `order` and `page`: where their order's timeline stands (an empty text: in this page)."""
    if orders is None or workpapers.traces is None:
        return exceptions.with_columns(order=pl.lit(None, pl.String), page=pl.lit(None, pl.String))
    links = workpapers.traces.links.select("exception_id", _key()).join(orders.rows.select("order", "page"), on="order")
    page = (
        pl.when(pl.col("page") > 0)
        .then(pl.format(f"{folder}/{{}}.html", pl.col("page").cast(pl.String).str.zfill(4)))
        .when(pl.col("page") == 0)
        .then(pl.lit(""))
    )
    return exceptions.join(links.with_columns(page=page), on="exception_id", how="left", validate="m:1", maintain_order="left")


def blocks(orders: Orders, words: Words, time_zone: str) -> dict[str, Any]:
    """The three embedded tables of some orders: orders, events, lines."""
    events = orders.events.with_columns(event_time=pl.col("event_at").dt.convert_time_zone(time_zone).dt.strftime("%H:%M"))
    return {
        "orders_block": Markup(packed(orders.rows, _order_columns(words), words)),  # noqa: S704 - base64
        "events_block": Markup(packed(events, _event_columns(words), words)),  # noqa: S704
        "lines_block": Markup(packed(orders.lines, _line_columns(words), words)),  # noqa: S704
    }


def _key() -> pl.Expr:
    """How links call an order: cycle/company/number, slashes inside a part doubled."""
    return pl.concat_str([pl.col(name).fill_null("").str.replace_all("/", "//", literal=True) for name in _KEY], separator="/").alias("order")


def _summed(lines: pl.DataFrame) -> pl.DataFrame:
    """An order's lines added up in its currency; nothing where its lines have several. The status is the gravest of its lines."""
    status = pl.col("match_status").replace_strict({word: i for i, word in enumerate(MATCH_STATUSES)}, default=None, return_dtype=pl.Int64).min()
    one = pl.col("currency").n_unique() == 1
    return lines.group_by(_KEY).agg(
        pl.col("party_id").min(),
        pl.when(one).then(pl.col("currency").min()).alias("currency"),
        *(pl.when(one).then(pl.col(name).sum()).alias(name) for name in _FIGURES),
        status.replace_strict(dict(enumerate(MATCH_STATUSES)), default=None, return_dtype=pl.String).alias("match_status"),
    )


def _counted(events: pl.DataFrame) -> pl.DataFrame:
    return events.group_by(_KEY).agg(events=pl.len().cast(pl.Int64), order_date=pl.col("event_date").filter(pl.col("event") == "ordered").min())


def _page() -> pl.Expr:
    """Pages filled in the order of the rows."""
    so_far = pl.col("events").cum_sum()
    beyond = so_far - _INSIDE_MOST - 1
    return pl.when(so_far <= _INSIDE_MOST).then(0).when(so_far <= _ALL_MOST).then(1 + beyond // _PAGE_MOST).cast(pl.Int64)


def _order_columns(words: Words) -> list[Shown]:
    return [
        shown("worst", words, width=104, choice=True, codes=SEVERITIES_SHOWN, toned=True),
        shown("order_number", words, width=126),
        shown("party_name", words, width=-1),
        shown("order_date", words, width=146),
        shown("match_status", words, width=130, choice=True, codes=MATCH_STATUSES),
        *(shown(name, words, width=122, digits=2) for name in _FIGURES),
        shown("currency", words, width=64),
        shown("exceptions", words, width=84),
        shown("amount_at_risk_base", words, width=120, digits=2, span=True),
        shown("cycle", words, choice=True, codes=CYCLES),
        shown("company_code", words, choice=True),
        *(shown(name, words) for name in ("party_id", "order")),
    ]


def _event_columns(words: Words) -> list[Shown]:
    rest = ("line_count", "quantity", "uom", "currency", "actor_id", "on_behalf_of", "detail", "source_file", "source_row")
    return [
        shown("order", words, choice=True),
        shown("event", words, codes=EVENTS),
        *(shown(name, words) for name in ("event_date", "event_time")),
        shown("document_type", words, codes=DOCUMENTS),
        shown("document_number", words),
        shown("amount", words, digits=2),
        *(shown(name, words) for name in rest),
    ]


def _line_columns(words: Words) -> list[Shown]:
    texts = ("order_line_no", "item_id", "currency", "source_file", "source_row")
    return [
        shown("order", words, choice=True),
        *(shown(name, words) for name in texts),
        *(shown(name, words) for name in _QUANTITIES),
        *(shown(name, words, digits=2) for name in _FIGURES),
        shown("match_status", words, codes=MATCH_STATUSES),
        *(shown(name, words, codes=COMPLETENESS) for name in HOW_FAR),
    ]
