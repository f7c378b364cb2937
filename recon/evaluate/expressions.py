"""The rule language: SQL expressions, parsed and allow-listed before anything is computed from them.

A condition speaks about one row of its population: columns, exact literals, arithmetic without division, comparison, three-valued
logic, CASE, COALESCE, IN, BETWEEN, LIKE, IS NULL and the functions in `FUNCTIONS`. Everything else is refused with the place and a
suggestion. The text never reaches a database or an SQL context: a tree comes out, and `translate` makes Polars expressions of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from recon.domain.errors import TermsRefused, did_you_mean

#: Words that are no columns: the run's one clock, as a day and as the instant that day ends, and the reported period.
CONSTANTS: Final = ("AS_OF", "AS_OF_END", "PERIOD_FROM", "PERIOD_TO")

#: function -> (fewest arguments, most arguments, what it says)
FUNCTIONS: Final[dict[str, tuple[int, int, str]]] = {
    "abs": (1, 1, "abs(x): the value without its sign"),
    "coalesce": (2, 9, "coalesce(x, y, …): the first that is known"),
    "greatest": (2, 9, "greatest(x, y, …): the largest; unknown when one of them is"),
    "least": (2, 9, "least(x, y, …): the smallest; unknown when one of them is"),
    "money": (1, 1, "money(x): rounded half away from zero to six digits, so that it may be multiplied again"),
    "listed": (2, 2, "listed(text, :set): whether the text is one of a comma-separated set; false when the set says none"),
    "near_listed": (
        3,
        3,
        "near_listed(ratio, :ratio_set, :share): within the share of a number of the set or of its inverse, the edge included",
    ),
    "share_listed": (
        4,
        4,
        "share_listed(value, base, :ratio_set, :amount): the value is the base times a number of the set, off by the amount at most",
    ),
    "steps_passed": (
        2,
        2,
        "steps_passed(value, :day_set): how many numbers of the set the value is strictly greater than; none when the set says none",
    ),
    "days_between": (2, 2, "days_between(from, to): whole days from one date to another"),
    "seconds_between": (2, 2, "seconds_between(from, to): whole seconds from one instant to another"),
    "exceeds": (2, 2, "exceeds(value, :limit): strictly greater; false when the limit is not_checked or unlimited"),
    "exceeds_share": (3, 3, "exceeds_share(value, base, :share): value > base × share; false when the limit is not_checked or unlimited"),
    "exceeds_limits": (
        5,
        7,
        "exceeds_limits(value, base, :share, :amount, :policy[, line_amount, :large_line_amount]): both limits under a combining policy",
    ),
}
#: Position of the limits among the arguments: there a parameter may say not_checked or unlimited.
LIMIT_POSITIONS: Final[dict[str, tuple[int, ...]]] = {"exceeds": (1,), "exceeds_share": (2,), "exceeds_limits": (2, 3, 6)}

#: Position of the limits that may differ by the size of the base.
BANDED_POSITIONS: Final[dict[str, tuple[int, ...]]] = {"exceeds_limits": (3,)}

_PLAIN_NODES: Final = frozenset({
    "And", "Or", "Not", "Paren", "EQ", "NEQ", "GT", "GTE", "LT", "LTE", "Is", "Null", "Boolean", "Literal", "Column", "Identifier",
    "Placeholder", "Add", "Sub", "Mul", "Neg", "Case", "If", "In", "Between", "Like", "Coalesce", "Abs", "Greatest", "Least", "Anonymous",
})  # fmt: skip
_LONGEST_TEXT: Final = 2_000
_DEEPEST_TREE: Final = 60


@dataclass(frozen=True)
class Rule:
    """One parsed text of a control: its tree, and the names it uses."""

    text: str
    where: str  # file:key
    tree: Any  # a sqlglot expression of allowed nodes only
    columns: frozenset[str]
    parameters: frozenset[str]
    banded: frozenset[str]  # parameters that stand only where a limit by size will do
    plain: frozenset[str]  # parameters that stand where only a value will do, not not_checked or unlimited

    def refuse(self, what: str, *, expected: str = "", got: str = "", todo: str = "") -> TermsRefused:
        """The refusal of this text, with its place."""
        return TermsRefused(what, where=self.where, expected=expected, got=got or self.text, todo=todo)


@lru_cache(maxsize=4096)
def parse(text: str, where: str) -> Rule:
    """The tree of an SQL expression, every node of it allowed. Raises TermsRefused naming the place and what is not allowed."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    bare = Rule(text, where, None, frozenset(), frozenset(), frozenset(), frozenset())
    if len(text) > _LONGEST_TEXT:
        raise bare.refuse("the expression is too long", expected=f"at most {_LONGEST_TEXT} characters", got=f"{len(text)} characters")
    if not text.strip():
        raise bare.refuse("the expression is empty", expected="an SQL condition or value", got="nothing")
    try:
        trees = sqlglot.parse(text)
    except RecursionError:
        raise bare.refuse("the expression is nested too deeply", expected=f"at most {_DEEPEST_TREE} levels") from None
    except SqlglotError as error:
        raise bare.refuse("this is no SQL expression", got=text, todo=str(error).splitlines()[0]) from None
    if len(trees) != 1 or trees[0] is None:
        raise bare.refuse("more than one statement", expected="one expression", todo="remove the semicolon")
    tree = trees[0]
    columns, placeholders, as_limits, by_size = set(), [], set(), set()
    for node in tree.walk():
        _allow(bare, node)
        if isinstance(node, exp.Column) and node.name not in CONSTANTS:
            columns.add(node.name)
        elif isinstance(node, exp.Placeholder):
            placeholders.append(node)
        elif isinstance(node, exp.Anonymous):
            by_size |= {id(p) for i in BANDED_POSITIONS.get(function_name(node), ()) for p in _placeholders(node, i)}
            as_limits |= {id(p) for i in LIMIT_POSITIONS.get(function_name(node), ()) for p in _placeholders(node, i)}
    plain = {str(p.this) for p in placeholders if id(p) not in as_limits}
    banded = {str(p.this) for p in placeholders} - {str(p.this) for p in placeholders if id(p) not in by_size}
    return Rule(text, where, tree, frozenset(columns), frozenset(str(p.this) for p in placeholders), frozenset(banded), frozenset(plain))


