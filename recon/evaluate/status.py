"""match_status of order lines and invoice lines: the worst of the verdicts, of what is still open, and of what was measured.

Beside it how far order lines are served, billed and paid, and how far bills may be billed: other questions, for a line may match and be
half delivered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.completeness import completeness
from recon.domain.workpapers import INVOICE_LINES, MATCH_STATUSES, ORDER_LINES
from recon.evaluate.judging import EXCEPTION, Judged
from recon.evaluate.settings import limit_set_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.domain.control import Control

_CODES: Final = {status: code for code, status in enumerate(MATCH_STATUSES)}
_ORDER_KEY: Final = ("cycle", "company_code", "order_number", "order_line_no")
#: Steps of the bridge that no rounding convention explains.
_BEYOND_ROUNDING: Final = ("quantity_variance", "price_variance", "fx_variance", "charge_variance", "excess_quantity", "tax_rate_variance")
_VARIANCES: Final = ("quantity_variance", "price_variance", "fx_variance", "rounding_variance", "tax_variance", "charge_variance")
_LAYERS: Final = ("fulfilled_not_invoiced", "invoiced_not_fulfilled")
#: How far an order line is served, billed and paid: what is, and what it is held against. Paid money is held against what was billed with tax.
_AXES: Final = {
    "fulfilled_quantity_status": ("fulfilled_quantity", "ordered_quantity"),
    "invoiced_quantity_status": ("invoiced_quantity", "ordered_quantity"),
    "fulfilled_amount_status": ("fulfilled_amount", "ordered_amount"),
    "invoiced_amount_status": ("invoiced_amount", "ordered_amount"),
    "paid_amount_status": ("paid_amount", "billed_gross_amount"),
}
#: How much of what an invoice line bills may be billed, in quantity and at the order's price.
_BILL_AXES: Final = {
    "billable_quantity_status": ("billable_quantity", "invoiced_quantity"),
    "expected_amount_status": ("expected_amount", "invoiced_amount"),
}
#: The columns that are made here.
_MADE: Final = ("match_status", *_AXES)
_BILL_MADE: Final = ("match_status", *_BILL_AXES, "limits_set_by")
#: Why a document line does not count, in the words of matching, when its own reversal is the reason.
NETTED_REASON: Final = "netted"
#: Tables and columns that the statuses need beyond what controls ask for.
NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "order_line_match": (*(name for name in ORDER_LINES if name not in _MADE), "billed_gross_amount", "is_live", "exclusion_reason", "match_level"),
    "invoice_line_match": (
        *(name for name in INVOICE_LINES if name not in _BILL_MADE), "is_live", "exclusion_reason", "match_level", "invoice_kind", "line_kind", "needs_fulfilment", "is_comparable",
        "has_order_link", "tail_convention", "tax_rate_variance", "fulfilment_number", "fulfilled_quantity", "excess_quantity",
    ),
    "open_layer": (*_ORDER_KEY, "kind"),
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """Rows of one population in the columns that the statuses need, and the status its controls' exceptions give to each."""

    rows: pl.DataFrame
    own: pl.Series  # status codes; null where no control speaks


def standing(judged: Judged, controls: Sequence[Control]) -> Standing:
    """What is kept of a judged population."""
    rows = judged.rows.select(*NEEDED[judged.table], limits_set_by=_limits_set_by(judged, controls))
    return Standing(rows, _spoken(judged, controls))


def _limits_set_by(judged: Judged, controls: Sequence[Control]) -> pl.Expr:
    """The overrides that hold for each row under the controls of its table, "control, parameter: id; …"; null where there are none."""
    said = {control.id: limit_set_by(control, judged.readers[control.id].settings) for control in controls if _has_overrides(control, judged)}
    if not said:
        return pl.lit(None, dtype=pl.String)
    told = pl.concat_str([pl.format(f"{name}, {{}}", by) for name, by in said.items()], separator="; ", ignore_nulls=True)
    return pl.when(told != "").then(told)


def _has_overrides(control: Control, judged: Judged) -> bool:
    return any(setting.said_by is not None for setting in judged.readers[control.id].settings.values())


