"""What passes between the rooms, and the workpapers: all that a report can see. Frozen values, one per doorway."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from recon.domain.cycles import CYCLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.domain.framework import Framework


def in_memory(_name: str, rows: pl.DataFrame) -> pl.LazyFrame:
    """The simplest way to keep a table between rooms; rooms take any function like it: a name used once, rows in, their plan out."""
    return rows.lazy()


def fresh_key(told: Mapping[str, Any] | None = None) -> str:
    """The key by which masked editions name exceptions about persons: that of an earlier run which told it, else a new one."""
    return (told or {}).get("alias_key") or secrets.token_hex(32)


@dataclass(frozen=True)
class InputFile:
    """A file as it was found, fingerprinted before it was read. `name` is relative to the engagement file."""

    name: str
    input: str  # name of the extract it belongs to
    sha256: str
    size_bytes: int
    rows: int
    encoding: str  # utf-8, gb18030, … or parquet, excel
    repeats: str | None = None  # the file of the same input whose content this one says again; its rows are set aside


@dataclass(frozen=True)
class Extract:
    """One input as the ERP gave it: text columns (Parquet keeps its exact types), `source_file`, `source_row`."""

    name: str
    frame: pl.LazyFrame
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Extracts:
    """All inputs of a run."""

    inputs: Mapping[str, Extract]
    files: tuple[InputFile, ...]
    tie_out: pl.DataFrame
    earlier: Mapping[str, Any] | None = None  # manifest of the earlier run given as history


@dataclass(frozen=True)
class Documents:
    """Canonical tables, each with the full schema of `documents.schema`; `supplied` names the columns a source really gave."""

    tables: Mapping[str, pl.LazyFrame]
    supplied: Mapping[str, frozenset[str]]
    rejected: pl.DataFrame  # REJECTED and REJECTED_ABOUT columns
    tie_out: pl.DataFrame
    ignored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # input -> columns the profile leaves unmapped

    def let_go(self, table: str) -> None:
        """Give the rows of a table out of hand, so that they are not held twice: who took them over keeps them from now on."""
        if isinstance(self.tables, dict):
            del self.tables[table]

    def without_rows(self, *kept: str) -> Documents:
        """What is known about the documents, their rows let go but those of the tables named: the next room has its own."""
        return replace(self, tables={name: frame for name, frame in self.tables.items() if name in kept})


@dataclass(frozen=True)
class CompanyFacts:
    """What is true of all documents together and cannot be seen in one bucket of them."""

    approved_types: pl.DataFrame  # company_code, document_type of all approval events up to the as-of date
    said: frozenset[str]  # of the columns that matter: those in which some document says something, under neutral names
    confirmed_since: pl.DataFrame  # cycle, company_code, feed_begins: day of the first delivery that a customer confirmed


@dataclass(frozen=True)
class EarlierRun:
    """What an earlier published run knew, as far as this one is compared with it. None: it was published by a recon that did not keep it."""

    as_of: date
    period_from: date
    lines: pl.LazyFrame | None  # known_lines.SCHEMA
    roll_forward: pl.DataFrame | None  # measured columns of roll_forward
    volumes: pl.DataFrame | None  # volumes.SCHEMA, of itself and of the runs before it
    series: pl.DataFrame | None  # measured columns of number_series


@dataclass(frozen=True)
class Accepted:
    """Documents fit to be audited, and what validation states about them."""

    documents: Documents
    facts: Mapping[str, pl.LazyFrame]  # measured tables found while validating: repeated_row, conflicting_key
    row_counts: Mapping[str, int]  # accepted rows per canonical table
    statements: pl.DataFrame  # STATEMENTS columns: results of rules/expectations
    rejected: pl.DataFrame  # REJECTED columns, those of conform included
    tie_out: pl.DataFrame
    covers: Mapping[str, int] = field(default_factory=dict)  # fact -> rows looked at, those set aside included
    company: CompanyFacts | None = None  # set where these documents are one bucket of a company's
    earlier: EarlierRun | None = None  # the run given as history
    input_totals: pl.DataFrame | None = None  # input_totals.SCHEMA, before rows were set aside here
    respelled: pl.DataFrame | None = None  # ids and numbers brought to those on file, and why (match/known_by.RESPELLED)

    @cached_property
    def parties(self) -> pl.DataFrame:
        """What the masters call the suppliers and customers: cycle, party_id, party_name, group_id. Many measured tables ask for it."""
        import polars as pl

        given = [(cycle, self.documents.tables[cycle.party_table]) for cycle in CYCLES if cycle.party_table in self.documents.tables]
        kinds = {"party_id": pl.String(), "party_name": pl.String(), "group_id": pl.String(), "cycle": pl.String()}
        named = [master.select("party_id", "party_name", "group_id", cycle=pl.lit(cycle.name)) for cycle, master in given]
        return pl.concat([pl.LazyFrame(schema=kinds), *named]).unique(["cycle", "party_id"], keep="any", maintain_order=True).collect()

    def without_rows(self, *kept: str) -> Accepted:
        """What validation states, the documents' rows let go but those of the tables named."""
        return replace(self, documents=self.documents.without_rows(*kept))


