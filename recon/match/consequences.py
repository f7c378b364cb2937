"""What follows from matching: returns and their credits, charges, advances, periods, balances. Each in its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.match import advances, balances, charges, confirmed_bills, credit_notes, pack_ratios, returns, validity
from recon.match.payments import allocations

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import polars as pl

    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay


def consequences(
    found: ThreeWay, lines: MeasuredLines, settlement: Settlement, pieces: tuple[pl.DataFrame, pl.DataFrame], wanted: Collection[str]
) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """The measured tables of `measures_beside` that are `wanted`, and how many rows were looked at where a table holds only some.

    `pieces`: the charge lines with their plan (`charges.charge_lines`), and open_layer.
    """
    charged, layers = pieces
    accepted, as_of = found.ground.accepted, found.ground.engagement.as_of
    plain: dict[str, Callable[[], pl.LazyFrame]] = {
        "return_match": lambda: returns.return_match(found, accepted, as_of),
        "credit_match": lambda: credit_notes.credit_match(found, accepted),
        "credited_invoice": lambda: credit_notes.credited_invoice(found, settlement.invoices.collect(), accepted),
        "open_credit": lambda: credit_notes.open_credit(settlement.invoices.collect(), settlement.settlement_match, accepted, as_of),
        "advance_match": lambda: advances.advance_match(found, settlement, lines.orders, allocations(accepted), as_of),
        "charge_match": lambda: charges.charge_match(charged, accepted),
        "planned_charge": lambda: charges.planned_charge(found, charged, accepted),
        "validity_test": lambda: validity.validity_test(found),
        "party_balance": lambda: balances.party_balance(layers, accepted),
    }
    covering: dict[str, Callable[[], tuple[pl.LazyFrame, int]]] = {
        "confirmed_bill": lambda: confirmed_bills.confirmed_bill(found, lines, as_of),
        "mirror_layer": lambda: balances.mirror_layer(layers, accepted),
        "pack_ratio": lambda: pack_ratios.pack_ratio(found),
    }
    pairs = {name: maker() for name, maker in covering.items() if name in wanted}
    tables = {name: maker() for name, maker in plain.items() if name in wanted} | {name: pair[0] for name, pair in pairs.items()}
    return {name: frame.collect().lazy() for name, frame in tables.items()}, {name: pair[1] for name, pair in pairs.items()}
