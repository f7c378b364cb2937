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


@dataclass(frozen=True)
class ScopedRule:
    """One setting: values by name, the scope they hold for, and why."""

    settings: Mapping[str, str]
    where: Mapping[str, str]
    why: str
    origin: str  # file:key, for error messages

    @property
    def scope(self) -> dict[str, str]:
        """The scope in neutral columns."""
        neutral = {}
        for key, value in self.where.items():
            column, cycle = SCOPE_KEYS[key]
            neutral[column] = value
            if cycle is not None:
                neutral["cycle"] = cycle
        return neutral

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
    seen: dict[tuple[str, tuple[int, int], frozenset[str]], dict[tuple[str, ...], ScopedRule]] = {}
    groups: dict[tuple[str, tuple[int, int]], set[frozenset[str]]] = {}
    for rule in rules:
        scope = rule.scope
        columns = frozenset(scope)
        values = tuple(scope[c] for c in sorted(columns))
        for name, value in rule.settings.items():
            same_columns = seen.setdefault((name, rule.specificity, columns), {})
            other = same_columns.get(values)
            if other is not None and other.settings[name] != value:
                raise _conflict(name, other, rule)
            same_columns[values] = rule
            groups.setdefault((name, rule.specificity), set()).add(columns)
    for (name, specificity), column_sets in groups.items():
        _refuse_crossing(name, [list(seen[name, specificity, columns].values()) for columns in sorted(column_sets, key=sorted)])


def _refuse_crossing(name: str, families: list[list[ScopedRule]]) -> None:
    for i, family in enumerate(families):
        for others in families[i + 1 :]:
            for one in family:
                for other in others:
                    shared = one.scope.keys() & other.scope.keys()
                    meet = all(one.scope[c] == other.scope[c] for c in shared)
                    if meet and one.settings[name] != other.settings[name]:
                        raise _conflict(name, one, other)


def _conflict(name: str, one: ScopedRule, other: ScopedRule) -> TermsRefused:
    return TermsRefused(
        f'two rules of equal specificity disagree about "{name}"',
        where=other.origin,
        expected="one value for every row that both rules can reach",
        got=f"{one.settings[name]!r} where {dict(one.where)} ({one.origin}) and {other.settings[name]!r} where {dict(other.where)}",
        todo="make one rule more specific (for example add the company or the item), or give both the same value",
    )


def resolve(frame: pl.LazyFrame, rules: Sequence[ScopedRule], names: Mapping[str, str | None]) -> pl.LazyFrame:
    """Add one String column per name with the value of the most specific rule that applies, else the default.

    `names` maps a setting to its default. Rules whose columns the frame lacks cannot apply. Rows are neither added nor
    dropped nor moved: every lookup is unique by `refuse_conflicts`.
    """
    columns = set(frame.collect_schema().names())
    for name, default in names.items():
        relevant = [r for r in rules if name in r.settings]
        by_columns: dict[tuple[str, ...], list[ScopedRule]] = {}
        for rule in relevant:
            key = tuple(sorted(rule.scope))
            if set(key) <= columns:
                by_columns.setdefault(key, []).append(rule)
        ranked = sorted(by_columns.items(), key=lambda item: item[1][0].specificity, reverse=True)
        found = []
        for position, (key, family) in enumerate(ranked):
            value = f"__{name}_{position}"
            if not key:
                found.append(pl.lit(family[-1].settings[name]))
                continue
            lookup = pl.LazyFrame({c: [r.scope[c] for r in family] for c in key} | {value: [r.settings[name] for r in family]})
            frame = frame.join(lookup.unique(subset=list(key), keep="any"), on=list(key), how="left", validate="m:1", maintain_order="left")
            found.append(pl.col(value))
        frame = frame.with_columns(pl.coalesce([*found, pl.lit(default, dtype=pl.String)]).alias(name))
        frame = frame.drop([f"__{name}_{i}" for i, (key, _) in enumerate(ranked) if key])
    return frame