def function_name(node: Any) -> str:  # noqa: ANN401 - a sqlglot node
    """The name of a function node in lower case."""
    from sqlglot import exp

    return str(node.this).lower() if isinstance(node, exp.Anonymous) else type(node).__name__.lower()


def arguments(node: Any) -> list[Any]:  # noqa: ANN401
    """The arguments of a function node in order."""
    from sqlglot import exp

    return list(node.expressions) if isinstance(node, exp.Anonymous) else [node.this, *node.expressions]


def _placeholders(node: Any, position: int) -> list[Any]:  # noqa: ANN401
    from sqlglot import exp

    given = arguments(node)
    return list(given[position].find_all(exp.Placeholder)) if position < len(given) else []


def _allow(rule: Rule, node: Any) -> None:  # noqa: ANN401
    from sqlglot import exp

    kind = type(node).__name__
    if kind not in _PLAIN_NODES:
        raise rule.refuse(f"{_said(node)} is not part of the rule language", expected=_language(), todo=_instead(kind))
    if isinstance(node, exp.Column) and len(node.parts) > 1:
        raise rule.refuse(f'"{node.sql()}" names a table', expected="a column of the population, by its name alone")
    if isinstance(node, exp.Placeholder) and not node.this:
        raise rule.refuse("a parameter without a name", expected=":name of a parameter of the control")
    if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null | exp.Boolean):
        raise rule.refuse("IS compares with NULL, TRUE or FALSE only", todo="use = for values")
    if isinstance(node, exp.Null) and not isinstance(node.parent, exp.Is | exp.If | exp.Case):
        raise rule.refuse("NULL stands where a value is needed", todo="write IS NULL or IS NOT NULL")
    if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest") or not node.expressions):
        raise rule.refuse("IN needs a list of literals", expected="x IN ('a', 'b')")
    if isinstance(node, exp.Case) and node.args.get("this") is not None:
        raise rule.refuse("CASE with a subject", todo="write CASE WHEN condition THEN value … END")
    if isinstance(node, exp.Anonymous | exp.Coalesce | exp.Abs | exp.Greatest | exp.Least):
        _allow_function(rule, node)
    if node.depth > _DEEPEST_TREE:
        raise rule.refuse("the expression is nested too deeply", expected=f"at most {_DEEPEST_TREE} levels")


def _allow_function(rule: Rule, node: Any) -> None:  # noqa: ANN401
    name = function_name(node)
    if name not in FUNCTIONS:
        hint = did_you_mean(name, set(FUNCTIONS))
        raise rule.refuse(f'there is no function "{name}"', expected=", ".join(FUNCTIONS), todo=hint)
    fewest, most, says = FUNCTIONS[name]
    if not fewest <= len(arguments(node)) <= most:
        raise rule.refuse(f"{name} has {len(arguments(node))} arguments", expected=says)
    if name == "exceeds_limits" and len(arguments(node)) == 6:
        raise rule.refuse("exceeds_limits has a line amount without its limit", expected=says)


def _said(node: Any) -> str:  # noqa: ANN401
    text = " ".join(node.sql().split())
    return f'"{text[:80]}"'


def _language() -> str:
    return "columns, literals, + - *, comparison, AND OR NOT, CASE, COALESCE, IN, BETWEEN, LIKE, IS NULL and " + ", ".join(sorted(FUNCTIONS))


def _instead(kind: str) -> str:
    return {
        "Div": "multiply the other side instead: a * 100 > b rather than a > b / 100; division is not exact",
        "Select": "a condition speaks about one row; what needs other rows is a measured column",
        "Subquery": "a condition speaks about one row; what needs other rows is a measured column",
        "Cast": "types are fixed by the population; compare like with like",
        "Window": "what needs other rows is a measured column",
        "ILike": "use LIKE",
    }.get(kind, "say it with what the language has")
