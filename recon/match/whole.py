"""Measured tables that look across parties (`measures.WHOLE`): made once, of all accepted documents, from slim projections.

What validation found of whole tables (`Accepted.facts`) is among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recon.domain import measures, tie_out
from recon.domain.workpapers import Matches
from recon.match import digits, frequencies, spread, stock, stock_movements
from recon.match.amounts import amounts
from recon.match.approval_bursts import approval_burst
from recon.match.awakenings import first_payment, supplier_return
from recon.match.bank import bank_difference
from recon.match.billed_across import crossing_pair
from recon.match.budgets import budgeted_order
from recon.match.calendars import calendar
from recon.match.channels import channel_pair
from recon.match.competition import order_competition
from recon.match.consecutive_bills import consecutive_bills
from recon.match.credit_releases import credit_release
from recon.match.damaged import damaged_values
from recon.match.deductions import accepted_deductions
from recon.match.emergencies import emergency_order
from recon.match.emergency_shares import emergency_share
from recon.match.freight import freight_line
from recon.match.landed_costs import landed_cost
from recon.match.late_credits import late_credit
from recon.match.limit_bunches import limit_bunch
from recon.match.look_alikes import look_alike
from recon.match.master_changes import master_change
from recon.match.master_duties import master_duty
from recon.match.one_time import one_time_payee
from recon.match.order_sequence import order_sequence
from recon.match.paid_twice import payment_pair
from recon.match.party_accounts import party_account
from recon.match.party_addresses import party_address
from recon.match.party_masters import party_master
from recon.match.party_staff import party_staff
from recon.match.party_twins import party_twin
from recon.match.payees import payee_payment
from recon.match.payment_clusters import payment_cluster
from recon.match.payment_manners import payment_manner
from recon.match.references import document_references
from recon.match.role_pairs import role_pair
from recon.match.sales_costs import free_supply
from recon.match.screening import screened_document
from recon.match.series import number_tables
from recon.match.service_levels import service_wait
from recon.match.signs import document_line_signs
from recon.match.stock_counts import stock_counts
from recon.match.stock_covers import stock_cover
from recon.match.tax_classes import tax_class_line
from recon.match.tax_numbers import tax_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import polars as pl

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

    #: tables, and for those that hold only suspicious rows how many were looked at
    Made = tuple[dict[str, pl.LazyFrame], dict[str, int]]


def measured_of_company(accepted: Accepted, engagement: Engagement, wanted: Collection[str] = measures.MEASURES) -> Matches:
    """The tables of `measures.WHOLE` that are `wanted`. Each is made by a function of its own module that reads few columns of many documents."""
    tables, covers = dict(accepted.facts), dict(accepted.covers)
    for names, maker in _MAKERS.items():
        if not names.isdisjoint(wanted):
            made, looked_at = maker(accepted, engagement)
            tables |= made
            covers |= looked_at
    return Matches(tables=tables, covers=covers, tie_out=tie_out.empty())


def _damaged(accepted: Accepted, engagement: Engagement) -> Made:
    damage = damaged_values(accepted, engagement)
    return {"damaged_value": damage.values}, {"damaged_value": damage.looked_at}


def _references(accepted: Accepted, engagement: Engagement) -> Made:
    found = document_references(accepted, engagement)
    names = ("document_reference", "counterparty_reference")
    return dict(zip(names, (found.doubtful, found.foreign), strict=True)), dict.fromkeys(names, found.looked_at)


def _statistics(accepted: Accepted, engagement: Engagement) -> Made:
    documents = amounts(accepted, engagement)
    tables = {
        "amount_leader": spread.amount_leader(documents, accepted),
        "amount_outlier": spread.amount_outlier(documents, accepted),
        "round_share": digits.round_share(documents, accepted, engagement),
        "digit_law": digits.digit_law(documents, accepted, engagement),
        "amount_frequency": frequencies.amount_frequency(documents, accepted, engagement),
        "amount_ending": frequencies.amount_ending(documents, accepted, engagement),
    }
    return tables, {}


def _counted(name: str, maker: Callable[[Accepted, Engagement], tuple[pl.LazyFrame, int]]) -> tuple[frozenset[str], Callable[..., Made]]:
    """A maker of one table that holds only suspicious rows, and says how many were looked at."""

    def made(accepted: Accepted, engagement: Engagement) -> Made:
        table, looked_at = maker(accepted, engagement)
        return {name: table}, {name: looked_at}

    return frozenset({name}), made


def _plain(name: str, maker: Callable[[Accepted, Engagement], pl.LazyFrame]) -> tuple[frozenset[str], Callable[..., Made]]:
    """A maker of one table whose rows are the whole population."""
    return frozenset({name}), lambda accepted, engagement: ({name: maker(accepted, engagement)}, {})


#: Tables that are made together -> their maker.
_MAKERS: Final[dict[frozenset[str], Callable[[Accepted, Engagement], Made]]] = dict(
    [
        (frozenset({"document_reference", "counterparty_reference"}), _references),
        (frozenset({"number_repeat", "number_gap", "number_order", "number_series"}), number_tables),
        (frozenset({"amount_leader", "amount_outlier", "round_share", "digit_law", "amount_frequency", "amount_ending"}), _statistics),
        _plain("approval_burst", approval_burst),
        _plain("role_pair", role_pair),
        _plain("limit_bunch", limit_bunch),
        _plain("budgeted_order", budgeted_order),
        _plain("order_competition", order_competition),
        (frozenset({"bank_difference"}), bank_difference),
        (frozenset({"payee_payment"}), payee_payment),
        (frozenset({"payment_cluster"}), payment_cluster),
        (frozenset({"channel_pair"}), channel_pair),
        _plain("payment_manner", payment_manner),
        (frozenset({"damaged_value"}), _damaged),
        (frozenset({"tax_number_booking", "tax_invoice_claim", "red_tax_invoice"}), tax_tables),
        _plain("tax_class_line", tax_class_line),
        (frozenset({"accepted_deduction"}), accepted_deductions),
        _counted("document_line_sign", document_line_signs),
        _counted("late_credit", late_credit),
        _counted("payment_pair", payment_pair),
        _counted("crossing_pair", crossing_pair),
        _counted("order_sequence", order_sequence),
        _plain("stock_position", stock.stock_positions),
        _plain("item_forecast", stock.item_forecasts),
        _plain("stock_cover", stock_cover),
        _plain("stock_roll", stock_movements.stock_rolls),
        _plain("stock_count", stock_counts),
        _plain("stock_adjustment", stock_movements.stock_adjustments),
        _plain("service_wait", lambda accepted, engagement: service_wait(accepted, calendar(accepted, engagement), engagement)),
        _plain("freight_line", freight_line),
        _plain("landed_cost", landed_cost),
        _plain("emergency_order", emergency_order),
        _plain("emergency_share", emergency_share),
        _plain("credit_release", credit_release),
        _plain("free_supply", free_supply),
        _plain("party_account", party_account),
        _plain("party_master", party_master),
        _plain("party_staff", party_staff),
        _plain("master_duty", master_duty),
        _plain("master_change", master_change),
        _plain("party_twin", party_twin),
        _plain("party_address", party_address),
        _plain("look_alike", look_alike),
        _plain("consecutive_bills", consecutive_bills),
        _plain("screened_document", screened_document),
        _plain("supplier_return", supplier_return),
        _plain("one_time_payee", one_time_payee),
        _plain("first_payment", first_payment),
    ]
)
