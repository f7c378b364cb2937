"""Scoped settings: parameters of controls and policies of matching that differ by company, party, item, contract, order line.

The most specific rule wins. Two rules of equal specificity that can meet on one row and disagree are refused before any
document is read, because no order of rules in a file may decide a figure.

Precedence, most specific first: order line, contract, item with party, item group with party, item, item group, party,
party group, document type, company, everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.errors import TermsRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

#: Key a user may write in `where` -> (neutral column of measured tables, cycle it implies).
SCOPE_KEYS: Final[dict[str, tuple[str, str | None]]] = {
    "company_code": ("company_code", None),
    "document_type": ("document_type", None),
    "cycle": ("cycle", None),
    "group_id": ("group_id", None),
    "party_id": ("party_id", None),
    "supplier_id": ("party_id", "procure_to_pay"),
    "customer_id": ("party_id", "order_to_cash"),
    "item_group": ("item_group", None),
    "item_id": ("item_id", None),
    "contract_id": ("contract_id", None),
    "po_number": ("order_number", "procure_to_pay"),
    "po_line_no": ("order_line_no", "procure_to_pay"),
    "so_number": ("order_number", "order_to_cash"),
    "so_line_no": ("order_line_no", "order_to_cash"),
}
#: Neutral columns a frame should carry for every scope to reach it; absent ones mean such rules cannot apply.
SCOPE_COLUMNS: Final = (
    "cycle", "company_code", "party_id", "group_id", "item_id", "item_group", "contract_id", "order_number", "order_line_no", "document_type",
)  # fmt: skip
#: Levels from general to specific; a rule's level is the last one whose columns it names.
_LEVELS: Final = (
    (), ("cycle",), ("company_code",), ("document_type",), ("group_id",), ("party_id",), ("item_group",), ("item_id",), ("item_group", "party_id"),
    ("item_id", "party_id"), ("contract_id",), ("order_number",), ("order_number", "order_line_no"),
)  # fmt: skip


def neutral_scope(where: Mapping[str, str]) -> dict[str, str]:
    """Keys of a scope as the neutral columns they speak about, with the cycle where a key belongs to one."""
    neutral = {}
    for key, value in where.items():
        column, cycle = SCOPE_KEYS[key]
        neutral[column] = value
        if cycle is not None:
            neutral["cycle"] = cycle
    return neutral


@dataclass(frozen=True)
class ScopedRule:
    """One setting: values by name, the scope they hold for, and why."""

    settings: Mapping[str, str]
    where: Mapping[str, str]
    why: str
    origin: str  # file:key, for error messages
    valid_from: date | None = None  # the days of the row on which it holds, both included; None: without end
    valid_to: date | None = None
    id: str = ""  # what results call it
    day: str | None = None  # the column that says the day of a row; without one a rule with dates reaches no row

    @property
    def scope(self) -> dict[str, str]:
        """The scope in neutral columns."""
        return neutral_scope(self.where)

    @property
    def is_dated(self) -> bool:
        """Whether the rule holds for a time only."""
        return self.valid_from is not None or self.valid_to is not None

    def overlaps(self, other: ScopedRule) -> bool:
        """Whether there is a day on which both hold."""
        starts = [rule.valid_from for rule in (self, other) if rule.valid_from is not None]
        ends = [rule.valid_to for rule in (self, other) if rule.valid_to is not None]
        return not starts or not ends or max(starts) <= min(ends)

    def holds(self) -> pl.Expr:
        """Whether a row's day is one of the rule's; unknown days are not."""
        day = pl.col(self.day) if self.day is not None else pl.lit(None, dtype=pl.Date)
        after = pl.lit(value=True) if self.valid_from is None else day >= self.valid_from
        before = pl.lit(value=True) if self.valid_to is None else day <= self.valid_to
        return (after & before).fill_null(value=False)

    @property
    def specificity(self) -> tuple[int, int]:
        """Level of precedence, then number of columns named: company and supplier beat supplier alone."""
        columns = set(self.scope)
        level = max(i for i, names in enumerate(_LEVELS) if set(names) <= columns)
        return level, len(columns)


def refuse_conflicts(rules: Sequence[ScopedRule]) -> None:
    """Refuse two rules of equal specificity that can apply to one row and set one name to two values.

    Raises TermsRefused naming both rules.
    """
    seen: dict[tuple[str, tuple[int, int], frozenset[str]], dict[tuple[str, ...], list[ScopedRule]]] = {}
    groups: dict[tuple[str, tuple[int, int]], set[frozenset[str]]] = {}
    for rule in rules:
        scope = rule.scope
        columns = frozenset(scope)
        values = tuple(scope[c] for c in sorted(columns))
        for name, value in rule.settings.items():
            alike = seen.setdefault((name, rule.specificity, columns), {}).setdefault(values, [])
            for other in alike:
                if other.settings[name] != value and other.overlaps(rule):
                    raise _conflict(name, other, rule)
            alike.append(rule)
            groups.setdefault((name, rule.specificity), set()).add(columns)
    for (name, specificity), column_sets in groups.items():
        families = [[r for alike in seen[name, specificity, columns].values() for r in alike] for columns in sorted(column_sets, key=sorted)]
        _refuse_crossing(name, families)


def _refuse_crossing(name: str, families: list[list[ScopedRule]]) -> None:
    for i, family in enumerate(families):
        for others in families[i + 1 :]:
            for one in family:
                for other in others:
                    shared = one.scope.keys() & other.scope.keys()
                    meet = all(one.scope[c] == other.scope[c] for c in shared)
                    if meet and one.overlaps(other) and one.settings[name] != other.settings[name]:
                        raise _conflict(name, one, other)


def _conflict(name: str, one: ScopedRule, other: ScopedRule) -> TermsRefused:
    return TermsRefused(
        f'two rules of equal specificity disagree about "{name}"',
        where=other.origin,
        expected="one value for every row that both rules can reach",
        got=f"{one.settings[name]!r} where {dict(one.where)} ({one.origin}) and {other.settings[name]!r} where {dict(other.where)}",
        todo="make one rule more specific (for example add the company or the item), let them hold at different times, or give both the same value",
    )


def resolve(frame: pl.LazyFrame, rules: Sequence[ScopedRule], names: Mapping[str, str | None]) -> pl.LazyFrame:
    """Add one String column per name with the value of the most specific rule that applies, else the default.

    `names` maps a setting to its default. Rules whose columns the frame lacks cannot apply. Rows are neither added nor
    dropped nor moved: every lookup is unique by `refuse_conflicts`.
    """
    columns = set(frame.collect_schema().names())
    for name, default in names.items():
        by_columns: dict[tuple[tuple[str, ...], date | None, date | None], list[ScopedRule]] = {}
        for rule in rules:
            key = tuple(sorted(rule.scope))
            reaches = set(key) <= columns and (not rule.is_dated or rule.day in columns)
            if name in rule.settings and reaches:
                by_columns.setdefault((key, rule.valid_from, rule.valid_to), []).append(rule)
        ranked = sorted(by_columns.items(), key=lambda item: item[1][0].specificity, reverse=True)
        found, made = [], []
        for position, ((key, _, _), family) in enumerate(ranked):
            value = f"__{name}_{position}"
            told = pl.col(value)
            if key:
                lookup = pl.LazyFrame({c: [r.scope[c] for r in family] for c in key} | {value: [r.settings[name] for r in family]})
                frame = frame.join(
                    lookup.unique(subset=list(key), keep="first", maintain_order=True),
                    on=list(key),
                    how="left",
                    validate="m:1",
                    maintain_order="left",
                )
                made.append(value)
            else:
                told = pl.lit(family[-1].settings[name])
            found.append(pl.when(family[0].holds()).then(told) if family[0].is_dated else told)
        frame = frame.with_columns(pl.coalesce([*found, pl.lit(default, dtype=pl.String)]).alias(name)).drop(made)
    return frame