@dataclass(frozen=True)
class Matches:
    """Measured tables of `measures.MEASURES`, and for those of COVERED_ELSEWHERE how many rows were looked at."""

    tables: Mapping[str, pl.LazyFrame]
    covers: Mapping[str, int]
    tie_out: pl.DataFrame


@dataclass(frozen=True)
class Outcomes:
    """What the controls found; order and invoice lines with their match status."""

    exceptions: pl.DataFrame  # EXCEPTIONS columns; first_seen is filled by record
    not_testable: pl.DataFrame  # control_id, document_type, document_number, document_line_no, order_number, order_line_no, reason, amount_base
    controls: pl.DataFrame  # CONTROLS columns
    order_lines: pl.LazyFrame
    invoice_lines: pl.LazyFrame


@dataclass(frozen=True)
class Register:
    """Exceptions with their memory and final severity, and what changed since the run given as history."""

    exceptions: pl.DataFrame  # REGISTER columns; suppressed ones stand apart
    changes: pl.DataFrame  # CHANGES columns; empty without history
    previous_summary: Mapping[str, Any] | None = None
    suppressed: pl.DataFrame | None = None  # REGISTER columns and `suppression`: found, and answered for
    suppressions: pl.DataFrame | None = None  # SUPPRESSIONS columns, one row per record of the engagement


@dataclass(frozen=True)
class Traces:
    """What happened to the orders that exceptions speak about."""

    events: pl.DataFrame  # measured columns of order_event, in the order in which they happened
    links: pl.DataFrame  # exception_id, cycle, company_code, order_number


@dataclass(frozen=True)
class Workpapers:
    """Everything one run produced. The report and the exit code are made from this and nothing else."""

    engagement: Engagement
    controls: tuple[Control, ...]
    files: tuple[InputFile, ...]
    fingerprints: Mapping[str, str]  # rule, profile and engagement files -> sha256
    tie_out: pl.DataFrame
    rejected: pl.DataFrame
    statements: pl.DataFrame
    outcomes: Outcomes
    register: Register
    allocations: pl.LazyFrame
    settlements: pl.LazyFrame
    balances: pl.LazyFrame
    row_counts: Mapping[str, int]
    ignored: Mapping[str, tuple[str, ...]]
    seconds: Mapping[str, float]  # time per room; shown in the log, never under results/
    traces: Traces | None = None  # nothing where nobody asked for them
    parties: pl.DataFrame | None = None  # measured columns of party_record
    roll_forward: pl.DataFrame | None = None  # measured columns of roll_forward, of the whole company
    accruals: pl.DataFrame | None = None  # measured columns of accrual_entry
    landed_costs: pl.DataFrame | None = None  # measured columns of landed_cost
    fulfilments: pl.LazyFrame | None = None  # FULFILMENT_LINES columns
    volumes: pl.DataFrame | None = None  # volumes.SCHEMA: of this run, and of those before it
    series: pl.DataFrame | None = None  # measured columns of number_series
    input_totals: pl.DataFrame | None = None  # input_totals.SCHEMA
    ledger_ties: pl.DataFrame | None = None  # LEDGER_TIES columns
    frameworks: tuple[Framework, ...] = ()
    planned: tuple[str, ...] = ()  # ids of controls of the catalogue that this version does not perform
    alias_key: str = field(default_factory=fresh_key)  # by which masked editions name exceptions about persons
    shelf: object = None  # holds what the plans read for as long as the workpapers are needed


