"""Every number by which one document names another, and whether that other document exists.

A reference resolves where the same company has a document of that number that counts (not cancelled, not draft, not after the
as-of date), spelt so or spelt otherwise (`numbers.normalised`). What a reversal, return or credit takes back need only exist: that it is
cancelled is the point. A blank reference names nothing, and neither do lines that were reversed whole, nor their reversals. A line older
than everything of the named kind in the extract cannot be judged: what it names lies before the window (`in_window` false). The invoice
that a receipt names comes after the receipt, so the first day of the period opens that window too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.domain.measures import schema
from recon.domain.money import MONEY, amount
from recon.match.counterparties import elsewhere, party_groups, strangers
from recon.match.given import is_given, table, with_fx_rate
from recon.match.numbers import normalised
from recon.match.undone import without_undone

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: References that resolve are kept as rows only if the other document is older than this, so that a control can set its look-back above it.
_OLD_DAYS: Final = 180
#: Facts of validation about rows that were set aside and left no other row of their document's line.
_SET_ASIDE: Final = ("rejected_cell", "conflicting_key")
#: Where what is named is -> the half sentence that says so, in English and Chinese.
_WHEREABOUTS: Final = {
    "absent": ("which is not on file", "不存在"),
    "set aside": ("whose row was set aside (see the rejected rows)", "对应的行已被剔除（见“被剔除的行”）"),
    "old": ("which is older than such a reference should be", "早于此类引用应有的期限"),
}
_DEAD: Final = ("cancelled", "draft", "rejected")
_NUMBER: Final = ["company_code", "number"]
_SLIM: Final = ("currency", "fx_rate", "source_file", "source_row")
_WORTH: Final = ("line_amount_gross", "line_amount_net", "line_tax_amount", "quantity", "unit_cost_net", "amount_applied")


@dataclass(frozen=True)
class _Reference:
    """A column of a table that holds the number of another document."""

    cycle: Cycle
    table: str
    column: str
    document_type: str
    number: str
    line: str | None
    date: str
    target: str
    must_count: bool = True
    comes_after: bool = False  # what is named is younger than the line that names it

    @property
    def parties_count(self) -> bool:
        """Whether both sides belong to one party. A customer's cash may settle what another customer owes: that is judged apart."""
        return not (self.cycle is ORDER_TO_CASH and self.table == self.cycle.allocation_table)


@dataclass(frozen=True)
class _Targets:
    """What can be named: documents by number, and the parties that have one of that number (company_code, number, party)."""

    documents: pl.DataFrame
    parties: pl.DataFrame


@dataclass(frozen=True)
class _Suspects:
    """References that do not resolve or resolve to something old; and those that resolve to documents of other parties only."""

    doubtful: pl.DataFrame
    foreign: pl.DataFrame


@dataclass(frozen=True)
class References:
    """`document_reference`: what does not resolve or is old. `counterparty_reference`: what another party or company owns. Both sorted."""

    doubtful: pl.LazyFrame
    foreign: pl.LazyFrame
    looked_at: int


def document_references(accepted: Accepted, engagement: Engagement) -> References:
    """Every reference looked at once. References to a kind of document that the source gave no table for are not looked at."""
    targets: dict[tuple[str, bool], _Targets] = {}
    found, foreign, covers = [pl.DataFrame(schema=schema("document_reference"))], [pl.DataFrame(schema=schema("counterparty_reference"))], 0
    groups = party_groups(accepted)
    for reference in _references():
        if not is_given(accepted, reference.table, reference.column) or not _has_target(accepted, reference):
            continue
        key = (reference.target, reference.must_count)
        if key not in targets:
            targets[key] = _targets(accepted, reference, engagement)
        lines = _lines(accepted, reference, engagement)
        size, youngest = lines.select(pl.len(), pl.col("document_date").max()).collect().row(0)
        covers += size
        if not size:
            continue
        suspects = _standing(_suspects(lines, targets[key], youngest), reference, accepted, engagement)
        parties = targets[key].parties
        others = pl.concat(
            [strangers(suspects.foreign, parties, reference.cycle, groups), elsewhere(suspects.doubtful, parties)],
            how="diagonal_relaxed",
        )
        if not suspects.doubtful.is_empty():
            found.append(_described(suspects.doubtful, reference, accepted, engagement, "document_reference"))
        if not others.is_empty() and reference.parties_count:
            foreign.append(_described(others, reference, accepted, engagement, "counterparty_reference"))
    keys = [
        "cycle",
        "company_code",
        "document_type",
        "document_number",
        "party_id",
        "document_line_no",
        "reference_kind",
        "reference_number",
        "document_date",
    ]
    return References(pl.concat(found).sort(keys).lazy(), pl.concat(foreign).sort(keys).lazy(), covers)


