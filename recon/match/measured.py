"""The bucket-local measured tables, put together from what the parts of matching found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl

from recon.domain import tie_out
from recon.domain.measures import schema
from recon.domain.workpapers import Matches
from recon.match import charges, document_lines, invoice_documents, master_standing, open_layers, parts
from recon.match.applications import application_match, payment_match
from recon.match.approvals import Approvals, approvals
from recon.match.calendars import calendar
from recon.match.changes import account_change, approved_change
from recon.match.clusters import spend_cluster
from recon.match.consequences import consequences
from recon.match.cut_off import cut_off
from recon.match.dense import IN_ORDER
from recon.match.document_rates import document_rates
from recon.match.documents_entered import document_entry
from recon.match.duplicates import duplicate_pairs
from recon.match.given import MeasuredLines
from recon.match.holds import blocked_payment, hold_release
from recon.match.inspections import receipt_inspection
from recon.match.order_ends import closed_order_references
from recon.match.order_lines import order_line_match
from recon.match.paid_invoices import invoice_payment
from recon.match.party_records import party_records
from recon.match.requisitions import order_requisition
from recon.match.separation import duty_pair
from recon.match.service_levels import approval_wait, order_wait, service_wait
from recon.match.settlement import Settlement, settle
from recon.match.three_way import bring_together
from recon.match.timing import order_timing

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.three_way import ThreeWay


def measured_of_bucket(accepted: Accepted, engagement: Engagement) -> Matches:
    """All bucket-local measured tables: of one bucket of documents, or of all where there is one bucket.

    A table belongs here when its rows depend only on documents of one party group and what they name, and on masters; else it
    belongs to `whole`. What does not wait for one another runs side by side; no figure depends on it.
    """
    with ThreadPoolExecutor(max_workers=2) as side_by_side:
        closed = side_by_side.submit(closed_order_references, accepted, engagement)
        found = bring_together(accepted, engagement)
        written = parts.write_out(found)
        settlement = settle(accepted, invoice_documents.invoice_documents(found, accepted), engagement)
        settled = settlement.invoices.collect(engine=IN_ORDER)
        charged = charges.charge_lines(found)
        lines = _lines(found, written, settled, charged, engagement)
        approved = side_by_side.submit(approvals, accepted, lines, settlement, engagement)
        pairs, looked_at = duplicate_pairs(accepted, settled.lazy(), engagement)
        doubtful_units, unit_lines = document_lines.document_line_unit(found, written, accepted)
        parties, party_documents = master_standing.party_documents(accepted, engagement)
        beside, beside_covers = consequences(found, lines, settlement, charged, engagement)
        items, item_lines = master_standing.unknown_item_lines(accepted, engagement)
        tables = {
            "party_document": parties,
            "unknown_item_line": items,
            "order_line_match": lines.orders,
            "fulfilment_line_match": lines.fulfilments,
            "invoice_line_match": lines.invoices,
            "invoice_match": settled.lazy().select(schema("invoice_match").keys()),
            "open_layer": open_layers.open_layer(found, written, settlement.open_items, engagement),
            "allocation": open_layers.allocation(found, written),
            "document_line_unit": doubtful_units,
            "document_rate": document_rates(found, accepted, engagement),
            "settlement_match": settlement.settlement_match,
            "payment_match": payment_match(settlement, accepted, engagement),
            "application_match": application_match(settlement, accepted, engagement),
            "invoice_payment": invoice_payment(found, settlement, accepted, engagement),
            "duplicate_pair": pairs,
            "approval_state": approved.result().state,
            "approval_decision": approved.result().decision,
            "party_record": party_records(lines, settled.lazy(), settlement.settlement_match, engagement),
            "order_timing": order_timing(lines, approved.result().state, engagement),
            "closed_order_reference": closed.result()[0],
            "receipt_inspection": receipt_inspection(lines, settled, accepted, engagement),
            "order_requisition": order_requisition(lines, accepted, engagement),
            "cut_off": cut_off(found, written, accepted, engagement),
            **_conduct(accepted, lines, settlement, approved.result(), engagement),
        }
    covers = {
        "party_document": party_documents,
        "unknown_item_line": item_lines,
        "duplicate_pair": looked_at,
        "document_line_unit": unit_lines,
        "closed_order_reference": closed.result()[1],
    }
    rows = pl.concat([open_layers.line_tie_out(found), settlement.payment_tie_out])
    return Matches(tables=tables | beside, covers=covers | beside_covers, tie_out=tie_out.assured(rows))


def _conduct(
    accepted: Accepted, lines: MeasuredLines, settlement: Settlement, approved: Approvals, engagement: Engagement
) -> dict[str, pl.LazyFrame]:
    """Who did what when: entries, duties, changes, blocks, waits."""
    days = calendar(accepted, engagement)
    return {
        "document_entry": document_entry(accepted, lines, settlement, days, engagement),
        "duty_pair": duty_pair(accepted, lines, settlement),
        "approved_change": approved_change(accepted, approved, lines, engagement),
        "account_change": account_change(accepted, settlement, engagement),
        "hold_release": hold_release(accepted, lines, settlement, engagement),
        "blocked_payment": blocked_payment(accepted, settlement, engagement),
        "spend_cluster": spend_cluster(accepted, lines, engagement),
        "approval_wait": approval_wait(accepted, approved, days, engagement),
        "order_wait": order_wait(accepted, lines, approved, days, engagement),
        "service_wait": service_wait(accepted, days, engagement),
    }


def _lines(found: ThreeWay, written: parts.Parts, settled: pl.DataFrame, charged: pl.DataFrame, engagement: Engagement) -> MeasuredLines:
    """The measured lines of orders, goods and bills, with what is paid (`settled`) and charged (`charged`) of them."""
    accepted = found.ground.accepted
    return MeasuredLines(
        order_line_match(found, written, invoice_documents.paid_by_unit(found, settled)),
        document_lines.fulfilment_line_match(found, written, accepted, engagement),
        document_lines.invoice_line_match(found, settled, charged, accepted),
    )
