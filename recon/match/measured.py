"""The bucket-local measured tables, put together from what the parts of matching found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import measures, tie_out
from recon.domain.measures import schema
from recon.domain.workpapers import Matches
from recon.match import charges, document_lines, invoice_documents, master_standing, open_layers, parts
from recon.match.accruals import accrual_entry
from recon.match.agreements import order_off_contract
from recon.match.applications import application_match, payment_match
from recon.match.approval_chains import approval_chain
from recon.match.approval_hours import approval_hour
from recon.match.approvals import approvals
from recon.match.bad_debts import receivable_due
from recon.match.blocked_discounts import blocked_discount
from recon.match.calendars import calendar
from recon.match.cash_duties import cash_duty
from recon.match.changes import account_change, approved_change
from recon.match.clusters import spend_cluster
from recon.match.consequences import consequences
from recon.match.consignment import consignment_billing
from recon.match.credit import credit_tables
from recon.match.credit_raises import credit_raise
from recon.match.cut_off import cut_off
from recon.match.dense import IN_ORDER
from recon.match.discounts import line_discount
from recon.match.document_factors import document_factor
from recon.match.document_rates import document_rates
from recon.match.documents_entered import document_entry
from recon.match.duplicates import duplicate_pairs
from recon.match.equal_amounts import equal_amount
from recon.match.given import MeasuredLines
from recon.match.holds import blocked_payment, hold_release
from recon.match.inspections import receipt_inspection
from recon.match.order_ends import closed_order_references
from recon.match.order_lines import order_line_match
from recon.match.paid_invoices import invoice_payment
from recon.match.party_records import party_records
from recon.match.party_tails import party_tail
from recon.match.price_changes import last_price, retroactive_price
from recon.match.rebilling import rebill_loop
from recon.match.recorded_twice import recorded_twice
from recon.match.requisitions import order_requisition
from recon.match.roll_forwards import roll_forward
from recon.match.sales_costs import sale_cost
from recon.match.separation import duty_pair
from recon.match.service_levels import approval_wait, order_wait
from recon.match.settlement import settle
from recon.match.tax_invoices import tax_invoice_link
from recon.match.three_way import bring_together
from recon.match.timing import order_timing
from recon.match.unlinked import unlinked_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.approvals import Approvals
    from recon.match.calendars import Calendar
    from recon.match.parts import Parts
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay

#: Tables that are made of approvals.
_APPROVED: Final = {
    "approval_state", "approval_decision", "order_timing", "approved_change", "approval_wait", "order_wait", "approval_chain", "approval_hour",
}  # fmt: skip


def measured_of_bucket(accepted: Accepted, engagement: Engagement, wanted: Collection[str] = measures.MEASURES) -> Matches:
    """The bucket-local measured tables: of one bucket of documents, or of all where there is one bucket.

    A table belongs here when its rows depend only on documents of one party group and what they name, and on masters; else it
    belongs to `whole`. Tables of `_Special` and of `consequences` are made only where they are `wanted`. What does not wait for one another runs side by
    side; no figure depends on it.
    """
    found = bring_together(accepted, engagement)
    written = parts.write_out(found)
    settlement = settle(accepted, invoice_documents.invoice_documents(found, accepted), engagement)
    settled = settlement.invoices.collect(engine=IN_ORDER)
    charged = charges.charge_lines(found)
    # everything after looks at the lines, so they are worked out once
    lines = MeasuredLines(
        order_line_match(found, written, invoice_documents.paid_by_unit(found, settled)).collect(engine=IN_ORDER).lazy(),
        document_lines.fulfilment_line_match(found, written, accepted, engagement).collect(engine=IN_ORDER).lazy(),
        document_lines.invoice_line_match(found, settled, charged, accepted).collect(engine=IN_ORDER).lazy(),
    )
    layers = open_layers.open_layer(found, written, settlement.open_items, engagement).collect()
    tables = {
        "order_line_match": lines.orders,
        "fulfilment_line_match": lines.fulfilments,
        "invoice_line_match": lines.invoices,
        "invoice_match": settled.lazy().select(schema("invoice_match").keys()),
        "open_layer": layers.lazy(),
        "allocation": open_layers.allocation(found, written),
        "settlement_match": settlement.settlement_match,
    }
    rows = pl.concat([open_layers.line_tie_out(found), settlement.payment_tie_out])
    doubtful_units, unit_lines = document_lines.document_line_unit(found, written, accepted)
    special, covers = _Special(accepted, engagement, lines, settlement, settled, (found, written), layers).made(wanted)
    covers |= {"document_line_unit": unit_lines}
    beside, beside_covers = consequences(found, lines, settlement, (charged, layers), wanted)
    covers |= beside_covers
    return Matches({**tables, **special, **beside, "document_line_unit": doubtful_units}, covers, tie_out.assured(rows))


@dataclass(frozen=True)
class _Special:
    """Tables that single controls ask for, made of the measured lines and of the documents themselves."""

    accepted: Accepted
    engagement: Engagement
    lines: MeasuredLines
    settlement: Settlement
    settled: pl.DataFrame
    pieces: tuple[ThreeWay, Parts]
    layers: pl.DataFrame

    def made(self, wanted: Collection[str]) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
        """The tables asked for, and how many rows were looked at for those that hold only suspicious ones."""
        with ThreadPoolExecutor(max_workers=2) as side_by_side:
            approved = (
                side_by_side.submit(approvals, self.accepted, self.lines, self.settlement, self.engagement) if _APPROVED & set(wanted) else None
            )
            covering = {name: side_by_side.submit(maker) for name, maker in self._covering().items() if name in wanted}
            plain = {name: side_by_side.submit(maker) for name, maker in self._plain().items() if name in wanted}
            pairs = {name: made.result() for name, made in covering.items()}
            tables = {name: made.result() for name, made in plain.items()} | {name: pair[0] for name, pair in pairs.items()}
            if approved is not None:
                tables |= {name: maker() for name, maker in self._of_approvals(approved.result()).items() if name in wanted}
        return tables, {name: pair[1] for name, pair in pairs.items()}

    def _of_approvals(self, approved: Approvals) -> dict[str, Callable[[], pl.LazyFrame]]:
        """Makers of tables that are made of approvals."""
        accepted, engagement, lines = self.accepted, self.engagement, self.lines
        return {
            "approval_state": lambda: approved.state,
            "approval_decision": lambda: approved.decision,
            "approval_chain": lambda: approval_chain(approved),
            "approval_hour": lambda: approval_hour(approved, self._days, engagement),
            "order_timing": lambda: order_timing(lines, approved.state, engagement),
            "approved_change": lambda: approved_change(accepted, approved, lines, engagement),
            "approval_wait": lambda: approval_wait(accepted, lines, approved, self._days, engagement),
            "order_wait": lambda: order_wait(accepted, lines, approved, self._days, engagement),
        }

    @property
    def _payments(self) -> pl.LazyFrame:
        return invoice_payment(self.pieces[0], self.settlement, self.accepted, self.engagement)

    @property
    def _days(self) -> Calendar:
        return calendar(self.accepted, self.engagement)

    def _covering(self) -> dict[str, Callable[[], tuple[pl.LazyFrame, int]]]:
        """Makers of tables that hold only suspicious rows: each gives the table and the number of rows looked at."""
        return {
            "party_document": lambda: master_standing.party_documents(self.accepted, self.engagement),
            "unknown_item_line": lambda: master_standing.unknown_item_lines(self.accepted, self.engagement),
            "rebill_loop": lambda: rebill_loop(self.lines, self.settled, self.accepted),
            "duplicate_pair": lambda: duplicate_pairs(self.accepted, self.settled.lazy(), self.engagement),
            "equal_amount": lambda: equal_amount(self.accepted, self.settled, self.engagement),
            "closed_order_reference": lambda: closed_order_references(self.accepted, self.engagement),
            **recorded_twice(self.accepted, self.lines, self.engagement),
            "unlinked_line": lambda: unlinked_lines(self.pieces[0], self.settlement, self.accepted, self.engagement),
        }

    def _plain(self) -> dict[str, Callable[[], pl.LazyFrame]]:
        """Makers of tables whose rows are the whole population."""
        accepted, engagement, lines, settlement = self.accepted, self.engagement, self.lines, self.settlement
        return {
            "party_record": lambda: party_records(accepted, lines, self.settled.lazy(), settlement.settlement_match, engagement),
            "receipt_inspection": lambda: receipt_inspection(lines, self.pieces[0].units["match_level"], self.settled, accepted, engagement),
            "order_requisition": lambda: order_requisition(lines, accepted, engagement),
            "payment_match": lambda: payment_match(settlement, accepted, engagement),
            "application_match": lambda: application_match(settlement, accepted, engagement),
            "invoice_payment": lambda: self._payments,
            "receivable_due": lambda: receivable_due(lambda: self._payments, accepted),
            **credit_tables(accepted, lines, settlement, self.pieces, engagement),
            "credit_raise": lambda: credit_raise(accepted, lines, (settlement, *self.pieces), engagement),
            "document_entry": lambda: document_entry(accepted, lines, settlement, engagement),
            "document_rate": lambda: document_rates(self.pieces[0], accepted, engagement),
            "cut_off": lambda: cut_off(*self.pieces, accepted, engagement),
            "roll_forward": lambda: roll_forward(*self.pieces, settlement, self.layers, engagement),
            "accrual_entry": lambda: accrual_entry(*self.pieces, engagement),
            "account_change": lambda: account_change(accepted, settlement, engagement),
            "hold_release": lambda: hold_release(accepted, lines, settlement, engagement),
            "blocked_payment": lambda: blocked_payment(accepted, settlement, engagement),
            "blocked_discount": lambda: blocked_discount(self.pieces[0], settlement, accepted, engagement),
            "spend_cluster": lambda: spend_cluster(accepted, lines, engagement),
            "duty_pair": lambda: duty_pair(accepted, lines, settlement),
            "order_off_contract": lambda: order_off_contract(lines.orders, accepted, engagement),
            "last_price": lambda: last_price(lines.orders),
            "retroactive_price": lambda: retroactive_price(lines, accepted, engagement),
            "line_discount": lambda: line_discount(lines, accepted, engagement),
            "consignment_billing": lambda: consignment_billing(lines, accepted, engagement),
            "tax_invoice_link": lambda: tax_invoice_link(self.settled, settlement, accepted, engagement),
            "cash_duty": lambda: cash_duty(accepted, settlement, engagement),
            "sale_cost": lambda: sale_cost(lines, accepted, engagement),
            "document_factor": lambda: document_factor(lines, accepted, engagement),
            "party_tail": lambda: party_tail(accepted, lines, self.settled.lazy(), engagement),
        }
