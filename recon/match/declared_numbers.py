"""Numbers that parties write with a prefix, a suffix or a fiscal year of their own, as the engagement declares it, brought to the number on file.

A reference that no document bears, neither as it is written nor in another spelling, is looked for once more without what was declared: `PO-4711`
and `4711`, `INV/2025-26/0042` and `INV-0042`. It is taken only where exactly one document of the company and the party then fits, and every such
reference is kept with the reason, so that a report can say why two numbers were held equal. Digits are never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, ORDER_TO_CASH
from recon.domain.scopes import neutral_scope
from recon.match.counterparties import party_groups
from recon.match.given import is_given
from recon.match.known_by import FOUND, LINE, placed, rewritten
from recon.match.numbers import normalised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement, NumberHabit
    from recon.domain.workpapers import Accepted

_INVISIBLE: Final = r"[\x{200B}-\x{200D}\x{2060}\x{FEFF}]"
_EDGE: Final = r"[\s\-/._]"
#: 2025-26, 25/26, 2025-2026, with or without FY before it; and FY26 or FY2026 alone. Between separators, so that it is no part of a number.
_TWO_YEARS: Final = rf"(^|{_EDGE})(?:FY\s?)?(?:20)?(\d{{2}})[-/](?:20)?(\d{{2}})({_EDGE}|$)"
_ONE_YEAR: Final = rf"(^|{_EDGE})FY\s?(?:20)?\d{{2}}({_EDGE}|$)"


@dataclass(frozen=True)
class _Reference:
    """A column that holds the number of another document, and where that document's number stands."""

    cycle: Cycle
    table: str
    column: str
    party: str | None
    target: str
    number: str


def with_declared_numbers(accepted: Accepted, engagement: Engagement) -> Accepted:
    """The documents, references brought to the numbers on file where a declared habit explains the difference, and the lines of those."""
    if not engagement.document_numbers:
        return accepted
    groups = party_groups(accepted)
    found = [pl.DataFrame(schema=FOUND)]
    for reference in (reference for cycle in CYCLES for reference in _references(cycle)):
        name, column = reference.table, reference.column
        if not (is_given(accepted, name, column) and is_given(accepted, reference.target)):
            continue
        found.append(_brought(reference, accepted, groups, engagement.document_numbers))
    return rewritten(accepted, pl.concat(found))


def _references(cycle: Cycle) -> list[_Reference]:
    order, goods = (cycle.order_table, f"{cycle.order}_number"), (cycle.fulfilment_table, f"{cycle.fulfilment}_number")
    note, bill = (cycle.fulfilment_table, "supplier_delivery_note"), (cycle.invoice_table, "invoice_number")
    named = [
        _Reference(cycle, cycle.fulfilment_table, order[1], cycle.party, *order),
        _Reference(cycle, cycle.fulfilment_table, f"origin_{goods[1]}", cycle.party, *goods),
        _Reference(cycle, cycle.invoice_table, order[1], cycle.party, *order),
        _Reference(cycle, cycle.invoice_table, goods[1], cycle.party, *goods),
        _Reference(cycle, cycle.invoice_table, note[1], cycle.party, *note),
        _Reference(cycle, cycle.invoice_table, "origin_invoice_number", cycle.party, *bill),
        _Reference(cycle, cycle.allocation_table, "invoice_number", cycle.party, *bill),
    ]
    confirmed = _Reference(cycle, "delivery_confirmation_line", "shipment_number", None, *goods)
    return [*named, confirmed] if cycle is ORDER_TO_CASH else named


def _brought(reference: _Reference, accepted: Accepted, groups: pl.DataFrame, habits: Sequence[NumberHabit]) -> pl.DataFrame:
    """FOUND of one kind of reference."""
    name, column, party = reference.table, reference.column, reference.party
    lines = _told(accepted, reference.cycle, groups, (name, column, party if party and is_given(accepted, name, party) else None))
    on_file = _told(accepted, reference.cycle, groups, (reference.target, reference.number, reference.cycle.party)).drop(LINE).unique()
    found = brought_home(lines.with_row_index("id"), on_file, habits, ["company_code"])
    only = found.select(pl.lit(name).alias("table"), pl.lit(column).alias("column"), LINE, "written", "number", "reason")
    return only.select(pl.col(said).cast(kind) for said, kind in FOUND.items())