def _columns(words: str) -> tuple[str, ...]:
    return tuple(words.split())


EXCEPTIONS: Final = _columns(
    "exception_id control_id severity cycle company_code party_id party_name document_type document_number document_line_no order_number"
    " order_line_no item_id document_date observed expected variance limit amount_at_risk currency amount_at_risk_base age_days message"
    " cause_exception_id certainty first_seen source_file source_row message_zh limit_set_by"
)
REGISTER: Final = (*EXCEPTIONS, "base_severity", "severity_reason")
SUPPRESSIONS: Final = _columns("suppression control_id scope owner approver reason approved_on expires state exceptions amount_at_risk_base")
CONTROLS: Final = _columns(
    "control_id title severity status population exceptions not_testable amount_at_risk_base reason title_zh reason_zh population_amount_base"
    " not_testable_amount_base"
)
CONTROL_STATUSES: Final = ("clean", "exceptions", "nothing_to_test", "not_performed", "error")
ORDER_LINES: Final = _columns(
    "cycle company_code order_number order_line_no party_id item_id currency ordered_quantity fulfilled_quantity accepted_quantity"
    " invoiced_quantity ordered_amount fulfilled_amount invoiced_amount paid_amount fulfilled_not_invoiced_quantity"
    " fulfilled_not_invoiced_amount invoiced_not_fulfilled_quantity invoiced_not_fulfilled_amount source_file source_row match_status"
    " fulfilled_quantity_status invoiced_quantity_status fulfilled_amount_status invoiced_amount_status paid_amount_status"
    " order_date ordered_amount_base"
)
FULFILMENT_LINES: Final = _columns(
    "cycle company_code fulfilment_number fulfilment_line_no party_id order_number order_line_no item_id fulfilment_date posting_date quantity"
    " amount_base exclusion_reason source_file source_row"
)
INVOICE_LINES: Final = _columns(
    "cycle company_code party_id invoice_number invoice_line_no order_number order_line_no link_pass link_certainty link_reason invoiced_quantity"
    " billable_quantity expected_amount invoiced_amount quantity_variance price_variance fx_variance rounding_variance tax_variance"
    " charge_variance source_file source_row match_status price_factor_variance price_unit_variance price_retroactive_variance"
    " price_discount_variance price_remainder_variance invoice_date posting_date invoiced_amount_base currency"
    " billable_quantity_status expected_amount_status paid_amount_status order_line_set limits_set_by"
)
ALLOCATIONS: Final = _columns(
    "cycle company_code order_number order_line_no fulfilment_number fulfilment_line_no invoice_number invoice_line_no quantity amount"
)
SETTLEMENTS: Final = _columns(
    "cycle company_code party_id payment_number invoice_number amount discount write_off pass certainty currency payment_date"
)
BALANCES: Final = _columns(
    "cycle kind company_code party_id order_number order_line_no document_number document_line_no document_date quantity amount currency"
    " amount_base age_days age_bucket party_name source_file source_row"
)
LEDGER_TIES: Final = _columns("company_code account_role account currency as_of_date balance sub_ledger difference source_file source_row")
REJECTED: Final = _columns("table source_file source_row column rule value message")
#: Whom and what a rejected cell is about, as far as its row could be read; travels beside REJECTED, for controls.
REJECTED_ABOUT: Final = _columns("company_code document_number document_line_no party_id")
STATEMENTS: Final = _columns("table rule severity holds observed expected message message_zh")
CHANGES: Final = _columns(
    "change exception_id control_id severity company_code document_type document_number document_line_no order_number order_line_no"
    " amount_at_risk_base first_seen closed_by"
)
MATCH_STATUSES: Final = (
    "exception", "overdue", "in_flight", "not_decided", "ambiguous", "suggested", "within_tolerance", "explained_tail", "exact",
    "netted", "not_required", "excluded",
)  # fmt: skip