def lines(standings: Mapping[str, Standing]) -> dict[str, pl.DataFrame]:
    """Order lines and invoice lines in the columns of the results, each with its status, in the order of their measured tables."""
    orders, invoices, layers = (standings[table] for table in NEEDED)
    waiting = orders.rows.filter(orders.own == _CODES["overdue"]).select(*_ORDER_KEY, overdue=True).unique()
    invoice_status = _invoice_status(invoices, waiting)
    worst = _worst_by_order(invoices.rows, invoice_status, layers)
    order_status = _order_status(orders.rows, orders.own, worst)
    served = orders.rows.with_columns(**{name: completeness(*sides) for name, sides in _AXES.items()})
    covered = invoices.rows.with_columns(**{name: completeness(*sides) for name, sides in _BILL_AXES.items()})
    return {
        "order_lines": _finished(served, order_status, ORDER_LINES),
        "invoice_lines": _finished(covered, invoice_status, INVOICE_LINES),
    }


def spoken_elsewhere(
    orders: pl.LazyFrame, invoices: pl.LazyFrame, exceptions: pl.DataFrame, controls: Sequence[Control]
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The lines with the statuses that exceptions of controls over other populations than `NEEDED` give to what they name."""
    words = {c.id: c.match_status for c in controls if c.match_status in {"exception", "overdue"} and c.population.table not in NEEDED}
    named = exceptions.filter(pl.col("control_id").is_in(list(words)))
    if named.is_empty():
        return orders, invoices
    code = pl.col("control_id").replace_strict({control: _CODES[word] for control, word in words.items()}, return_dtype=pl.UInt8)
    on_lines = {"invoice_number": "document_number", "invoice_line_no": "document_line_no"}
    on_invoices = named.select("cycle", "company_code", "party_id", code=code, **on_lines)
    return _worse(orders, named.select(*_ORDER_KEY, code=code)), _worse(invoices, on_invoices)


def _worse(lines: pl.LazyFrame, named: pl.DataFrame) -> pl.LazyFrame:
    """The lines with the worst status by which they are named, where theirs is not worse already; only the lines named are looked up."""
    key = [name for name in named.columns if name != "code"]
    worst = named.drop_nulls().group_by(key).agg(pl.col("code").min())
    placed = lines.select(*key, "match_status").with_row_index("place")
    met = placed.join(worst.lazy(), on=key, validate="m:1").select("place", "match_status", "code").collect(engine="streaming")
    own = pl.col("match_status").replace_strict(_CODES, return_dtype=pl.UInt8)
    changed = met.filter(own > pl.col("code")).sort("place")
    if changed.is_empty():
        return lines
    words = changed["code"].cast(pl.Int64).replace_strict({code: word for word, code in _CODES.items()}, return_dtype=pl.String)
    statuses = lines.select("match_status").collect().to_series().scatter(changed["place"], words)
    columns = lines.collect_schema().names()
    return pl.concat([lines.drop("match_status"), statuses.to_frame().lazy()], how="horizontal").select(columns)


def _spoken(judged: Judged, controls: Sequence[Control]) -> pl.Series:
    """The worst status that a control's exception gives to each row of its population; null where none speaks."""
    found = pl.Series("own", [None], dtype=pl.UInt8).new_from_index(0, judged.rows.height)
    for control in controls:
        if control.match_status != "none":
            code = _CODES[control.match_status]
            spoken = judged.verdicts[control.id] == EXCEPTION
            worse = spoken & (found.is_null() | (found > code))
            found = found.set(worse, code) if worse.any() else found
    return found


def _invoice_status(invoices: Standing, waiting: pl.DataFrame) -> pl.Series:
    """Status codes of invoice lines, aligned with their rows."""
    rows = invoices.rows.with_columns(own=invoices.own)
    if waiting.height:
        rows = rows.join(waiting, on=list(_ORDER_KEY), how="left", validate="m:1", maintain_order="left")
    else:
        rows = rows.with_columns(overdue=pl.lit(None, dtype=pl.Boolean))
    is_item = pl.col("line_kind").fill_null("item").is_in(["item", "service"]) & ~pl.col("invoice_kind").fill_null("invoice").is_in(["prepayment"])
    nothing_came = pl.col("needs_fulfilment") & (pl.col("fulfilled_quantity") == 0) & (pl.col("excess_quantity") > 0)
    unlinked = ~pl.col("has_order_link").fill_null(value=False) & pl.col("fulfilment_number").is_null()
    incomparable = pl.col("has_order_link") & ~pl.col("is_comparable") & pl.col("price_variance").is_null()
    differs = pl.any_horizontal(pl.col(*_VARIANCES, "excess_quantity").fill_null(0) != 0)
    status = (
        pl.when(~pl.col("is_live"))
        .then(_excluded())
        .when(pl.col("own").is_not_null())
        .then("own")
        .when(pl.col("link_certainty").is_in(["ambiguous", "suggested"]))
        .then(pl.when(pl.col("link_certainty") == "ambiguous").then(_CODES["ambiguous"]).otherwise(_CODES["suggested"]))
        .when((pl.col("match_level") == "none") | ~is_item)
        .then(_CODES["not_required"])
        .when(pl.col("order_line_set").str.starts_with("not_decided"))
        .then(_CODES["not_decided"])
        .when(unlinked | incomparable)
        .then(_CODES["not_decided"])
        .when(nothing_came & pl.col("overdue").fill_null(value=False))
        .then(_CODES["overdue"])
        .when(nothing_came)
        .then(_CODES["in_flight"])
        .when(differs & pl.col("tail_convention").is_not_null() & pl.all_horizontal(pl.col(*_BEYOND_ROUNDING).fill_null(0) == 0))
        .then(_CODES["explained_tail"])
        .when(differs)
        .then(_CODES["within_tolerance"])
        .otherwise(_CODES["exact"])
    )
    return rows.lazy().select(status.cast(pl.UInt8).alias("status")).collect().to_series()


def _worst_by_order(invoices: pl.DataFrame, status: pl.Series, layers: Standing) -> pl.DataFrame:
    """The worst status among invoice lines and open layers of each order line that has one worse than exact."""
    exact = _CODES["exact"]
    lines_of = invoices.lazy().select(*_ORDER_KEY, status=status).filter((pl.col("status") < exact) & pl.col("order_number").is_not_null())
    spoken = pl.col("own").fill_null(_CODES["in_flight"])
    layers_of = (
        layers.rows.lazy()
        .with_columns(own=layers.own)
        .filter(
            pl.col("order_number").is_not_null() & ((pl.col("kind") == _LAYERS[0]) | (pl.col("own").is_not_null() & pl.col("kind").is_in(_LAYERS)))
        )
        .select(*_ORDER_KEY, status=spoken.cast(pl.UInt8))
    )
    return pl.concat([lines_of, layers_of]).group_by(_ORDER_KEY).agg(worst=pl.col("status").min()).collect()


def _order_status(rows: pl.DataFrame, own: pl.Series, worst: pl.DataFrame) -> pl.Series:
    """Status codes of order lines, aligned with their rows."""
    joined = rows.lazy().with_columns(own=own).join(worst.lazy(), on=list(_ORDER_KEY), how="left", validate="m:1", maintain_order="left")
    worst_of_all = pl.min_horizontal("own", "worst").fill_null(_CODES["exact"])
    status = (
        pl.when(~pl.col("is_live"))
        .then(_excluded())
        .when((pl.col("match_level") == "none") & (worst_of_all > _CODES["exception"]))
        .then(_CODES["not_required"])
        .otherwise(worst_of_all)
    )
    return joined.select(status.cast(pl.UInt8).alias("status")).collect().to_series()


def _excluded() -> pl.Expr:
    netted = pl.col("exclusion_reason").str.starts_with(NETTED_REASON).fill_null(value=False)
    return pl.when(netted).then(_CODES["netted"]).otherwise(_CODES["excluded"])


def _finished(rows: pl.DataFrame, status: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
    words = status.cast(pl.UInt32).replace_strict(list(_CODES.values()), list(_CODES), return_dtype=pl.String).alias("match_status")
    return rows.with_columns(words).select(columns)
