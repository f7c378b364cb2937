"""The files of `results/`: which table, which columns, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from recon.domain import input_totals, measures, tie_out, volumes
from recon.domain import workpapers as declared
from recon.domain.publication import TableFile
from recon.domain.rule_versions import COLUMNS, rule_versions
from recon.report import creep

if TYPE_CHECKING:
    from recon.domain.workpapers import Workpapers

#: Which order an exception speaks about, also where its document names none itself.
EXCEPTION_ORDERS: Final = ("exception_id", "cycle", "company_code", "order_number")
_ORDER_KEY: Final = ("cycle", "company_code", "order_number", "order_line_no")
_INVOICE_KEY: Final = ("cycle", "company_code", "party_id", "invoice_number", "invoice_line_no")
_FULFILMENT_KEY: Final = ("cycle", "company_code", "fulfilment_number", "fulfilment_line_no")
_EXCEPTION_KEY: Final = ("control_id", "company_code", "document_type", "document_number", "document_line_no", "exception_id")


def tables(workpapers: Workpapers, layers: pl.DataFrame) -> dict[str, TableFile]:
    """Path -> table of everything under results/. `layers` are the workpapers' open layers, in memory."""
    outcomes, register = workpapers.outcomes, workpapers.register
    exceptions, places = register.exceptions.lazy(), placed(workpapers.tie_out)
    untested = tuple(outcomes.not_testable.columns)
    answered_for = {}
    if register.suppressed is not None and register.suppressions is not None:
        hidden = (*declared.REGISTER, "suppression")
        answered_for = {
            "results/suppressed.csv": _file(register.suppressed.lazy(), hidden, _EXCEPTION_KEY),
            "results/suppressed.parquet": _file(register.suppressed.lazy(), hidden, _EXCEPTION_KEY, "parquet"),
            "results/suppressions.csv": _file(register.suppressions.lazy(), declared.SUPPRESSIONS, ("suppression",)),
        }
    followed = {}
    if workpapers.traces is not None and workpapers.parties is not None:
        events, parties = tuple(measures.schema("order_event")), tuple(measures.schema("party_record"))
        places_of_events = workpapers.traces.events.lazy().with_row_index("place")
        followed = {
            "results/exception_orders.parquet": _file(workpapers.traces.links.lazy(), EXCEPTION_ORDERS, EXCEPTION_ORDERS, "parquet"),
            "results/order_events.parquet": _file(places_of_events, events, (*events[:3], "place"), "parquet"),
            "results/party_records.csv": _file(workpapers.parties.lazy(), parties, ("cycle", "party_id")),
        }
    if workpapers.roll_forward is not None:
        rolled = tuple(measures.schema("roll_forward"))
        followed["results/roll_forward.csv"] = _file(workpapers.roll_forward.lazy(), rolled, (*rolled[:4], "currency"))
    if workpapers.accruals is not None and workpapers.accruals.height:
        entries = tuple(measures.schema("accrual_entry"))
        followed["results/accruals.csv"] = _file(workpapers.accruals.lazy(), entries, (*entries[1:3], "entry_date", *entries[7:11], "entry_kind"))
    if workpapers.landed_costs is not None and workpapers.landed_costs.height:
        parts = tuple(measures.schema("landed_cost"))
        key = ("company_code", "party_id", "document_number", "document_line_no", "fulfilment_number", "fulfilment_line_no")
        followed["results/landed_costs.csv"] = _file(workpapers.landed_costs.lazy(), parts, key)
    return (
        answered_for
        | followed
        | _for_later_runs(workpapers)
        | _about_inputs(workpapers)
        | {
            "results/exceptions.csv": _file(exceptions, declared.REGISTER, _EXCEPTION_KEY),
            "results/exceptions.parquet": _file(exceptions, declared.REGISTER, _EXCEPTION_KEY, "parquet"),
            "results/controls.csv": _file(outcomes.controls.lazy(), declared.CONTROLS, ("control_id",)),
            "results/not_testable.parquet": _file(outcomes.not_testable.lazy(), untested, untested, "parquet"),
            "results/order_lines.parquet": _file(outcomes.order_lines, declared.ORDER_LINES, _ORDER_KEY, "parquet"),
            "results/invoice_lines.parquet": _file(outcomes.invoice_lines, declared.INVOICE_LINES, _INVOICE_KEY, "parquet"),
            "results/creep.csv": _file(creep.creep(outcomes.invoice_lines), creep.COLUMNS, creep.KEY),
            "results/allocations.parquet": _file(workpapers.allocations, declared.ALLOCATIONS, declared.ALLOCATIONS[:8], "parquet"),
            "results/settlements.parquet": _file(workpapers.settlements, declared.SETTLEMENTS, declared.SETTLEMENTS[:5], "parquet"),
            "results/balances.csv": _file(layers.lazy(), declared.BALANCES, declared.BALANCES[:8]),
            "results/balances.parquet": _file(layers.lazy(), declared.BALANCES, declared.BALANCES[:8], "parquet"),
            "results/rejected_rows.csv": _file(workpapers.rejected.lazy(), declared.REJECTED, declared.REJECTED[:5]),
            "results/rule_versions.csv": _file(_versions(workpapers), COLUMNS, ("control_id",)),
            "results/statements.csv": _file(workpapers.statements.lazy(), declared.STATEMENTS, ("table", "rule")),
            "results/changes.csv": _file(register.changes.lazy(), declared.CHANGES, ("change", *_EXCEPTION_KEY)),
            "results/tie_out.csv": _file(places.lazy(), tuple(tie_out.SCHEMA), ("place", "table")),
        }
    )


