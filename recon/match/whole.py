"""Measured tables that look across parties (`measures.WHOLE`): made once, of all accepted documents, from slim projections.

What validation found of whole tables (`Accepted.facts`) is among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.domain import tie_out
from recon.domain.workpapers import Matches
from recon.match import stock, stock_movements
from recon.match.bank import bank_difference
from recon.match.billed_across import crossing_pair
from recon.match.calendars import calendar
from recon.match.damaged import damaged_values
from recon.match.freight import freight_line
from recon.match.paid_twice import payment_pair
from recon.match.references import document_references
from recon.match.series import number_tables
from recon.match.service_levels import service_wait
from recon.match.signs import document_line_signs

if TYPE_CHECKING:
    import polars as pl

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted


def measured_of_company(accepted: Accepted, engagement: Engagement) -> Matches:
    """The tables of `measures.WHOLE`. Each is made by a function of its own module that reads few columns of many documents."""
    damage = damaged_values(accepted, engagement)
    references = document_references(accepted, engagement)
    signs, lines_with_sign = document_line_signs(accepted, engagement)
    paid, payments = payment_pair(accepted, engagement)
    crossing, invoices = crossing_pair(accepted, engagement)
    numbers, numbered = number_tables(accepted, engagement)
    bank, statements = bank_difference(accepted, engagement)
    tables: dict[str, pl.LazyFrame] = {
        "payment_pair": paid,
        "crossing_pair": crossing,
        **numbers,
        **bank,
        "document_line_sign": signs,
        "document_reference": references.doubtful,
        "stock_position": stock.stock_positions(accepted, engagement),
        "item_forecast": stock.item_forecasts(accepted, engagement),
        "service_wait": service_wait(accepted, calendar(accepted, engagement), engagement),
        "stock_roll": stock_movements.stock_rolls(accepted, engagement),
        "stock_adjustment": stock_movements.stock_adjustments(accepted, engagement),
        "damaged_value": damage.values,
        "counterparty_reference": references.foreign,
        "freight_line": freight_line(accepted, engagement),
    }
    covers = {
        "payment_pair": payments,
        "crossing_pair": invoices,
        **numbered,
        **statements,
        "document_line_sign": lines_with_sign,
        "document_reference": references.looked_at,
        "damaged_value": damage.looked_at,
        "counterparty_reference": references.looked_at,
    }
    return Matches(tables=tables | dict(accepted.facts), covers=dict(accepted.covers) | covers, tie_out=tie_out.empty())
