"""What the populations of controls are called on the page; a measured table without a name here goes by its own."""

from __future__ import annotations

from typing import Final


def _(text: str) -> str:
    return text


#: What the measured tables hold that a control's population may be.
POPULATIONS: Final = {
    "order_line_match": _("Order lines in force"),
    "fulfilment_line_match": _("Receipt and shipment lines"),
    "invoice_line_match": _("Invoice lines"),
    "invoice_match": _("Invoices"),
    "open_layer": _("Open layers"),
    "allocation": _("Allocations"),
    "settlement_match": _("Settlements"),
    "duplicate_pair": _("Pairs of documents alike"),
    "approval_state": _("Documents that need an approval"),
    "approval_decision": _("Approving events"),
    "party_record": _("Parties"),
    "tax_invoice_link": _("Supplier bills and their tax invoices"),
    "tax_invoice_claim": _("Tax invoices whose tax may be claimed"),
    "red_tax_invoice": _("Red tax invoices"),
    "tax_number_booking": _("Bookings of tax invoices"),
    "order_off_contract": _("Order lines whose item a contract covers"),
    "last_price": _("Order lines against the last price"),
    "retroactive_price": _("Prices agreed after the bills"),
    "accepted_deduction": _("Accepted deductions"),
    "consignment_billing": _("Bills of consigned goods by month"),
    "line_discount": _("Bill lines with a discount given or agreed"),
    "order_event": _("Events of orders"),
    "order_timing": _("Orders against their first event"),
    "document_reference": _("References that lead nowhere"),
    "document_line_unit": _("Lines whose unit cannot be compared"),
    "repeated_row": _("Repeated rows"),
    "payment_match": _("Payments against what they pay"),
    "application_match": _("Payments applied to invoices"),
    "invoice_payment": _("Invoices with their terms and payments"),
    "document_entry": _("Documents entered on another day than they are dated"),
    "duty_pair": _("Pairs of documents and the duties of one person"),
    "approved_change": _("Changes of approved documents"),
    "account_change": _("Changes of suppliers' bank accounts"),
    "hold_release": _("Payment blocks taken off"),
    "blocked_payment": _("Payments of invoices that were blocked"),
    "spend_cluster": _("Purchase orders that together pass a limit"),
    "approval_wait": _("Waits for an approval"),
    "order_wait": _("Waits for goods"),
    "service_wait": _("Waits for a first answer"),
    "cut_off": _("Bills and goods on two sides of a period's end"),
    "counterparty_reference": _("References to documents of another party"),
    "closed_order_reference": _("Lines that name a closed or cancelled order"),
    "receipt_inspection": _("Receipts of goods to be inspected"),
    "order_requisition": _("Orders against their requisitions"),
    "doorway_total": _("Totals at the doorways"),
    "statement_made": _("Statements about whole tables"),
    "input_structure": _("Structure of the inputs"),
    "control_performed": _("Controls of the plan"),
    "stock_position": _("Stock positions"),
    "item_forecast": _("Items against their forecast"),
    "rejected_cell": _("Cells that set a row aside"),
    "party_document": _("Documents against their party's master"),
    "unknown_item_line": _("Lines whose item no master knows"),
    "conflicting_key": _("Keys under which rows disagree"),
    "document_line_sign": _("Lines whose sign contradicts their kind"),
    "document_rate": _("Documents in foreign currency and their rates"),
    "stock_count": _("Lines of stock counts"),
    "stock_roll": _("Stock from one level to the next"),
    "stock_adjustment": _("Adjustments of stock by hand"),
    "damaged_value": _("Numbers and ids that read as damaged"),
}
