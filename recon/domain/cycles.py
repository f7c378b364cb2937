"""The two cycles of a business, as two values of one shape: order, fulfilment, billing, settlement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Cycle:
    """Names that differ between buying and selling; everything else is written once."""

    name: str
    party: str  # column of the trading partner on documents
    party_table: str
    order_table: str
    order: str  # stem of the order's columns: po -> po_number, po_line_no, po_date
    fulfilment_table: str
    fulfilment: str  # receipt | shipment
    invoice_table: str
    invoice_header_table: str
    payment_table: str
    payment: str  # stem: payment -> payment_number
    payment_date: str
    payment_kind: str
    allocation_table: str
    order_type: str  # document_type of the exceptions register and of approval events
    fulfilment_type: str
    invoice_type: str
    payment_type: str


PROCURE_TO_PAY: Final = Cycle(
    name="procure_to_pay",
    party="supplier_id",
    party_table="supplier",
    order_table="purchase_order_line",
    order="po",
    fulfilment_table="goods_receipt_line",
    fulfilment="receipt",
    invoice_table="supplier_invoice_line",
    invoice_header_table="supplier_invoice",
    payment_table="supplier_payment",
    payment="payment",
    payment_date="payment_date",
    payment_kind="payment_kind",
    allocation_table="supplier_payment_allocation",
    order_type="purchase_order",
    fulfilment_type="goods_receipt",
    invoice_type="supplier_invoice",
    payment_type="supplier_payment",
)
ORDER_TO_CASH: Final = Cycle(
    name="order_to_cash",
    party="customer_id",
    party_table="customer",
    order_table="sales_order_line",
    order="so",
    fulfilment_table="shipment_line",
    fulfilment="shipment",
    invoice_table="customer_invoice_line",
    invoice_header_table="customer_invoice",
    payment_table="cash_receipt",
    payment="cash_receipt",
    payment_date="receipt_date",
    payment_kind="receipt_kind",
    allocation_table="cash_receipt_allocation",
    order_type="sales_order",
    fulfilment_type="shipment",
    invoice_type="customer_invoice",
    payment_type="cash_receipt",
)
CYCLES: Final = (PROCURE_TO_PAY, ORDER_TO_CASH)