def _references() -> list[_Reference]:
    references = []
    for cycle in CYCLES:
        order, goods = cycle.order, cycle.fulfilment
        bill = ("invoice_number", "invoice_line_no", "invoice_date")
        receipt = (f"{goods}_number", f"{goods}_line_no", f"{goods}_date")
        references += [
            _Reference(cycle, cycle.invoice_table, f"{order}_number", cycle.invoice_type, *bill, cycle.order_table),
            _Reference(cycle, cycle.invoice_table, f"{goods}_number", cycle.invoice_type, *bill, cycle.fulfilment_table),
            _Reference(cycle, cycle.invoice_table, "origin_invoice_number", cycle.invoice_type, *bill, cycle.invoice_table, must_count=False),
            _Reference(cycle, cycle.fulfilment_table, f"{order}_number", cycle.fulfilment_type, *receipt, cycle.order_table),
            _Reference(
                cycle, cycle.fulfilment_table, f"origin_{goods}_number", cycle.fulfilment_type, *receipt, cycle.fulfilment_table, must_count=False
            ),
        ]
        paid = (f"{cycle.payment}_number", None, cycle.payment_date)
        references += [
            _Reference(cycle, cycle.allocation_table, "invoice_number", cycle.payment_type, *paid, cycle.invoice_table),
            _Reference(cycle, cycle.allocation_table, f"{cycle.payment}_number", cycle.payment_type, *paid, cycle.payment_table),
        ]
    signed = ("confirmation_number", "shipment_line_no", "confirmed_date")
    received = ("receipt_number", "receipt_line_no", "receipt_date")
    billed = _Reference(
        PROCURE_TO_PAY,
        PROCURE_TO_PAY.fulfilment_table,
        "invoice_number",
        PROCURE_TO_PAY.fulfilment_type,
        *received,
        PROCURE_TO_PAY.invoice_table,
        comes_after=True,
    )
    confirmed = _Reference(
        ORDER_TO_CASH, "delivery_confirmation_line", "shipment_number", "delivery_confirmation", *signed, ORDER_TO_CASH.fulfilment_table
    )
    return [*references, billed, confirmed]


def _has_target(accepted: Accepted, reference: _Reference) -> bool:
    headers = reference.cycle.invoice_header_table if reference.target == reference.cycle.invoice_table else reference.target
    return is_given(accepted, reference.target) or is_given(accepted, headers)


def _target_columns(cycle: Cycle, target: str) -> tuple[str, str]:
    """Number and date of the documents in a table."""
    return {
        cycle.order_table: (f"{cycle.order}_number", f"{cycle.order}_date"),
        cycle.fulfilment_table: (f"{cycle.fulfilment}_number", f"{cycle.fulfilment}_date"),
        cycle.invoice_table: ("invoice_number", "invoice_date"),
        cycle.invoice_header_table: ("invoice_number", "invoice_date"),
        cycle.payment_table: (f"{cycle.payment}_number", cycle.payment_date),
    }[target]


def _targets(accepted: Accepted, reference: _Reference, engagement: Engagement) -> _Targets:
    """Documents that can be named: company_code, number, the latest date it was used, the first date of the company's window."""
    frames = []
    tables = [reference.target]
    if reference.target == reference.cycle.invoice_table and is_given(accepted, reference.cycle.invoice_header_table):
        tables.append(reference.cycle.invoice_header_table)
    for name in tables:
        number, date = _target_columns(reference.cycle, name)
        counts = _counts(accepted, name, date, engagement) if reference.must_count else pl.lit(value=True)
        said = table(accepted, name).filter(counts).select("company_code", number=number, party=reference.cycle.party, dated=date)
        # the lines of a document follow one another and say the same
        frames.append(said.filter(pl.any_horizontal(pl.all().ne_missing(pl.all().shift())) | pl.int_range(pl.len()).eq(0)))
    days = {"referenced_date": pl.col("dated").max(), "first": pl.col("dated").min()}
    parties = pl.concat(frames).group_by(*_NUMBER, "party").agg(**days).collect()
    documents = parties.group_by(_NUMBER).agg(pl.col("referenced_date").max(), pl.col("first").min())
    windowed = documents.with_columns(window_begins=pl.col("first").min().over("company_code")).drop("first")
    return _Targets(windowed, parties.select(*_NUMBER, "party"))


