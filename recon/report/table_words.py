"""What the canonical tables are called on the page. `_` marks a sentence for the catalogue; it is translated where it is shown."""

from __future__ import annotations

from typing import Final


def _(text: str) -> str:
    return text


TABLES: Final = {
    "purchase_requisition_line": _("Requisition lines"),
    "service_request": _("Service requests"),
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
    "party_screening_list": _("Screening list"),
    "supplier_bank_account": _("Suppliers' bank accounts"),
    "item": _("Items"),
    "item_cross_reference": _("Other codes of items"),
    "party_cross_reference": _("Other ids of suppliers and customers"),
    "uom_conversion": _("Unit conversions"),
    "price_list_line": _("Agreed prices"),
    "fx_rate": _("Exchange rates"),
    "company": _("Companies"),
    "official_invoice": _("Register of tax invoices"),
    "expense_claim_line": _("Expense claims"),
    "budget_line": _("Budgets"),
    "quotation": _("Bids"),
    "inventory_level": _("Stock levels"),
    "stock_count_line": _("Stock counts"),
    "demand_forecast": _("Demand forecast"),
    "calendar": _("Working days"),
    "control_total": _("Control totals"),
    "item_stock_policy": _("Stock limits"),
    "fiscal_period": _("Fiscal periods"),
    "gl_balance": _("Ledger balances"),
    "gl_journal_line": _("Ledger postings"),
    "delegation": _("Delegations"),
    "inventory_movement": _("Stock movements"),
    "bank_transaction": _("Bank transactions"),
    "approved_rule": _("Approved rules"),
}
