"""4. Measure: links, allocations, variances, settlements, balances. No tolerance, no verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.domain.measures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import polars as pl

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted, EarlierRun, Matches, Traces


__all__ = [
    "READ_AFTERWARDS", "TRACED", "in_buckets", "ledger", "match", "match_bucket", "match_company", "owned", "reversals", "rolled", "set_aside", "since_earlier", "trace", "traced_lines",
    "with_declared_numbers", "with_known_ids",
]  # fmt: skip

#: canonical tables that `trace` reads beside the measured tables
TRACED = ("approval_event", "document_change", "goods_receipt_line", "purchase_order_line", "purchase_requisition_line")
#: canonical tables that are read once all buckets are matched: those of `trace`, of `ledger`, of `reversals`, of `since_earlier`, and the approved rule book
READ_AFTERWARDS = (*TRACED, "gl_balance", "gl_journal_line", "approved_rule", "fiscal_period", "fx_rate", "supplier", "customer")


def match(accepted: Accepted, engagement: Engagement, wanted: Collection[str] = MEASURES) -> Matches:
    """Bring orders, goods, bills and money together, purchases and sales at once.

    Gives the measured tables of `measures.MEASURES`, each sorted by its key, and the tie-out of the doorway `match`.
    Tables that only single controls ask for are made where they are `wanted`.
    Documents dated after `engagement.as_of` do not exist. Raises ArithmeticError if a figure does not add up, which is a
    defect.
    """
    from recon.domain.workpapers import Matches

    whole, bucket = match_company(accepted, engagement, wanted), match_bucket(accepted, engagement, wanted)
    return Matches({**bucket.tables, **whole.tables}, {**bucket.covers, **whole.covers}, bucket.tie_out)


def match_bucket(accepted: Accepted, engagement: Engagement, wanted: Collection[str] = MEASURES) -> Matches:
    """The bucket-local measured tables of these documents, and the tie-out of the doorway `match`.

    Tables that only single controls ask for are made where they are `wanted`.
    """
    from recon.match.buckets import held
    from recon.match.measured import measured_of_bucket

    return measured_of_bucket(held(accepted), engagement, wanted)


def match_company(accepted: Accepted, engagement: Engagement, wanted: Collection[str] = MEASURES) -> Matches:
    """The measured tables of `measures.WHOLE` that are `wanted`, of all accepted documents."""
    from recon.match.whole import measured_of_company

    return measured_of_company(accepted, engagement, wanted)


def ledger(accepted: Accepted, layers: pl.LazyFrame, engagement: Engagement) -> pl.DataFrame:
    """Open items of the whole company (`layers`: open_layer) against the balances of its ledger, in the columns of `ledger_balance`.

    Of `accepted` the table gl_balance is read.
    """
    from recon.match.ledgers import ledger_balance

    return ledger_balance(accepted, layers, engagement)


def set_aside(accepted: Accepted, receivables: pl.LazyFrame, engagement: Engagement) -> pl.DataFrame:
    """What is set aside for overdue receivables (`receivables`: receivable_due of the whole company), in the columns of `allowance_balance`.

    Of `accepted` the table gl_balance is read.
    """
    from recon.match.bad_debts import allowance_balance

    return allowance_balance(accepted, receivables, engagement)


def reversals(accepted: Accepted, tables: Mapping[str, pl.LazyFrame], engagement: Engagement) -> pl.DataFrame:
    """Estimates in the ledger of goods not invoiced, and what was reversed of them, in the columns of `accrual_reversal`.

    `tables`: allocation, fulfilment_line and invoice_lines of the whole company. Of `accepted` the tables gl_journal_line and fiscal_period are read.
    """
    from recon.match.accrual_journals import accrual_reversal

    return accrual_reversal(accepted, tables, engagement)


def since_earlier(accepted: Accepted, lines: pl.LazyFrame, earlier: EarlierRun, engagement: Engagement) -> dict[str, pl.DataFrame]:
    """`restated_line` and `late_document`: the document lines of this run (known_lines.SCHEMA) beside those that the earlier one kept.

    Nothing where it did not keep them. Of `accepted` the tables fiscal_period, fx_rate, supplier and customer are read.
    """
    if earlier.lines is None:
        return {}
    from recon.match.against_earlier import since_earlier

    return since_earlier(lines, earlier.lines, earlier.as_of, accepted, engagement)


def owned(layers: pl.LazyFrame) -> pl.LazyFrame:
    """The open layers that are balances of the company: all but goods on consignment."""
    from recon.match.consignment import owned

    return owned(layers)


def rolled(rows: pl.DataFrame) -> pl.DataFrame:
    """The roll-forward of the whole company: the rows of all buckets, those of one key added up."""
    from recon.match.roll_forwards import together

    return together(rows)


def in_buckets(
    accepted: Accepted, engagement: Engagement, rows_per_bucket: int, keep: Callable[[str, pl.DataFrame], pl.LazyFrame]
) -> tuple[Accepted, list[Accepted]]:
    """The documents, and the documents again in buckets of about so many rows that can be matched one after the other.

    `keep` stores a bucket's rows of a table under a name and gives them back as a plan.
    """
    from recon.match.buckets import in_buckets

    return in_buckets(accepted, engagement, rows_per_bucket, keep)


def with_declared_numbers(accepted: Accepted, engagement: Engagement) -> Accepted:
    """The documents, their references brought to numbers on file where what the engagement declares of a party's numbers explains the difference."""
    from recon.match.declared_numbers import with_declared_numbers

    return with_declared_numbers(accepted, engagement)


def with_known_ids(accepted: Accepted, engagement: Engagement) -> Accepted:
    """The documents, items and parties that the masters do not have brought to those that they have, by the other ways in which these are known."""
    from recon.match.known_by import rewritten
    from recon.match.known_items import items_on_file
    from recon.match.known_parties import parties_on_file

    accepted = rewritten(accepted, parties_on_file(accepted, engagement))
    return rewritten(accepted, items_on_file(accepted))


def traced_lines(matches: Matches, exceptions: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    """Of one bucket the order, fulfilment and invoice lines that `trace` will ask for, where these are the exceptions."""
    from recon.match.traces import traced_lines

    return traced_lines(matches, exceptions)


def traces_all(accepted: Accepted) -> bool:
    """Whether `trace` follows every order of the company, and needs all measured lines for it."""
    from recon.match.traces import traces_all

    return traces_all(accepted)


def trace(accepted: Accepted, matches: Matches, exceptions: pl.DataFrame, engagement: Engagement) -> Traces:
    """What happened to the orders that exceptions speak about, and to all orders of a small company, from what was matched and the approvals and changes of its papers.

    Of `accepted` the tables of `TRACED` are read.
    """
    from recon.match.traces import traces

    return traces(accepted, matches, exceptions, engagement)
