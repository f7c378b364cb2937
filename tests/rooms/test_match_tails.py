"""Which rounding convention gives what an invoice states."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from recon.domain import money
from recon.match.conventions import of_documents

TYPES = {
    "document": pl.UInt32(), "currency": pl.String(), "net": money.MONEY, "quantity": money.QUANTITY, "unit_price_net": money.PRICE,
    "price_per": money.QUANTITY, "discount_amount": money.MONEY, "tax_rate": money.RATE, "line_tax_amount": money.MONEY,
    "line_amount_gross": money.MONEY, "recomputed_amount": money.MONEY,
}  # fmt: skip


def line(quantity: str, price: str, net: str, tax: str | None = None, rate: str = "0.13", **more: Any) -> dict[str, Any]:
    gross = None if tax is None else str(Decimal(net) + Decimal(tax))
    told = {"document": 0, "currency": "CNY", "net": net, "quantity": quantity, "unit_price_net": price, "tax_rate": rate, "line_tax_amount": tax}
    return dict.fromkeys(TYPES) | told | {"line_amount_gross": gross, "recomputed_amount": net} | more


def explained(*lines: dict[str, Any]) -> tuple[str | None, str | None]:
    table = pl.DataFrame(list(lines), schema_overrides=dict.fromkeys(set(TYPES) - {"document"}, pl.String))
    frame = table.select(pl.col(name).cast(kind) for name, kind in TYPES.items())
    row = of_documents(frame).row(0, named=True)
    return row["net_convention"], row["tax_convention"]


TAXES = {
    "out of the gross amount": ([line("1", "0.88", "0.88", "0.12")], "gross − gross ÷ (1 + rate), by line, half up"),
    "of each piece": ([line("60", "10.05", "603.00", "78.60")], "net × rate, by unit of 2 digits, half up"),
    "cut off": ([line("1", "10.05", "10.05", "1.30"), line("1", "100.06", "100.06", "13.00")], "net × rate, by line, down"),
    "half to even is out of the gross amount too, and half up there": (
        [line("1", "0.5", "0.50", "0.02", "0.05"), line("1", "1.5", "1.50", "0.08", "0.05")],
        "gross − gross ÷ (1 + rate), by line, half up",
    ),
    "of the whole document": (
        [line("1", "33.33", "33.33", "4.33"), line("1", "33.33", "33.33", "4.33"), line("1", "33.33", "33.33", "4.34")],
        "net × rate, by tax rate, half up",
    ),
    "of yen": ([line("1", "105", "105", "10", "0.10", currency="JPY")], "gross − gross ÷ (1 + rate), by line, half up"),
    "no convention at all": ([line("21", "10", "210.00", "23.25", "0.11")], None),
    "one line fits, the other does not": ([line("1", "0.88", "0.88", "0.12"), line("1", "10", "10.00", "1.50")], None),
}


@pytest.mark.parametrize("case", TAXES)
def test_tax(case: str) -> None:
    lines, convention = TAXES[case]
    assert explained(*lines)[1] == convention


NETS = {
    "price rounded first": ([line("60", "12.345", "741.00")], "price of 2 digits half up × quantity"),
    "price cut off first": ([line("60", "12.349", "740.40")], "price of 2 digits down × quantity"),
    "product cut off": ([line("3", "33.337", "100.01")], "quantity × price, by line, half up"),
    "per hundred, cut off": ([line("3", "3333.9", "100.01", price_per="100")], "quantity × price, by line, down"),
    "less a discount": ([line("10", "10", "95.00", discount_amount="5")], "quantity × price, by line, half up"),
    "nothing gives it": ([line("10", "9.99", "99.00")], None),
}


@pytest.mark.parametrize("case", NETS)
def test_net(case: str) -> None:
    lines, convention = NETS[case]
    assert explained(*lines)[0] == convention
