"""What follows from matching: returns and their credits, charges, advances, periods, balances. Each in its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.match import advances, charges, confirmed_bills, credit_notes, returns, validity
from recon.match.payments import allocations

if TYPE_CHECKING:
    import polars as pl

    from recon.domain.engagement import Engagement
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay


def consequences(
    found: ThreeWay, lines: MeasuredLines, settlement: Settlement, charged: pl.DataFrame, engagement: Engagement
) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """The measured tables of `measures_beside`, and how many rows were looked at where a table holds only some.

    `charged`: the charge lines with their plan (`charges.charge_lines`).
    """
    accepted, as_of = found.ground.accepted, engagement.as_of
    settled = settlement.invoices.collect()
    confirmed, looked_at = confirmed_bills.confirmed_bill(found, lines, as_of)
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
    }
    return {name: frame.collect().lazy() for name, frame in tables.items()}, {"confirmed_bill": looked_at}