def _counts(accepted: Accepted, name: str, date: str, engagement: Engagement) -> pl.Expr:
    counts = pl.col(date) <= engagement.as_of
    if is_given(accepted, name, "is_cancelled"):
        counts &= ~pl.col("is_cancelled").fill_null(value=False)
    if is_given(accepted, name, "is_voided"):
        counts &= ~pl.col("is_voided").fill_null(value=False)
    if is_given(accepted, name, "doc_status"):
        counts &= ~pl.col("doc_status").is_in(_DEAD).fill_null(value=False)
    return counts


def _lines(accepted: Accepted, reference: _Reference, engagement: Engagement) -> pl.LazyFrame:
    """Lines that name something and count themselves: only what judging needs, with neutral `number` and `document_date`."""
    lines = table(accepted, reference.table)
    is_allocation = reference.table == reference.cycle.allocation_table
    if is_allocation:
        lines = _with_payment(lines, accepted, reference)
    counts = _counts(accepted, reference.table, reference.date, engagement).fill_null(value=True)
    if is_allocation:
        counts = counts & ~pl.col("is_voided").fill_null(value=False)
    kept = {"company_code", reference.number, reference.column, reference.line, reference.date, reference.cycle.party, *_SLIM, *_WORTH} - {None}
    present = [name for name in lines.collect_schema().names() if name in kept]
    slim = lines.filter(pl.col(reference.column).is_not_null() & counts).select(present)
    party = pl.col(reference.cycle.party) if reference.cycle.party in present else pl.lit(None, dtype=pl.String)
    return slim.with_columns(number=pl.col(reference.column), document_date=pl.col(reference.date), party=party)


def _with_payment(lines: pl.LazyFrame, accepted: Accepted, reference: _Reference) -> pl.LazyFrame:
    """Allocation rows with date and currency of their payment, null where the payment itself is not there."""
    key = ["company_code", reference.number]
    voided = pl.col("is_voided") if reference.cycle.payment == "payment" else pl.lit(None, dtype=pl.Boolean).alias("is_voided")
    payments = table(accepted, reference.cycle.payment_table).select(*key, reference.date, "currency", "fx_rate", voided).unique(key, keep="any")
    return lines.join(payments, on=key, how="left", validate="m:1")


def _suspects(lines: pl.LazyFrame, named: _Targets, youngest: date | None) -> _Suspects:
    """Lines whose reference is not found as it is spelt, found again as normalised, or found on an old document or with another party."""
    targets = named.documents
    known = targets.lazy().select(*_NUMBER, "referenced_date")
    # one look with the party, so that what belongs together is out of the way; the rest is told apart afterwards
    apart = lines.join(named.parties.lazy(), on=[*_NUMBER, "party"], how="anti").collect().lazy()
    foreign = apart.join(known, on=_NUMBER, how="semi")
    unknown = apart.join(known, on=_NUMBER, how="anti").with_columns(referenced_date=pl.lit(None, dtype=pl.Date))
    is_old = (pl.col("document_date") - pl.col("referenced_date")).dt.total_days() > _OLD_DAYS
    # Only documents older than the youngest line by so much can be old for any line.
    old = known.filter(pl.col("referenced_date") < pl.lit(youngest, dtype=pl.Date).dt.offset_by(f"-{_OLD_DAYS}d"))
    aged = lines.join(old, on=_NUMBER, how="inner", validate="m:1").filter(is_old)
    absent, old_ones, of_others = pl.collect_all([unknown, aged.select(unknown.collect_schema().names()), foreign])
    suspects = pl.concat([absent, old_ones])
    if suspects.is_empty():
        return _Suspects(suspects, of_others)
    spelt = suspects.with_columns(reference_normalised=normalised(pl.col("number")))
    missing = spelt.filter(pl.col("referenced_date").is_null()).drop("referenced_date")
    again = targets.select("company_code", reference_normalised=normalised(pl.col("number")), referenced_date="referenced_date")
    again = again.group_by("company_code", "reference_normalised").agg(pl.col("referenced_date").max())
    retried = missing.join(again, on=["company_code", "reference_normalised"], how="left", validate="m:1")
    age = (pl.col("document_date") - pl.col("referenced_date")).dt.total_days()
    kept = pl.concat([spelt.filter(pl.col("referenced_date").is_not_null()), retried.select(spelt.columns)])
    kept = kept.filter(pl.col("referenced_date").is_null() | (age > _OLD_DAYS))
    windows = targets.group_by("company_code").agg(pl.col("window_begins").min())
    return _Suspects(kept.join(windows, on="company_code", how="left", validate="m:1"), of_others)


