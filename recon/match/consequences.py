"""What follows from matching: returns and their credits, charges, advances, periods, balances. Each in its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.match import advances, balances, charges, confirmed_bills, credit_notes, pack_ratios, returns, validity
from recon.match.payments import allocations

if TYPE_CHECKING:
    import polars as pl

    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay


def consequences(
    found: ThreeWay, lines: MeasuredLines, settlement: Settlement, charged: pl.DataFrame, layers: pl.DataFrame
) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """The measured tables of `measures_beside`, and how many rows were looked at where a table holds only some.

    `charged`: the charge lines with their plan (`charges.charge_lines`); `layers`: open_layer.
    """
    accepted, as_of = found.ground.accepted, found.ground.engagement.as_of
    settled = settlement.invoices.collect()
    confirmed, signed_for = confirmed_bills.confirmed_bill(found, lines, as_of)
    mirrored, open_lines = balances.mirror_layer(layers, accepted)
    packed, billed_over = pack_ratios.pack_ratio(found)
    tables = {
        "return_match": returns.return_match(found, accepted, as_of),
        "credit_match": credit_notes.credit_match(found, accepted),
        "credited_invoice": credit_notes.credited_invoice(found, settled, accepted),
        "open_credit": credit_notes.open_credit(settled, settlement.settlement_match, accepted, as_of),
        "advance_match": advances.advance_match(found, settlement, lines.orders, allocations(accepted), as_of),
        "charge_match": charges.charge_match(charged, accepted),
        "planned_charge": charges.planned_charge(found, charged, accepted),
        "confirmed_bill": confirmed,
        "validity_test": validity.validity_test(found),
        "mirror_layer": mirrored,
        "party_balance": balances.party_balance(layers, accepted),
        "pack_ratio": packed,
    }
    return {name: frame.collect().lazy() for name, frame in tables.items()}, {
        "confirmed_bill": signed_for,
        "mirror_layer": open_lines,
        "pack_ratio": billed_over,
    }
