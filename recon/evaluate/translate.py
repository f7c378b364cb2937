"""Parsed rules -> Polars expressions, exact and typed.

Numbers are Decimals whose digits behind the point are tracked, so that a product is either exact or refused; dates, instants, texts
and flags are compared with their like only. Logic has three values, as in SQL: unknown is neither true nor false.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain import money
from recon.evaluate import limits
from recon.evaluate.expressions import CONSTANTS, arguments, function_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from recon.evaluate.expressions import Rule
    from recon.evaluate.settings import Setting

#: A product of more digits than this could not be held exactly (domain/money.py).
_MOST_DIGITS: Final = 20
_MONEY_DIGITS: Final = 6


@dataclass(frozen=True)
class Value:
    """An expression with what is known of it before any data is seen."""

    expr: pl.Expr
    kind: str  # number, date, instant, text, flag
    digits: int = 0  # of a number, behind the point
    whole: bool = False  # an integer, not a Decimal

    def decimal(self, digits: int) -> pl.Expr:
        """The number as `Decimal(38, digits)`."""
        return self.expr.cast(pl.Decimal(38, digits))


@dataclass(frozen=True)
class Clock:
    """The run's only sense of time."""

    as_of: date
    as_of_end: datetime  # the instant that day ends where the company is
    period_from: date
    period_to: date