def _standing(suspects: _Suspects, reference: _Reference, accepted: Accepted, engagement: Engagement) -> _Suspects:
    """Suspects that still stand: a bill that named the wrong order and was reversed for it is put right."""
    rest = (without_undone(rows, reference.table, reference.cycle, accepted, engagement) for rows in (suspects.doubtful, suspects.foreign))
    return _Suspects(*rest)


def _described(suspects: pl.DataFrame, reference: _Reference, accepted: Accepted, engagement: Engagement, name: str) -> pl.DataFrame:
    cycle, columns = reference.cycle, schema(name)
    absent = {"currency": pl.String(), "fx_rate": pl.Decimal(20, 10), cycle.party: pl.String()}
    rows = suspects.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in absent.items() if name not in suspects.columns)
    names = table(accepted, cycle.party_table).select("party_id", "party_name", "group_id").unique("party_id", keep="any")
    line = pl.col(reference.line) if reference.line else pl.lit(None, dtype=pl.String)
    begins = pl.col("window_begins")
    if reference.comes_after:
        begins = pl.min_horizontal(begins, pl.lit(engagement.period.from_))
    doubtful = {
        "in_window": (pl.col("document_date") >= begins).fill_null(value=True),
        "resolves": pl.col("referenced_date").is_not_null(),
    }
    described = rows.lazy().with_columns(
        worth=_worth(reference),
        party_id=pl.col(cycle.party),
        document_line_no=line,
        document_number=pl.col(reference.number),
        **(doubtful if name == "document_reference" else {}),
    )
    if name == "document_reference":
        described = _with_whereabouts(described, reference, accepted)
    rated = with_fx_rate(described, "document_date", accepted, engagement).join(names, on="party_id", how="left", validate="m:1")
    return (
        rated.with_columns(
            cycle=pl.lit(cycle.name),
            document_type=pl.lit(reference.document_type),
            reference_kind=pl.lit(reference.column),
            reference_number=pl.col("number"),
            amount_gross_base=amount(pl.col("worth").abs(), pl.col("fx_rate")),
        )
        .select(pl.col(name).cast(kind) for name, kind in columns.items())
        .collect()
    )


def _with_whereabouts(doubtful: pl.LazyFrame, reference: _Reference, accepted: Accepted) -> pl.LazyFrame:
    """Where the document that is named is: set aside for what its rows said, older than one would think, or not there at all."""
    key = ["company_code", "reference_normalised"]
    tables = [reference.target, reference.cycle.invoice_header_table] if reference.target == reference.cycle.invoice_table else [reference.target]
    lost = [
        accepted.facts[fact]
        .filter(pl.col("table").is_in(tables) & pl.col("document_number").is_not_null())
        .select("company_code", reference_normalised=normalised(pl.col("document_number")))
        for fact in _SET_ASIDE
        if fact in accepted.facts
    ]
    if lost:
        marked = pl.concat(lost).unique().with_columns(was_set_aside=pl.lit(value=True))
        doubtful = doubtful.join(marked, on=key, how="left", validate="m:1")
    else:
        doubtful = doubtful.with_columns(was_set_aside=pl.lit(value=False))
    told = doubtful.with_columns(was_set_aside=pl.col("was_set_aside").fill_null(value=False) & ~pl.col("resolves"))
    state = pl.when("resolves").then(pl.lit("old")).when("was_set_aside").then(pl.lit("set aside")).otherwise(pl.lit("absent"))
    return told.with_columns(
        whereabouts=state.replace_strict({word: said[0] for word, said in _WHEREABOUTS.items()}, return_dtype=pl.String),
        whereabouts_zh=state.replace_strict({word: said[1] for word, said in _WHEREABOUTS.items()}, return_dtype=pl.String),
    )


def _worth(reference: _Reference) -> pl.Expr:
    """What the referring line is worth with tax, in its currency; null where it states no value."""
    if reference.table == reference.cycle.invoice_table:
        return pl.coalesce("line_amount_gross", pl.col("line_amount_net") + pl.col("line_tax_amount"), "line_amount_net")
    if reference.table == reference.cycle.fulfilment_table:
        return amount(pl.col("quantity"), pl.col("unit_cost_net"))
    if reference.table == reference.cycle.allocation_table:
        return pl.col("amount_applied")
    return pl.lit(None, dtype=MONEY)