def _for_later_runs(workpapers: Workpapers) -> dict[str, TableFile]:
    """What a later run is compared with, beside order lines, invoice lines and settlements."""
    kept = {}
    if workpapers.fulfilments is not None:
        kept["results/fulfilment_lines.parquet"] = _file(workpapers.fulfilments, declared.FULFILMENT_LINES, _FULFILMENT_KEY, "parquet")
    if workpapers.volumes is not None:
        kept["results/volumes.csv"] = _file(workpapers.volumes.lazy(), tuple(volumes.SCHEMA), ("as_of", "table"))
    if workpapers.series is not None:
        series = tuple(measures.schema("number_series"))
        kept["results/number_series.csv"] = _file(workpapers.series.lazy(), series, series[:4])
    return kept


def _about_inputs(workpapers: Workpapers) -> dict[str, TableFile]:
    """What the sheets of an evidence pack say about each input: sums and spans of its columns, and the ledger beside the open items."""
    told = {}
    if workpapers.input_totals is not None:
        told["results/input_totals.csv"] = _file(workpapers.input_totals.lazy(), tuple(input_totals.SCHEMA), input_totals.KEY)
    if workpapers.ledger_ties is not None and workpapers.ledger_ties.height:
        ties = declared.LEDGER_TIES
        told["results/ledger_ties.csv"] = _file(workpapers.ledger_ties.lazy(), ties, ties[:4])
    return told


def _file(frame: pl.LazyFrame, columns: tuple[str, ...], key: tuple[str, ...], form: Literal["csv", "parquet"] = "csv") -> TableFile:
    return TableFile(frame, columns, key, form)


def _versions(workpapers: Workpapers) -> pl.LazyFrame:
    """Fingerprints of the rules that this run went by: approved, they are the baseline of later runs."""
    return pl.LazyFrame(rule_versions(workpapers.controls, workpapers.engagement), schema=dict.fromkeys(COLUMNS, pl.String))


def placed(rows: pl.DataFrame) -> pl.DataFrame:
    """The tie-out in the order of the journey."""
    return rows.with_columns(place=pl.col("doorway").replace_strict({d: i for i, d in enumerate(tie_out.DOORWAYS)}, default=9, return_dtype=pl.Int64))
