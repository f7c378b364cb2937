"""The rule language: what it says, exactly, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.domain.errors import TermsRefused
from recon.domain.money import MONEY, PRICE, QUANTITY, RATE
from recon.evaluate import wording
from recon.evaluate.expressions import parse
from recon.evaluate.settings import Setting
from recon.evaluate.translate import Clock, Reader

CLOCK = Clock(date(2026, 10, 31), datetime(2026, 10, 31, 16, tzinfo=UTC), date(2026, 10, 1), date(2026, 10, 31))
SCHEMA = {
    "m": MONEY, "q": QUANTITY, "p": PRICE, "r": RATE, "n": pl.Int64(), "t": pl.String(), "f": pl.Boolean(), "g": pl.Boolean(), "d": pl.Date(),
    "d2": pl.Date(), "at": pl.Datetime("us", "UTC"),
}  # fmt: skip


def value(text: str, parameters: dict[str, str] | None = None, **row: object) -> object:
    settings_ = {name: Setting(name, word) for name, word in (parameters or {}).items()}
    columns = {c: [Decimal(v) if isinstance(v, str) and isinstance(SCHEMA[c], pl.Decimal) else v] for c, v in row.items()}
    frame = pl.DataFrame({c: columns.get(c, [None]) for c in SCHEMA}, schema=SCHEMA)
    read = Reader(SCHEMA, settings_, CLOCK).value(parse(text, "rule"))
    return frame.select(read.expr.alias("x")).item()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f AND g", None), ("NOT f", None), ("f OR TRUE", True), ("f AND FALSE", False), ("f IS NULL", True), ("f IS NOT NULL", False),
        ("f IS TRUE", False), ("f IS NOT TRUE", True), ("f IS FALSE", False), ("m > 0", None), ("COALESCE(m, 1) > 0", True), ("t = 'x'", None),
        ("t IN ('x')", None), ("t LIKE 'x%'", None), ("m BETWEEN 0 AND 1", None), ("m BETWEEN 0 AND 1 OR TRUE", True),
        ("CASE WHEN f THEN 1 ELSE 2 END", 2), ("CASE WHEN f THEN 1 END", None), ("greatest(m, 1)", None), ("least(n, 1)", None),
        ("n = 1 OR n <> 1", None),
    ],
)  # fmt: skip
def test_unknown_is_neither_true_nor_false(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("m + 1", {"m": "0.10"}, Decimal("1.1")),
        ("q * p", {"q": "30000", "p": "0.01782"}, Decimal("534.6")),
        ("money(q * p) * r", {"q": "3", "p": "33.3", "r": "0.05"}, Decimal("4.995")),
        ("money(q * p)", {"q": "0.001", "p": "0.0015"}, Decimal("0.000002")),
        ("money(-q * p)", {"q": "0.001", "p": "0.0015"}, Decimal("-0.000002")),
        ("-m - 0.5", {"m": "1"}, Decimal("-1.5")),
        ("abs(m)", {"m": "-1"}, Decimal(1)),
        ("greatest(m, n, 2.5)", {"m": "-1", "n": 2}, Decimal("2.5")),
        ("least(m, 0)", {"m": "-1"}, Decimal(-1)),
        ("days_between(d, AS_OF)", {"d": date(2026, 10, 1)}, 30),
        ("days_between(PERIOD_TO, PERIOD_FROM)", {}, -30),
        ("seconds_between(at, AS_OF_END)", {"at": datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC)}, 1),
        ("t LIKE 'A_%.'", {"t": "AB(x)."}, True),
        ("t LIKE 'A_%.'", {"t": "AB(x)!"}, False),
        ("t IN ('a', 'b')", {"t": "b"}, True),
        ("n IN (1, -2)", {"n": -2}, True),
        ("CASE WHEN n = 1 THEN 0.15 WHEN n < 6 THEN 0.075 ELSE 0 END", {"n": 3}, Decimal("0.075")),
        ("CASE WHEN n = 1 THEN NULL ELSE TRUE END", {"n": 1}, None),
        ("d <= AS_OF AND d2 > d", {"d": date(2026, 10, 1), "d2": date(2026, 10, 2)}, True),
        ("r = 0.1 + 0.2", {"r": "0.3"}, True),
    ],
)
def test_values_are_exact(text: str, row: dict[str, object], expected: object) -> None:
    assert value(text, **row) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(SELECT 1)", "measured column"), ("m > (SELECT MAX(m) FROM x)", "measured column"), ("SUM(m) OVER () > 1", "rule language"),
        ("read_csv('/etc/passwd') IS NULL", "rule language"), ("getenv('HOME') = 'x'", 'no function "getenv"'), ("m / 100 > 1", "division is not exact"),
        ("m % 2 = 0", "rule language"), ("x.m > 1", "names a table"), ("m > 1; DROP TABLE m", "one expression"), ("m::int > 1", "like with like"),
        ("t || 'x' = 'y'", "rule language"), ("m >", "no SQL"), ("", "empty"), ("t ILIKE 'x'", "use LIKE"), ("m > ALL(q)", "ALL"),
        ("m = NULL", "IS NULL"), ("t IN (SELECT 1)", "list of literals"), ("exceeds(m)", "1 arguments"), ("excceeds(m, :x)", 'mean "exceeds"'),
        ("CASE t WHEN 'x' THEN TRUE END", "CASE WHEN"), ("EXISTS (SELECT 1)", "rule language"), ("m > ?", "without a name"),
        ("CURRENT_DATE > d", "rule language"), ("RANDOM() > m", "rule language"), ("m BETWEEN SYMMETRIC 1 AND 2 = f.g", "names a table"),
        ("LAMBDA x: x", "no SQL"), ("*", "rule language"), ("m > 1 -- " + "x" * 3000, "too long"), ("(" * 70 + "m" + ")" * 70 + " > 1", "nested"),
    ],
)  # fmt: skip
def test_everything_else_is_refused(text: str, said: str) -> None:
    with pytest.raises(TermsRefused) as refused:
        parse(text, "rules/x.yaml:exception_when")
    assert said in str(refused.value)
    assert "rules/x.yaml:exception_when" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t > 1", "is a text"), ("d > at", "is a date"), ("f + 1", "not a number"), ("m AND f", "not true or false"), ("d = '2026-01-01'", "is a date"),
        ("money(q * p) * q * p", "wrap a factor in money"), ("days_between(d, at)", "not a date"), ("abs(t) = 1", "not a number"),
        ("exceeds_limits(m, m, 1, 2, 'both')", "parameter that names the policy"), ("listed(t, 'a')", "parameter that holds a set"),
        ("COALESCE(m, t) = 1", "values of one kind"), ("t LIKE t", "quoted pattern"), ("n IN (n)", "list of literals"),
    ],
)  # fmt: skip
def test_kinds_are_not_mixed(text: str, said: str) -> None:
    with pytest.raises(TermsRefused, match=said):
        value(text)


@pytest.mark.parametrize(
    ("limit", "measured", "expected"),
    [
        ("10", "10", False), ("10", "10.000001", True), ("0", "0.000001", True), ("not_checked", "999999", False), ("unlimited", "999999", False),
        ("10", None, None), ("not_checked", None, False),
    ],
)  # fmt: skip
def test_a_limit_has_three_states_and_equal_passes(limit: str, measured: str | None, expected: object) -> None:
    assert value("exceeds(m, :max_amount)", {"max_amount": limit}, m=measured) is expected


POLICIES = ("both_up_to_large_line", "both", "either", "pct_capped", "greater_of")


@pytest.mark.parametrize(
    ("share", "amount", "line", "expected"),
    [
        # the measure is 30 on a base of 1,000: 3 %
        ("0.02", "20", "1000", (True, True, True, True, True)),
        ("0.02", "50", "1000", (False, False, True, True, False)),
        ("0.05", "20", "1000", (False, False, True, True, False)),
        ("0.05", "20", "1000.01", (True, False, True, True, False)),
        ("0.03", "30", "1000.01", (False, False, False, False, False)),
        ("not_checked", "20", "1000", (True, True, True, True, True)),
        ("0.02", "not_checked", "1000", (True, True, True, True, True)),
        ("0.05", "not_checked", "1000.01", (False, False, False, False, False)),
        ("unlimited", "20", "1000", (False, False, True, True, False)),
        ("not_checked", "not_checked", "1000.01", (False, False, False, False, False)),
        ("unlimited", "unlimited", "1000.01", (False, False, False, False, False)),
    ],
)
def test_two_limits_combine_by_policy(share: str, amount: str, line: str, expected: tuple[bool, ...]) -> None:
    found = tuple(
        value(
            "exceeds_limits(30, 1000, :over_share, :over_amount, :policy, m, :large_amount)",
            {"over_share": share, "over_amount": amount, "policy": policy, "large_amount": "1000"},
            m=line,
        )
        for policy in POLICIES
    )
    assert found == expected


def test_sets_are_listed_by_their_members() -> None:
    chosen = {"exempt_set": "rent, utilities"}
    assert value("listed(t, :exempt_set)", chosen, t="rent") is True
    assert value("listed(t, :exempt_set)", chosen, t="steel") is False
    assert value("listed(t, :exempt_set)", chosen) is None
    assert value("listed(t, :exempt_set)", {"exempt_set": "none"}) is False


numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=6, allow_nan=False)
shares = st.decimals(min_value=0, max_value=2, places=10, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(numbers, numbers, shares)
def test_a_share_is_compared_exactly(measured: Decimal, base: Decimal, share: Decimal) -> None:
    said = value("exceeds_share(m, q, :over_share)", {"over_share": format(share, "f")}, m=str(measured), q=str(base))
    assert said is (measured > abs(base) * share)


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ("1234567.5", "1,234,567.5"),
        ("-1000", "-1,000"),
        ("999", "999"),
        ("0.00123", "0.00123"),
        ("100000", "100,000"),
        ("AB12345", "AB12345"),
        (None, None),
    ],
)
def test_figures_in_sentences_have_their_digits_in_threes(plain: str | None, said: str | None) -> None:
    assert pl.select(wording.grouped(pl.lit(plain, dtype=pl.String))).item() == said


@pytest.mark.parametrize(
    ("exact", "said"), [("31080.0000000002", "31,080"), ("103.0833333333", "103.08"), ("2.005", "2.01"), ("-0.004", "-0"), ("1", "1")]
)
def test_hours_are_said_to_a_hundredth(exact: str, said: str) -> None:
    assert pl.select(wording.rounded(pl.lit(exact))).item() == said.replace("-0", "0")


@pytest.mark.parametrize(
    ("exact", "said"),
    [("0.9756097561", "97.56 %"), ("0.09", "9 %"), ("1", "100 %"), ("0.00005", "0.01 %"), ("0.0000499", "0 %"), ("12", "1,200 %"), (None, None)],
)
def test_shares_are_said_in_percent(exact: str | None, said: str | None) -> None:
    assert pl.select(wording.percent(pl.lit(exact, dtype=pl.String))).item() == said


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"tax_rate", "order_tax_rate"}, "12.5 %"),
        ({"peer_share_p95"}, "12.5 %"),
        ({"chance_p95"}, "12.5 %"),
        ({"name_similarity"}, "12.5 %"),
        ({"fx_rate"}, "0.125"),
        ({"tax_rate", "invoiced_amount"}, "0.125"),
        ({"shared_attributes"}, "0.125"),
        ({"waited_hours"}, "0.13"),
        ({"baseline_mean_base"}, "0.13"),
        ({"hours", "invoiced_amount"}, "0.125"),
        (set(), "0.125"),
    ],
)
def test_a_number_is_said_as_its_columns_are_read(columns: set[str], said: str) -> None:
    assert pl.select(wording.number(pl.lit("0.125"), columns)).item() == said


@pytest.mark.parametrize(
    ("days", "english"),
    [("1", "within 1 day of it"), ("2", "within 2 days of it"), ("11", "within 11 days of it"), (None, "within unknown days of it")],
)
def test_one_is_said_in_the_singular(days: str | None, english: str) -> None:
    parts = {"span_days": pl.lit(days, dtype=pl.String)}
    assert pl.select(wording.sentence("within {span_days} days of it", parts, "en")).item() == english
    assert pl.select(wording.sentence("{span_days} 天内", parts, "zh")).item() == f"{days or '未知'} 天内"


@pytest.mark.parametrize(
    ("template", "english"),
    [
        ("{document_type} {number} is late.", "Purchase order po-1 is late."),
        ("{number} is late.", "po-1 is late."),  # a number stays as it is written
        ("The {document_type} is late.", "The purchase order is late."),
    ],
)
def test_a_kind_of_document_begins_a_sentence_large(template, english):
    parts = {"document_type": pl.lit("purchase order"), "number": pl.lit("po-1")}
    assert pl.select(wording.sentence(template, parts, "en")).item() == english


def test_the_text_in_the_other_language_is_taken_where_the_table_has_it() -> None:
    schema = {"reason": pl.String(), "reason_zh": pl.String(), "is_given": pl.Boolean(), "state": pl.String()}
    rows = pl.DataFrame({"reason": ["none"], "reason_zh": ["无"], "is_given": [True], "state": ["ambiguous"]}, schema=schema)
    assert rows.select(*(wording.column(name, schema, "en").alias(name) for name in ("reason", "is_given", "state"))).row(0) == (
        "none",
        "yes",
        "ambiguous",
    )
    assert rows.select(*(wording.column(name, schema, "zh").alias(name) for name in ("reason", "is_given", "state"))).row(0) == ("无", "是", "不唯一")


@pytest.mark.parametrize(
    ("line", "english", "chinese"),
    [("1", "order PO1 line 1 agreed 10", "订单 PO1 第 1 行约定 10"), (None, "order PO1 agreed 10", "订单 PO1 约定 10")],
)
def test_a_line_without_a_number_is_not_named(line, english, chinese):
    parts = {"order_number": pl.lit("PO1"), "order_line_no": pl.lit(line, dtype=pl.String), "expected": pl.lit("10")}
    template = "order {order_number} line {order_line_no} agreed {expected}", "订单 {order_number} 第 {order_line_no} 行约定 {expected}"
    assert pl.select(wording.sentence(template[0], parts, "en")).item() == english
    assert pl.select(wording.sentence(template[1], parts, "zh")).item() == chinese