def brought_home(lines: pl.DataFrame, on_file: pl.DataFrame, habits: Sequence[NumberHabit], by: list[str]) -> pl.DataFrame:
    """The lines (id, written, party_key and the columns of a scope) whose number is on file in no spelling, with `number` and `reason`.

    `number` is the only one on file within `by`, of the line's party where both sides say one, that is the same without what a habit declares.
    """
    known = on_file.select(*by, key=normalised(pl.col("written"))).unique()
    lost = lines.with_columns(key=normalised(pl.col("written"))).join(known, on=[*by, "key"], how="anti").drop("key")
    met = []
    for habit in habits:
        said = [frame.filter(_in_scope(habit)).with_columns(key=_without(habit)) for frame in (lost, on_file)]
        bare = said[1].select(*by, "key", number="written", owner="party_key")
        pairs = said[0].join(bare, on=[*by, "key"], how="inner")
        met.append(pairs.filter((pl.col("party_key") == pl.col("owner")).fill_null(value=True)).with_columns(reason=_reason(habit)))
    only = pl.concat(met).filter(pl.col("number").n_unique().over("id") == 1)
    return only.sort("id", "reason").unique("id", keep="first", maintain_order=True)


def _told(accepted: Accepted, cycle: Cycle, groups: pl.DataFrame, where: tuple[str, str, str | None]) -> pl.DataFrame:
    """The numbers in a column, as written, and whose they are."""
    name, column, party = where
    party_id = pl.col(party) if party is not None else pl.lit(None, dtype=pl.String)
    rows = placed(accepted, name).filter(pl.col(column).is_not_null())
    told = rows.select(LINE, "company_code", cycle=pl.lit(cycle.name), party_id=party_id, written=column).collect()
    of_group = groups.filter(pl.col("cycle") == cycle.name).select("group_id", party_id="party")
    grouped = told.join(of_group, on="party_id", how="left", validate="m:1", maintain_order="left")
    return grouped.with_columns(party_key=pl.coalesce("group_id", "party_id"))


def _in_scope(habit: NumberHabit) -> pl.Expr:
    """Whether the habit speaks about a row; a row whose party nobody knows is not a declared party's."""
    told = neutral_scope(habit.where)
    return pl.all_horizontal(pl.lit(value=True), *((pl.col(column) == value).fill_null(value=False) for column, value in told.items()))


def _without(habit: NumberHabit) -> pl.Expr:
    """The number as compared without what the habit declares; null where no digit is left."""
    text = pl.col("written").str.normalize("NFKC").str.replace_all(_INVISIBLE, "").str.strip_chars().str.to_uppercase()
    bare = text
    if habit.fiscal_years:
        is_pair = (text.str.extract(_TWO_YEARS, 2).cast(pl.Int64) + 1) % 100 == text.str.extract(_TWO_YEARS, 3).cast(pl.Int64)
        bare = (
            pl.when(is_pair.fill_null(value=False)).then(bare.str.replace(_TWO_YEARS, "${1}${4}")).otherwise(bare.str.replace(_ONE_YEAR, "${1}${2}"))
        )
    for words, pattern in ((habit.prefixes, r"^(?:{})"), (habit.suffixes, r"(?:{})$")):
        if words:
            longest_first = sorted((word.strip().upper() for word in words), key=lambda word: (-len(word), word))
            bare = bare.str.replace(pattern.format("|".join(re.escape(word) for word in longest_first)), "")
    key = normalised(bare)
    return pl.when(key.str.contains(r"\d")).then(key)


def _reason(habit: NumberHabit) -> pl.Expr:
    """What was declared, in the words of a reason."""
    declared = [f"prefix {word}" for word in habit.prefixes] + [f"suffix {word}" for word in habit.suffixes]
    return pl.lit("declared: " + ", ".join([*declared, *(["fiscal year"] if habit.fiscal_years else [])]))
