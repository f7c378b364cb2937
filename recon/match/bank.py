"""The bank's statement against the payments and receipts in the books. Whole: a statement knows no parties.

Three passes, each on what the earlier ones left: the number of our payment as the line's reference, the bank's own reference, the same
amount within the days that a value date may shift. Equal keys are paired in the order of their days. A day outside the
statement's range cannot be judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.match.given import is_given, table, with_fx_rate
from recon.match.numbers import normalised
from recon.match.payments import payments
from recon.match.working_days import working_days

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Line type of the register for what only the bank knows.
STATEMENT_LINE: Final = "bank_transaction"
_ACCOUNT: Final = ["company_code", "currency"]
#: Money leaves an account so many days before or after the books say so.
_SHIFT_DAYS: Final = 10


def bank_difference(accepted: Accepted, engagement: Engagement) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """`bank_difference` where a statement is given, with the payments and statement lines looked at; nothing otherwise.

    One row per payment that the statement lacks (`not on the statement`), per line that the books lack (`not in the books`) and per pair
    of two amounts (`amounts differ`). Amounts are signed as the bank sees them: money that leaves is negative.
    """
    if not is_given(accepted, "bank_transaction"):
        return {}, {}
    lines = _lines(accepted, engagement)
    books = _books(accepted, engagement, lines)
    pairs = _paired(books, lines)
    open_books = books.join(pairs, on="entry", how="anti").with_columns(
        kind=pl.lit("not on the statement"), difference_amount=pl.col("amount"), statement_amount=pl.lit(None, dtype=MONEY)
    )
    open_lines = lines.join(pairs, on="line", how="anti").with_columns(
        cycle=pl.when(pl.col("amount") < 0).then(pl.lit(PROCURE_TO_PAY.name)).otherwise(pl.lit(ORDER_TO_CASH.name)),
        document_type=pl.lit(STATEMENT_LINE),
        document_number="statement_line",
        party_id=pl.lit(None, dtype=pl.String),
        kind=pl.lit("not in the books"),
        difference_amount=pl.col("amount"),
        statement_amount="amount",
    )
    said = lines.select("line", "statement_line", statement_amount="amount")
    both = pairs.join(books, on="entry", how="inner", validate="1:1").join(said, on="line", how="left", validate="1:1")
    unequal = both.with_columns(kind=pl.lit("amounts differ"), difference_amount=pl.col("statement_amount") - pl.col("amount"))
    unequal = unequal.filter(pl.col("difference_amount") != 0)
    rows = pl.concat([open_books, open_lines, unequal], how="diagonal")
    told = rows.lazy().with_columns(
        party_name=pl.lit(None, dtype=pl.String),
        difference_amount_base=money.amount(pl.col("difference_amount"), pl.col("fx_rate")),
        waiting_days=(pl.lit(engagement.as_of) - pl.col("day")).dt.total_days(),
        waiting_working_days=working_days(accepted).between(pl.col("day"), pl.lit(engagement.as_of)),
        document_date="day",
    )
    columns = schema("bank_difference")
    shaped = told.select(pl.col(name).cast(kind) for name, kind in columns.items())
    return {"bank_difference": shaped.sort("company_code", "document_type", "document_number", "kind")}, {
        "bank_difference": books.height + lines.height
    }


def _lines(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    given = table(accepted, "bank_transaction").filter(pl.col("booking_date") <= engagement.as_of)
    named = given.select(
        *_ACCOUNT, "bank_account", "statement_line", "amount", "counterparty", "source_file", "source_row", day="booking_date",
        key=normalised(pl.col("reference")), fx_rate=pl.lit(None, dtype=money.RATE),
    )  # fmt: skip
    rated = with_fx_rate(named, "day", accepted, engagement)
    return rated.sort(*_ACCOUNT, "day", "bank_account", "statement_line").collect().with_row_index("line")


def _books(accepted: Accepted, engagement: Engagement, lines: pl.DataFrame) -> pl.DataFrame:
    """Live payments and receipts of the days that the company's statements cover, signed as the bank sees them."""
    references = table(accepted, ORDER_TO_CASH.payment_table).select(
        "company_code", cycle=pl.lit(ORDER_TO_CASH.name), payment_number="cash_receipt_number", bank_key=normalised(pl.col("bank_reference"))
    )  # fmt: skip
    types = {cycle.name: cycle.payment_type for cycle in CYCLES}
    live = payments(accepted, engagement).filter(pl.col("exclusion_reason").is_null())
    known = live.join(references.collect(), on=["company_code", "cycle", "payment_number"], how="left", validate="m:1")
    covered = lines.group_by(_ACCOUNT).agg(first=pl.col("day").min(), last=pl.col("day").max())
    within = known.join(covered, on=_ACCOUNT, how="inner", validate="m:1").filter(pl.col("value_date").is_between("first", "last"))
    is_out = pl.col("cycle") == PROCURE_TO_PAY.name
    entries = within.select(
        *_ACCOUNT, "cycle", "party_id", "fx_rate", "bank_key", "source_file", "source_row",
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        document_number="payment_number",
        day="value_date",
        amount=pl.when(is_out).then(-pl.col("amount")).otherwise("amount"),
        key=normalised(pl.col("payment_number")),
    )  # fmt: skip
    return entries.sort(*_ACCOUNT, "day", "document_type", "document_number").with_row_index("entry")


def _paired(books: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """entry, line: each at most once."""
    pairs = pl.DataFrame(schema={"entry": pl.UInt32(), "line": pl.UInt32()})
    for by in ("key", "bank_key", "amount"):
        entries = books.join(pairs, on="entry", how="anti").select("entry", *_ACCOUNT, "day", by=by)
        waiting = lines.join(pairs, on="line", how="anti").select("line", *_ACCOUNT, "day", by="amount" if by == "amount" else "key")
        key = [*_ACCOUNT, "by"]
        left, right = (
            frame.filter(pl.col("by").is_not_null()).sort(*key, "day", name).with_columns(turn=pl.int_range(pl.len()).over(key))
            for frame, name in ((entries, "entry"), (waiting, "line"))
        )
        found = left.join(right, on=[*key, "turn"], how="inner", validate="1:1", suffix="_booked")
        if by == "amount":
            found = found.filter((pl.col("day") - pl.col("day_booked")).dt.total_days().abs() <= _SHIFT_DAYS)
        pairs = pl.concat([pairs, found.select("entry", "line")])
    return pairs
