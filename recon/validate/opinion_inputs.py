"""What the second opinion is given to read: results as they will be published, and the keys of the documents they speak about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.domain.measures import ABSENT_SUBJECTS
from recon.domain.money import MONEY
from recon.domain.subjects import described
from recon.validate.opinion_tables import DoNotFitError, in_whole_units

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted, Workpapers

_ORDER_KEY: Final = ("cycle", "company_code", "order_number", "order_line_no")
_ORDER_FLAGS: Final = ("needs_fulfilment", "is_consigned")
_INVOICE_KEY: Final = ("cycle", "company_code", "party_id", "invoice_number", "invoice_line_no")
_OPEN: Final = ("fulfilled_not_invoiced", "invoiced_not_fulfilled")
_QUANTITIES: Final = ("quantity", "invoiced_quantity", *(f"{kind}_quantity" for kind in _OPEN))
_AMOUNTS: Final = (
    "amount", "invoiced_amount", "amount_in", "amount_out", "amount_set_aside", "quantity_variance", "price_variance", "fx_variance",
    "rounding_variance", *(f"{kind}_amount" for kind in _OPEN),
)  # fmt: skip
_DOCUMENT: Final = ("document_type", "company_code", "document_number")


def tables_of(workpapers: Workpapers, accepted: Accepted) -> tuple[dict[str, pl.DataFrame], str]:
    """The tables to write, numbers as whole units; and why numbers could not be given, empty where they could.

    Where sums would not fit, every number of that kind is left out (null) and the caller asks no question about sums.
    """
    tables = _written(workpapers, accepted)
    try:
        return in_whole_units(in_whole_units(tables, _QUANTITIES), _AMOUNTS), ""
    except DoNotFitError as reason:
        numbers = {*_QUANTITIES, *_AMOUNTS}
        bare = {name: f.with_columns(pl.lit(None, dtype=pl.Int64).alias(c) for c in f.columns if c in numbers) for name, f in tables.items()}
        return bare, f"{reason} leaves 64 bits"


def _written(workpapers: Workpapers, accepted: Accepted) -> dict[str, pl.DataFrame]:
    outcomes = workpapers.outcomes
    order_columns = (*_ORDER_KEY, "match_status", "invoiced_quantity", *(f"{kind}_{what}" for kind in _OPEN for what in ("quantity", "amount")))
    variances = ("quantity_variance", "price_variance", "fx_variance", "rounding_variance")
    rejected = workpapers.rejected.filter(pl.col("source_row").is_not_null())
    plans = {
        "order_lines": outcomes.order_lines.select(order_columns),
        "invoice_lines": outcomes.invoice_lines.select(*_INVOICE_KEY, "match_status", "invoiced_amount", *variances),
        "allocations": workpapers.allocations.select(*_ORDER_KEY, "fulfilment_number", "invoice_number", "quantity"),
        "balances": workpapers.balances.select(*_ORDER_KEY, "kind", "quantity", "amount"),
        "order_inputs": _orders(accepted, workpapers.engagement),
        "invoice_inputs": _invoices(accepted),
        "documents": pl.concat([*_documents(accepted), _missing(workpapers)]).unique(),
        "exceptions": _found(workpapers).select(
            "exception_id", "control_id", *_DOCUMENT, "document_line_no", "cycle", "party_id", "order_number", "order_line_no"
        ),
        "controls": outcomes.controls.lazy().select("control_id", "status", "population", "exceptions"),
        "tie_out": workpapers.tie_out.lazy(),
        "accepted_rows": pl.LazyFrame(list(accepted.row_counts.items()), schema={"table": pl.String, "row_count": pl.Int64}, orient="row"),
        "rejected_rows": rejected.lazy().select("table", "source_file", "source_row").unique().group_by("table").agg(row_count=pl.len()),
        "status_controls": pl.LazyFrame(
            [(c.id, c.population.table) for c in workpapers.controls if c.match_status == "exception"],
            schema={"control_id": pl.String, "population": pl.String},
            orient="row",
        ),
    }
    return dict(zip(plans, pl.collect_all(plans.values()), strict=True))


def _missing(workpapers: Workpapers) -> pl.LazyFrame:
    """Documents that exceptions name because they are not there: numbers that a series leaves out."""
    ids = [c.id for c in workpapers.controls if c.population.table in ABSENT_SUBJECTS]
    return _found(workpapers).filter(pl.col("control_id").is_in(ids)).select(pl.col(name).cast(pl.String) for name in _DOCUMENT)


def _found(workpapers: Workpapers) -> pl.LazyFrame:
    """Everything that was found, what somebody answers for included."""
    register = workpapers.register
    apart = [] if register.suppressed is None else [register.suppressed.lazy().select(register.exceptions.columns)]
    return pl.concat([register.exceptions.lazy(), *apart])


def _invoices(accepted: Accepted) -> pl.LazyFrame:
    """The keys and amounts of accepted invoice lines of purchase and sales."""
    found = [
        accepted.documents.tables[c.invoice_table].select(
            "company_code", "invoice_number", "invoice_line_no", cycle=pl.lit(c.name), party_id=c.party, amount="line_amount_net"
        )
        for c in CYCLES
        if c.invoice_table in accepted.documents.tables
    ]
    return pl.concat(
        [pl.LazyFrame(schema=dict.fromkeys(_INVOICE_KEY, pl.String) | {"amount": MONEY}), *(f.select(*_INVOICE_KEY, "amount") for f in found)]
    )


def _orders(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """The keys of accepted order lines, and whether they certainly need a fulfilment before they may be billed.

    Certain is what the line itself says, or the default where nothing on the line, of its item or in the policies could change
    it; anything else is not decided here (0).
    """
    found: list[pl.LazyFrame] = []
    by_policy = any("match_level" in policy.set for policy in engagement.policies)
    for cycle in CYCLES:
        if cycle.order_table in accepted.documents.tables:
            orders = accepted.documents.tables[cycle.order_table].join(_goods(accepted), on="item_id", how="left", validate="m:1")
            usual = (
                pl.col("match_level").is_null() & (pl.col("po_type").fill_null("standard") == "standard") & pl.col("is_goods").fill_null(value=False)
            )
            certain = pl.col("match_level").is_in(["3way", "4way"]) | (usual & (not by_policy))
            key = {"order_number": f"{cycle.order}_number", "order_line_no": f"{cycle.order}_line_no"}
            flags = {"needs_fulfilment": certain.fill_null(value=False), "is_consigned": (pl.col("po_type") == "consignment").fill_null(value=False)}
            found.append(orders.select("company_code", cycle=pl.lit(cycle.name), **flags, **key))
    empty = pl.LazyFrame(schema=dict.fromkeys(_ORDER_KEY, pl.String) | dict.fromkeys(_ORDER_FLAGS, pl.Boolean))
    return pl.concat([empty, *(f.select(*_ORDER_KEY, *_ORDER_FLAGS) for f in found)])


def _goods(accepted: Accepted) -> pl.LazyFrame:
    """Items of the master that are no service, by item_id."""
    if "item" not in accepted.documents.tables:
        return pl.LazyFrame(schema={"item_id": pl.String, "is_goods": pl.Boolean})
    return accepted.documents.tables["item"].select("item_id", is_goods=~pl.col("is_service").fill_null(value=False)).unique("item_id", keep="none")


def _documents(accepted: Accepted) -> Iterator[pl.LazyFrame]:
    """The documents that an exception may speak about: accepted ones, those of set-aside rows, and those that were only approved."""
    for table, rows in accepted.documents.tables.items():
        words: Mapping[str, pl.Expr] = described(table, rows.collect_schema().names())
        yield rows.select(**{name: words[name] for name in _DOCUMENT})
        if table in {"approval_event", "document_change"}:
            yield rows.select(pl.col(name).cast(pl.String) for name in _DOCUMENT)
    for fact in accepted.facts.values():
        yield fact.select(pl.col(name).cast(pl.String) for name in _DOCUMENT)
