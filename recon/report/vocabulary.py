"""What columns and code words are called on the page. `_` marks a sentence for the catalogue; it is translated where it is shown."""

from __future__ import annotations

from typing import Final


def _(text: str) -> str:
    return text


SEVERITIES: Final = {
    "critical": _("Critical"),
    "high": _("High"),
    "medium": _("Medium"),
    "low": _("Low"),
    "indicator": _("Indicator"),
    "note": _("Note"),
}
FAIL_ON: Final = SEVERITIES | {"never": _("never")}
STATUSES: Final = {
    "clean": _("Clean"),
    "exceptions": _("Exceptions"),
    "nothing_to_test": _("Nothing to test"),
    "not_performed": _("Not performed"),
    "error": _("Error"),
}
CYCLES: Final = {"procure_to_pay": _("Purchase"), "order_to_cash": _("Sales")}
KINDS: Final = {
    "fulfilled_not_invoiced": _("Received or shipped, not invoiced"),
    "invoiced_not_fulfilled": _("Invoiced, not received or shipped"),
    "open_payable": _("Open payables"),
    "open_receivable": _("Open receivables"),
    "unapplied_cash": _("Cash not applied"),
}
BUCKETS: Final = {
    "0-30": _("up to 30 days"),
    "31-60": _("31–60 days"),
    "61-90": _("61–90 days"),
    "91-180": _("91–180 days"),
    "181-365": _("181–365 days"),
    "over 365": _("over 365 days"),
}
CHANGES: Final = {
    "new": _("New"),
    "still_open": _("Still open"),
    "closed": _("Closed"),
    "not_retested": _("Not tested again"),
}
#: Why an exception is gone where no document closed it (`record`).
CLOSINGS: Final = {
    "no_longer_among_inputs": _("the document is no longer among the inputs"),
    "limit_changed": _("a limit of the control changed"),
    "document_or_rule_changed": _("the document or the rule changed"),
    "control_not_performed": _("the control was not performed this time"),
    "not_testable_now": _("the document could not be tested this time"),
}
DOORWAYS: Final = {"load": _("Load"), "conform": _("Conform"), "validate": _("Validate"), "match": _("Match")}
CERTAINTIES: Final = {
    "certain": _("certain"),
    "unique": _("the only candidate"),
    "suggested": _("suggested"),
    "ambiguous": _("ambiguous"),
    "none": _("none"),
}
FAMILIES: Final = {
    "DAT": _("Data and identity"),
    "MIS": _("Missing counterpart"),
    "QTY": _("Quantity"),
    "PRC": _("Price and contract"),
    "TAX": _("Tax and tax invoices"),
    "CHG": _("Charges and freight"),
    "CUR": _("Currency and rounding"),
    "TIM": _("Timing and cut-off"),
    "DUP": _("Duplicates"),
    "APR": _("Approval and authority"),
    "RET": _("Returns, credits and advances"),
    "CSH": _("Customer cash and credit"),
    "BAL": _("Balances"),
    "SOD": _("Segregation of duties"),
    "SLA": _("Service level and delays"),
    "SEQ": _("Number sequences"),
    "PAY": _("Payments"),
    "PTY": _("Supplier and customer master"),
    "CUT": _("Period end"),
    "STK": _("Inventory"),
    "STA": _("Statistical indicators"),
    "SUP": _("Supplier performance"),
    "POP": _("Completeness of the population"),
}
DOCUMENTS: Final = {
    "purchase_order": _("Purchase order"),
    "goods_receipt": _("Goods receipt"),
    "supplier_invoice": _("Supplier invoice"),
    "supplier_payment": _("Payment to supplier"),
    "sales_order": _("Sales order"),
    "shipment": _("Shipment"),
    "customer_invoice": _("Invoice to customer"),
    "cash_receipt": _("Cash receipt"),
    "credit_note": _("Credit note"),
    "requisition": _("Requisition"),
    "approval_event": _("Approval"),
    "delivery_confirmation": _("Delivery confirmation"),
}
TABLES: Final = {
    "purchase_order_line": _("Purchase order lines"),
    "goods_receipt_line": _("Goods receipt lines"),
    "supplier_invoice_line": _("Supplier invoice lines"),
    "supplier_invoice": _("Supplier invoice totals"),
    "supplier_payment": _("Payments to suppliers"),
    "supplier_payment_allocation": _("Payment allocations"),
    "sales_order_line": _("Sales order lines"),
    "shipment_line": _("Shipment lines"),
    "delivery_confirmation_line": _("Delivery confirmations"),
    "customer_invoice_line": _("Customer invoice lines"),
    "customer_invoice": _("Customer invoice totals"),
    "cash_receipt": _("Cash receipts"),
    "cash_receipt_allocation": _("Cash allocations"),
    "approval_event": _("Approval events"),
    "approval_policy": _("Approval policy"),
    "user": _("Users"),
    "document_change": _("Document changes"),
    "supplier": _("Suppliers"),
    "customer": _("Customers"),
    "item": _("Items"),
    "uom_conversion": _("Unit conversions"),
    "price_list_line": _("Agreed prices"),
    "fx_rate": _("Exchange rates"),
    "inventory_level": _("Stock levels"),
    "demand_forecast": _("Demand forecast"),
    "calendar": _("Working days"),
    "control_total": _("Control totals"),
    "item_stock_policy": _("Stock limits"),
    "fiscal_period": _("Fiscal periods"),
    "gl_balance": _("Ledger balances"),
    "gl_journal_line": _("Ledger postings"),
    "delegation": _("Delegations"),
    "bank_transaction": _("Bank transactions"),
}
COLUMNS: Final = {
    "exception_id": _("Exception"),
    "control_id": _("Control"),
    "severity": _("Severity"),
    "cycle": _("Cycle"),
    "company_code": _("Company"),
    "party_id": _("Party"),
    "party_name": _("Party name"),
    "document_type": _("Document type"),
    "document_number": _("Document"),
    "document_line_no": _("Line"),
    "order_number": _("Order"),
    "order_line_no": _("Order line"),
    "item_id": _("Item"),
    "document_date": _("Date"),
    "observed": _("Observed"),
    "expected": _("Expected"),
    "variance": _("Variance"),
    "limit": _("Limit"),
    "amount_at_risk": _("Amount at risk"),
    "currency": _("Currency"),
    "amount_at_risk_base": _("At risk"),
    "age_days": _("Days old"),
    "message": _("What is wrong"),
    "cause_exception_id": _("Caused by"),
    "certainty": _("Certainty"),
    "first_seen": _("First seen"),
    "source_file": _("File"),
    "source_row": _("Row"),
    "table": _("Table"),
    "column": _("Column"),
    "rule": _("Rule"),
    "value": _("Value"),
    "kind": _("Kind"),
    "quantity": _("Quantity"),
    "amount": _("Amount"),
    "amount_base": _("Base amount"),
    "age_bucket": _("Age"),
    "change": _("Change"),
    "closed_by": _("Closed by"),
    "reason": _("Reason"),
}