@dataclass(frozen=True)
class Reader:
    """Turns the rules of one control into expressions over one table."""

    schema: Mapping[str, Any]  # column -> Polars type
    settings: Mapping[str, Setting]
    clock: Clock

    def condition(self, rule: Rule) -> pl.Expr:
        """The rule as a Boolean; refuses what is not true or false."""
        return self._flag(rule, rule.tree)

    def value(self, rule: Rule) -> Value:
        """The rule as a value of any kind."""
        return self._value(rule, rule.tree)

    def amount(self, rule: Rule) -> pl.Expr:
        """The rule as money, rounded half away from zero to six digits."""
        return _to_money(self._number(rule, rule.tree))

    # The grammar, node by node -------------------------------------------------------------------------------------------

    def _value(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401 - a sqlglot node
        name = type(node).__name__
        if name in _NODES:
            read: Callable[[Rule, Any], Value] = getattr(self, _NODES[name])
            return read(rule, node)
        call: Callable[[Rule, list[Any]], Value] = getattr(self, f"_{function_name(node)}")
        return call(rule, arguments(node))

    def _flag(self, rule: Rule, node: Any) -> pl.Expr:  # noqa: ANN401
        value = self._value(rule, node)
        if value.kind != "flag":
            raise rule.refuse(f'"{node.sql()}" is a {value.kind}, not true or false', expected="a condition", todo="compare it with something")
        return value.expr

    def _number(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        value = self._value(rule, node)
        if value.kind != "number":
            raise rule.refuse(f'"{node.sql()}" is a {value.kind}, not a number', expected="a number")
        return value

    def _paren(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        return self._value(rule, node.this)

    def _column(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        name = node.name
        if name in CONSTANTS:
            clock = self.clock
            moment = {"AS_OF": clock.as_of, "PERIOD_FROM": clock.period_from, "PERIOD_TO": clock.period_to, "AS_OF_END": clock.as_of_end}[name]
            kind = "instant" if name == "AS_OF_END" else "date"
            return Value(pl.lit(moment, dtype=pl.Datetime("us", "UTC") if kind == "instant" else pl.Date()), kind)
        dtype = self.schema[name]
        if isinstance(dtype, pl.Decimal):
            return Value(pl.col(name), "number", digits=dtype.scale)
        if dtype.is_integer():
            return Value(pl.col(name), "number", whole=True)
        for known, said in ((pl.String, "text"), (pl.Boolean, "flag"), (pl.Date, "date"), (pl.Datetime, "instant")):
            if dtype == known:
                return Value(pl.col(name), said)
        raise rule.refuse(f'"{name}" is of a type that rules do not know', got=str(dtype))

    def _literal(self, _rule: Rule, node: Any) -> Value:  # noqa: ANN401
        if node.is_string:
            return Value(pl.lit(str(node.this)), "text")
        number = Decimal(str(node.this))
        digits = max(0, -int(number.as_tuple().exponent))
        if digits == 0:
            return Value(pl.lit(int(number), dtype=pl.Int64), "number", whole=True)
        return Value(pl.lit(number, dtype=pl.Decimal(38, digits)), "number", digits=digits)

    def _boolean(self, _rule: Rule, node: Any) -> Value:  # noqa: ANN401
        return Value(pl.lit(bool(node.this)), "flag")

    def _placeholder(self, _rule: Rule, node: Any) -> Value:  # noqa: ANN401
        setting = self.settings[str(node.this)]
        if setting.is_number:
            return Value(setting.number(), "number", digits=10)
        if setting.name.endswith("_flag"):
            return Value(setting.says("true"), "flag")
        return Value(setting.text(), "text")

    def _and(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        return Value(self._flag(rule, node.this) & self._flag(rule, node.expression), "flag")

    def _or(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        return Value(self._flag(rule, node.this) | self._flag(rule, node.expression), "flag")

    def _not(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        return Value(~self._flag(rule, node.this), "flag")

    def _is(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        if type(node.expression).__name__ == "Null":
            return Value(self._value(rule, node.this).expr.is_null(), "flag")
        wanted = bool(node.expression.this)
        flag = self._flag(rule, node.this)
        return Value((flag if wanted else ~flag).fill_null(value=False), "flag")

    def _compare(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        left, right = self._alike(rule, [node.this, node.expression])
        return Value(_COMPARISONS[type(node).__name__](left.expr, right.expr), "flag")

    def _between(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        value, low, high = self._alike(rule, [node.this, node.args["low"], node.args["high"]])
        return Value((value.expr >= low.expr) & (value.expr <= high.expr), "flag")

    def _in(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        if any(type(item).__name__ not in {"Literal", "Neg"} for item in node.expressions):
            raise rule.refuse("IN needs a list of literals", expected="x IN ('a', 'b')")
        value, *listed = self._alike(rule, [node.this, *node.expressions])
        found = pl.lit(value=False)
        for item in listed:
            found = found | (value.expr == item.expr)
        return Value(found, "flag")

    def _like(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        value = self._value(rule, node.this)
        pattern = node.expression
        if value.kind != "text" or not getattr(pattern, "is_string", False):
            raise rule.refuse("LIKE compares a text with a quoted pattern", expected="x LIKE 'AB%'")
        parts = [".*" if c == "%" else "." if c == "_" else re.escape(c) for c in str(pattern.this)]
        return Value(value.expr.str.contains(f"^(?s:{''.join(parts)})$"), "flag")

    def _negative(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        value = self._number(rule, node.this)
        return Value(-value.expr, "number", value.digits, value.whole)

    def _sum(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        pair = [self._number(rule, node.this), self._number(rule, node.expression)]
        left, right = _same_digits(pair)
        total = left.expr + right.expr if type(node).__name__ == "Add" else left.expr - right.expr
        return Value(total, "number", left.digits, left.whole)

    def _product(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        left, right = self._number(rule, node.this), self._number(rule, node.expression)
        if left.whole and right.whole:
            return Value(left.expr * right.expr, "number", whole=True)
        digits = left.digits + right.digits
        if digits > _MOST_DIGITS:
            raise rule.refuse(
                f'"{node.sql()}" has {digits} digits behind the point', expected=f"at most {_MOST_DIGITS}", todo="wrap a factor in money(…)"
            )
        return Value(money.product(left.expr, right.expr, scale=digits), "number", digits)

    def _case(self, rule: Rule, node: Any) -> Value:  # noqa: ANN401
        results = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
        known = [r for r in results if r is not None and type(r).__name__ != "Null"]
        if not known:
            raise rule.refuse("CASE that is always NULL", expected="a value in one of its branches")
        values = self._alike(rule, known)
        exprs = {id(result): value.expr for result, value in zip(known, values, strict=True)}
        chosen: Any = pl
        for branch, result in zip(node.args["ifs"], results[:-1], strict=True):
            chosen = chosen.when(self._flag(rule, branch.this)).then(exprs.get(id(result)))
        return Value(chosen.otherwise(exprs.get(id(results[-1]))), values[0].kind, values[0].digits, values[0].whole)

    # Functions -----------------------------------------------------------------------------------------------------------

    def _coalesce(self, rule: Rule, given: list[Any]) -> Value:
        values = self._alike(rule, given)
        return Value(pl.coalesce(v.expr for v in values), values[0].kind, values[0].digits, values[0].whole)

    def _greatest(self, rule: Rule, given: list[Any]) -> Value:
        return self._extreme(rule, given, pl.max_horizontal)

    def _least(self, rule: Rule, given: list[Any]) -> Value:
        return self._extreme(rule, given, pl.min_horizontal)

    def _extreme(self, rule: Rule, given: list[Any], choose: Callable[..., pl.Expr]) -> Value:
        values = self._alike(rule, given)
        known = pl.all_horizontal(v.expr.is_not_null() for v in values)
        return Value(pl.when(known).then(choose(*(v.expr for v in values))), values[0].kind, values[0].digits, values[0].whole)

    def _abs(self, rule: Rule, given: list[Any]) -> Value:
        value = self._number(rule, given[0])
        return Value(value.expr.abs(), "number", value.digits, value.whole)

    def _money(self, rule: Rule, given: list[Any]) -> Value:
        return Value(_to_money(self._number(rule, given[0])), "number", _MONEY_DIGITS)

    def _listed(self, rule: Rule, given: list[Any]) -> Value:
        value = self._value(rule, given[0])
        setting = self.settings.get(str(given[1].this)) if type(given[1]).__name__ == "Placeholder" else None
        if value.kind != "text" or setting is None:
            raise rule.refuse("listed compares a text with a parameter that holds a set", expected="listed(item_group, :exempt_category_set)")
        return Value(limits.listed(value.expr, setting), "flag")

    def _near_listed(self, rule: Rule, given: list[Any]) -> Value:
        ratio, share = self._number(rule, given[0]), self._number(rule, given[2])
        setting = self.settings.get(str(given[1].this)) if type(given[1]).__name__ == "Placeholder" else None
        if setting is None or ratio.digits > _MOST_DIGITS // 2:
            raise rule.refuse("near_listed compares a ratio of ten digits with a parameter that holds a set", expected="near_listed(x, :set, :share)")
        return Value(limits.near_listed(ratio.decimal(_MOST_DIGITS // 2), setting, share.expr), "flag")

    def _share_listed(self, rule: Rule, given: list[Any]) -> Value:
        value, base, tail = (self._number(rule, given[place]) for place in (0, 1, 3))
        setting = self.settings.get(str(given[2].this)) if type(given[2]).__name__ == "Placeholder" else None
        half = _MOST_DIGITS // 2
        if setting is None or max(value.digits, base.digits, tail.digits) > half:
            raise rule.refuse("share_listed compares a value with shares of another", expected="share_listed(x, base, :ratio_set, :amount)")
        return Value(limits.is_share_listed(value.decimal(half), base.decimal(half), setting, tail.decimal(half)), "flag")

    def _steps_passed(self, rule: Rule, given: list[Any]) -> Value:
        value = self._number(rule, given[0])
        setting = self.settings.get(str(given[1].this)) if type(given[1]).__name__ == "Placeholder" else None
        if setting is None or value.digits > _MOST_DIGITS // 2:
            raise rule.refuse(
                "steps_passed compares a number with a parameter that holds a set", expected="steps_passed(overdue_days, :bucket_day_set)"
            )
        return Value(limits.steps_passed(value.decimal(_MOST_DIGITS // 2), setting), "number", whole=True)

    def _days_between(self, rule: Rule, given: list[Any]) -> Value:
        start, end = self._moments(rule, given, "date")
        return Value((end - start).dt.total_days(), "number", whole=True)

    def _seconds_between(self, rule: Rule, given: list[Any]) -> Value:
        start, end = self._moments(rule, given, "instant")
        return Value((end - start).dt.total_seconds(), "number", whole=True)

    def _moments(self, rule: Rule, given: list[Any], kind: str) -> tuple[pl.Expr, pl.Expr]:
        values = [self._value(rule, node) for node in given]
        for node, value in zip(given, values, strict=True):
            if value.kind != kind:
                raise rule.refuse(f'"{node.sql()}" is a {value.kind}, not a {kind}', expected=f"two values of the kind {kind}")
        return values[0].expr, values[1].expr

    def _exceeds(self, rule: Rule, given: list[Any]) -> Value:
        value, limit = self._number(rule, given[0]), self._number(rule, given[1])
        digits = max(value.digits, limit.digits)
        return Value(limits.exceeds(value.decimal(digits), limit.decimal(digits)), "flag")

    def _exceeds_share(self, rule: Rule, given: list[Any]) -> Value:
        value, base, share = (self._number(rule, node) for node in given)
        return Value(limits.exceeds_share(value.expr, self._as_base(rule, given[1], base), share.expr), "flag")

    def _exceeds_limits(self, rule: Rule, given: list[Any]) -> Value:
        value, base, share, amount = (self._number(rule, node) for node in given[:4])
        policy = self.settings.get(str(given[4].this)) if type(given[4]).__name__ == "Placeholder" else None
        if policy is None:
            raise rule.refuse("exceeds_limits needs a parameter that names the policy", expected=":tolerance_combine_policy")
        line, large = (self._number(rule, node).decimal(10) for node in given[5:7]) if len(given) > 5 else (None, None)
        share_broken = limits.exceeds_share(value.expr, self._as_base(rule, given[1], base), share.expr)
        allowed = self._allowance(given[3], amount, base)
        amount_broken = limits.exceeds(value.decimal(10), allowed)
        pair = limits.Pair(share_broken, share.expr, self._states(given[2]), amount_broken, allowed, self._states(given[3]))
        return Value(limits.combined(pair, policy, line, large), "flag")

    def _allowance(self, node: Any, amount: Value, base: Value) -> pl.Expr:  # noqa: ANN401
        """The amount allowed on a row; of a limit in bands the one for the size of its base."""
        if type(node).__name__ != "Placeholder":
            return amount.decimal(10)
        return self.settings[str(node.this)].allowance(base.expr)

    def _states(self, node: Any) -> pl.Expr:  # noqa: ANN401
        """Whether a limit is switched off, which is not the same as being unlimited where two limits are combined."""
        if type(node).__name__ != "Placeholder":
            return pl.lit(value=False)
        return self.settings[str(node.this)].says("not_checked")

    def _as_base(self, rule: Rule, node: Any, base: Value) -> pl.Expr:  # noqa: ANN401
        if base.digits > _MOST_DIGITS // 2:
            raise rule.refuse(f'the base "{node.sql()}" has too many digits', todo="wrap it in money(…)")
        return base.expr

    def _alike(self, rule: Rule, nodes: list[Any]) -> list[Value]:
        values = [self._value(rule, node) for node in nodes]
        first = values[0]
        for node, value in zip(nodes, values, strict=True):
            if value.kind != first.kind:
                raise rule.refuse(f'"{nodes[0].sql()}" is a {first.kind}, "{node.sql()}" is a {value.kind}', expected="values of one kind")
        return _same_digits(values) if first.kind == "number" else values


def _same_digits(values: list[Value]) -> list[Value]:
    if all(v.whole for v in values):
        return values
    digits = max(v.digits for v in values)
    return [Value(v.decimal(digits), "number", digits) for v in values]


def _to_money(value: Value) -> pl.Expr:
    if value.whole or value.digits <= _MONEY_DIGITS:
        return value.decimal(_MONEY_DIGITS)
    return value.expr.round(_MONEY_DIGITS, mode="half_away_from_zero").cast(money.MONEY)


_COMPARISONS: Final[dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "EQ": lambda a, b: a == b,
    "NEQ": lambda a, b: a != b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
}
#: Kind of node -> the method that reads it.
_NODES: Final[dict[str, str]] = {
    "Paren": "_paren",
    "Column": "_column",
    "Literal": "_literal",
    "Boolean": "_boolean",
    "Placeholder": "_placeholder",
    "And": "_and",
    "Or": "_or",
    "Not": "_not",
    "Is": "_is",
    **dict.fromkeys(_COMPARISONS, "_compare"),
    "Between": "_between",
    "In": "_in",
    "Like": "_like",
    "Neg": "_negative",
    "Add": "_sum",
    "Sub": "_sum",
    "Mul": "_product",
    "Case": "_case",
}
