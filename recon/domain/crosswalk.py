"""The canonical tables beside those of ISO 21378:2019 (audit data collection): which of our columns is which of its fields.

An auditor who knows the standard finds the standard's name of what a pack holds. Names are those of a public transcription of the
standard, written with underscores as its flat files are; fields that could not be read there are left open rather than guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recon.domain.documents import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS: Final = ("table", "column", "kind", "required", "iso_21378_table", "iso_21378_field", "how")
#: `how` a column stands to the standard.
MAPPED: Final = "field"  # the standard has this field
TABLE_ONLY: Final = "table"  # the standard has the table; which field it is was not worked out, or there is none
NONE: Final = "none"  # the standard has no such table

#: canonical table -> tables of the standard: of the document, and of its lines where they stand apart
_TABLES: Final = {
    "purchase_requisition_line": ("PUR_Requisitions", "PUR_Requisitions_Details"),
    "purchase_order_line": ("PUR_Orders", "PUR_Orders_Details"),
    "goods_receipt_line": ("PUR_Materials_Received", "PUR_Materials_Received_Details"),
    "supplier_invoice_line": ("PUR_Invoices_Received", "PUR_Invoices_Received_Details"),
    "supplier_invoice": ("PUR_Invoices_Received", ""),
    "supplier_payment": ("AP_Payments_Made", ""),
    "supplier_payment_allocation": ("AP_Cash_Application", ""),
    "sales_order_line": ("SAL_Orders", "SAL_Orders_Details"),
    "shipment_line": ("SAL_Shipments_Made", "SAL_Shipments_Made_Details"),
    "customer_invoice_line": ("SAL_Invoices_Generated", "SAL_Invoices_Generated_Details"),
    "customer_invoice": ("SAL_Invoices_Generated", ""),
    "cash_receipt": ("AR_Cash_Received", ""),
    "cash_receipt_allocation": ("AR_Cash_Application", ""),
    "supplier": ("BAS_Supplier", ""),
    "customer": ("BAS_Customer", ""),
    "user": ("BAS_User", ""),
    "item": ("INV_Product", ""),
    "inventory_level": ("INV_On_Hand", ""),
    "company": ("BAS_Business_Segment", ""),
    "fiscal_period": ("BAS_Accounting_Period", ""),
}

#: canonical table -> `column Field` of the document's table; `column +Field` of the table of its lines
_FIELDS: Final = {
    "purchase_order_line": (
        "po_number Purchase_Order_Number, po_date Purchase_Order_Date, supplier_id Supplier_Account_ID, po_type Purchase_Order_Type_Name,"
        " buyer_id Purchaser_ID, created_by Activity_Records, created_at Activity_Records, company_code +Business_Segment_X,"
        " po_line_no +Purchase_Order_Line_Number, item_id +Product_ID, quantity +Purchase_Order_Line_Quantity, unit_price_net +Tax_Exclude_Unit_Price,"
        " unit_price_gross +Tax_Include_Unit_Price, line_amount_net +Tax_Exclude_Amount, line_amount_gross +Tax_Include_Amount,"
        " line_tax_amount +Transaction_Tax_N, need_by_date +Due_Date, contract_id +Purchase_Contract_ID, contract_line_id +Purchase_Contract_Line_ID,"
        " requisition_id +Requisition_ID, doc_status +Status"
    ),
    "goods_receipt_line": (
        "receipt_number Receipt_Number, receipt_date Receipt_Date, supplier_id Supplier_Account_ID, po_number Purchase_Order_ID,"
        " supplier_delivery_note Receipt_Reference_Number, receipt_kind Adjustment_Indicator, company_code Business_Segment_X,"
        " created_by Activity_Records, created_at Activity_Records, receipt_line_no +Receipt_Line_Number, item_id +Product_ID,"
        " quantity +Receipt_Quantity, po_line_no +Purchase_Order_Line_ID"
    ),
    "supplier_invoice_line": (
        "invoice_number Invoice_Number, invoice_date Invoice_Date, due_date Invoice_Due_Date, supplier_id Supplier_Account_ID,"
        " invoice_kind Invoice_Type_Name, official_invoice_code Official_Invoice_Code, fiscal_period Fiscal_Period,"
        " payment_term_days Terms_Due_Days, discount_share Terms_Discount_Percentage, created_by Activity_Records, created_at Activity_Records,"
        " company_code +Business_Segment_X, invoice_line_no +Invoice_Line_Number, po_number +Purchase_Order_ID, po_line_no +Purchase_Order_Line_ID,"
        " item_id +Product_ID, quantity +Invoice_Quantity, unit_price_net +Tax_Exclude_Unit_Price, line_amount_net +Tax_Exclude_Amount,"
        " line_amount_gross +Tax_Include_Amount, line_tax_amount +Transaction_Tax_N"
    ),
    "supplier_invoice": (
        "invoice_number Invoice_Number, invoice_date Invoice_Date, supplier_id Supplier_Account_ID, amount_gross Invoice_Transaction_Amount,"
        " tax_amount Transaction_Tax_N, company_code Business_Segment_X"
    ),
    "sales_order_line": (
        "so_number Sales_Order_Number, so_date Sales_Order_Date, customer_id Customer_Account_ID, salesperson_id Salesperson_ID,"
        " po_type Sales_Order_Type_Name, created_by Activity_Records, created_at Activity_Records, company_code +Business_Segment_X,"
        " so_line_no +Sales_Order_Line_Number, item_id +Product_ID, quantity +Sales_Order_Line_Quantity, unit_price_net +Tax_Exclude_Unit_Price,"
        " unit_price_gross +Tax_Include_Unit_Price, line_amount_net +Tax_Exclude_Amount, line_amount_gross +Tax_Include_Amount,"
        " line_tax_amount +Transaction_Tax_N, requested_date +Due_Date, contract_id +Sales_Contract_ID, contract_line_id +Sales_Contract_Line_ID,"
        " doc_status +Status"
    ),
    "customer_invoice_line": (
        "invoice_number Invoice_Number, invoice_date Invoice_Date, due_date Invoice_Due_Date, customer_id Customer_Account_ID,"
        " invoice_kind Invoice_Type_Name, official_invoice_code Official_Invoice_Code, fiscal_period Fiscal_Period,"
        " payment_term_days Terms_Due_Days, discount_share Terms_Discount_Percentage, created_by Activity_Records, created_at Activity_Records,"
        " invoice_line_no +Invoice_Line_Number, so_number +Sales_Order_ID"
    ),
    "customer_invoice": (
        "invoice_number Invoice_Number, invoice_date Invoice_Date, customer_id Customer_Account_ID, amount_gross Invoice_Transaction_Amount,"
        " tax_amount Transaction_Tax_N, company_code Business_Segment_X"
    ),
    "customer": "party_id Customer_Account_ID, party_name Customer_Account_Name, tax_id Customer_TIN, credit_limit Total_Credit_Limit, party_type Customer_Type_ID",
    "user": "user_id User_ID, user_name User_Name, is_active User_Active_Status, roles User_Role_Responsibility",
    "item": "item_id Inventory_Product_ID, item_group Inventory_Product_Type_ID, base_uom Basic_UOM_Code",
    "inventory_level": "as_of_date Inventory_As_Of_Date, item_id Inventory_Product_ID, warehouse_id Location_ID, quantity_on_hand Quantity",
    "company": "company_code Business_Segment_Code, company_name Business_Segment_Name",
}


def crosswalk() -> Iterator[tuple[str, ...]]:
    """A row per canonical table and column, in the order of the model, in COLUMNS."""
    for name, table in TABLES.items():
        document, lines = _TABLES.get(name, ("", ""))
        fields = dict(pair.split() for pair in _FIELDS.get(name, "").split(", ") if pair)
        for column in table.columns:
            field = fields.get(column.name, "")
            standard = lines if field.startswith("+") else document
            how = MAPPED if field else TABLE_ONLY if document else NONE
            named = standard if field else " + ".join(filter(None, (document, lines)))
            yield (name, column.name, column.kind, "true" if column.required else "false", named, field.removeprefix("+"), how)
