"""The canonical documents: every table and column that recon knows, once.

Schemas, the data dictionary (`recon schema TABLE`), pandera models and docs are derived from here. A column name has one
type and one meaning in whatever table it stands. Signs, scales and absence are described in `TABLES` and `meaning`.

Source: the project's interface; `crosswalk` has their names in ISO 21378.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from recon.domain.dictionary import CHOICES, COLUMNS

if TYPE_CHECKING:
    import polars as pl

#: Provenance that every document row carries beside its canonical columns.
SOURCE_FILE: Final = "source_file"
SOURCE_ROW: Final = "source_row"
#: A timestamp column `x` has a companion `x_is_date_only`: true where the source gave a date without a time.
DATE_ONLY: Final = "_is_date_only"


@dataclass(frozen=True)
class Column:
    """A canonical column: its kind decides type and unit."""

    name: str
    kind: str
    meaning: str
    required: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A canonical table: its columns, its natural key and the figure whose sum is its control total."""

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    total: str | None

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns without which a file of this table is refused."""
        return tuple(c.name for c in self.columns if c.required)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if the table has none."""
        return _by_name(self)[name]

    def has(self, name: str) -> bool:
        """Whether the table has a column of that name."""
        return name in _by_name(self)


def _order(number: str, line: str, date: str, party: str) -> str:
    return (
        f"company_code! {number}! {line}! {date}! {party}! item_id item_description item_group quantity! uom! unit_price_net! price_per"
        " currency! fx_rate tax_rate line_amount_net line_tax_amount line_amount_gross unit_price_gross price_tax_basis is_price_estimated"
        " planned_charge_amount charge_code need_by_date promised_date match_level over_receipt_share limit_amount valid_from valid_to"
        " contract_id contract_line_id requisition_id po_type po_version is_current_version doc_status is_cancelled is_closed"
        " is_final_delivery is_final_invoice buyer_id requester_id created_by created_at sent_at closed_at budget_code emergency order_origin"
        " line_discount_share party_item_id gtin"
    )


def _fulfilment(stem: str, order: str, party: str) -> str:
    return (
        f"company_code! {stem}_number! {stem}_line_no! {stem}_date! posting_date {order}_number {order}_line_no {party} item_id quantity!"
        f" quantity_accepted quantity_rejected quantity_declared_loss uom! {stem}_kind origin_{stem}_number origin_{stem}_line_no"
        " supplier_delivery_note warehouse_id unit_cost_net currency inspected_at is_cancelled created_by created_at posted_by posted_at"
        " movement_reason party_item_id gtin quantity_base"
    )


def _invoice_line(order: str, fulfilment: str, party: str) -> str:
    return (
        f"company_code! invoice_number! invoice_line_no! invoice_date! posting_date received_date due_date {party}! invoice_kind line_kind"
        f" {order}_number {order}_line_no {fulfilment}_number {fulfilment}_line_no supplier_delivery_note item_id item_description quantity uom"
        " unit_price_net price_per discount_amount line_amount_net! tax_rate line_tax_amount line_amount_gross currency! fx_rate charge_code"
        " origin_invoice_number origin_invoice_line_no official_invoice_number official_invoice_code is_cancelled payment_block"
        " block_released_by block_released_at block_release_reason fiscal_period payment_term_days discount_date discount_share"
        " created_by created_at posted_by posted_at internal_number reason_code is_disputed promised_payment_date"
        " party_item_id gtin quantity_base"
    )


def _invoice(party: str) -> str:
    return f"company_code! invoice_number! {party}! invoice_date! amount_net tax_amount amount_gross! currency! supplier_tax_id buyer_tax_id"


_PARTY = (
    "party_id! party_name! tax_id group_id country bank_account payment_term_days credit_limit credit_currency is_active is_blocked"
    " is_one_time created_by created_at party_type bank_country phone email address city"
)

#: table -> (title, natural key, control total, columns; `!` marks the required ones)
_DECLARED: Final[dict[str, tuple[str, str, str | None, str]]] = {
    "purchase_order_line": (
        "lines of purchase orders",
        "company_code po_number po_line_no po_version",
        "quantity",
        _order("po_number", "po_line_no", "po_date", "supplier_id") + " supplier_name",
    ),
    "purchase_requisition_line": (
        "lines of purchase requisitions",
        "company_code requisition_id requisition_line_no",
        None,
        "company_code! requisition_id! requisition_line_no requisition_date item_id quantity uom requester_id doc_status is_cancelled approved_at"
        " created_by created_at",
    ),
    "goods_receipt_line": (
        "lines of goods receipts; returns and reversals are negative",
        "company_code receipt_number receipt_line_no",
        "quantity",
        _fulfilment("receipt", "po", "supplier_id") + " invoice_number",
    ),
    "supplier_invoice_line": (
        "lines of supplier invoices; credits are negative",
        "company_code supplier_id invoice_number invoice_line_no internal_number invoice_date",
        "line_amount_net",
        _invoice_line("po", "receipt", "supplier_id"),
    ),
    "supplier_invoice": (
        "header totals of supplier invoices",
        "company_code supplier_id invoice_number invoice_date",
        "amount_gross",
        _invoice("supplier_id"),
    ),
    "supplier_payment": (
        "payments to suppliers; refunds and voids are negative",
        "company_code payment_number",
        "amount",
        "company_code! payment_number! payment_date! value_date supplier_id! amount! currency! fx_rate payment_kind payee_account payee_name"
        " created_by released_by created_at is_voided reference requisition_id official_invoice_number official_invoice_code is_manual run_id",
    ),
    "supplier_payment_allocation": (
        "which invoice a payment pays",
        "company_code payment_number invoice_number supplier_id",
        "amount_applied",
        "company_code! payment_number! invoice_number! supplier_id amount_applied! discount_taken",
    ),
    "sales_order_line": (
        "lines of sales orders",
        "company_code so_number so_line_no po_version",
        "quantity",
        _order("so_number", "so_line_no", "so_date", "customer_id")
        + " customer_name salesperson_id customer_po_number requested_date credit_released_by credit_released_at is_on_hold is_bill_and_hold",
    ),
    "shipment_line": (
        "lines of shipments to customers; returns and reversals are negative",
        "company_code shipment_number shipment_line_no",
        "quantity",
        _fulfilment("shipment", "so", "customer_id") + " incoterm transfer_date goods_issue_posted",
    ),
    "delivery_confirmation_line": (
        "what the customer signed for",
        "company_code confirmation_number shipment_number shipment_line_no",
        "quantity_confirmed",
        "company_code! confirmation_number! confirmed_date! shipment_number! shipment_line_no! quantity_confirmed! quantity_damaged uom confirmed_by",
    ),
    "customer_invoice_line": (
        "lines of invoices to customers; credits are negative",
        "company_code invoice_number invoice_line_no",
        "line_amount_net",
        _invoice_line("so", "shipment", "customer_id"),
    ),
    "customer_invoice": (
        "header totals of invoices to customers",
        "company_code invoice_number",
        "amount_gross",
        _invoice("customer_id"),
    ),
    "cash_receipt": (
        "money received from customers; refunds are negative",
        "company_code cash_receipt_number",
        "amount",
        "company_code! cash_receipt_number! receipt_date! value_date customer_id payer_name amount! currency! fx_rate receipt_kind"
        " bank_reference remittance_text created_by posted_at payee_account",
    ),
    "cash_receipt_allocation": (
        "which invoice a cash receipt settles",
        "company_code cash_receipt_number invoice_number customer_id",
        "amount_applied",
        "company_code! cash_receipt_number! invoice_number! customer_id amount_applied! discount_taken write_off_amount reason_code"
        " applied_by applied_at deduction_amount accepted_at accepted_by",
    ),
    "approval_event": (
        "steps of approvals as they happened",
        "company_code document_type document_number document_version party_id step action actor_id action_at",
        None,
        "company_code! document_type! document_number! document_version party_id step action! actor_id! on_behalf_of action_at! assigned_at"
        " amount_at_action currency",
    ),
    "approval_policy": (
        "who must approve what, up to which amount",
        "company_code document_type item_group min_amount required_step required_role valid_from",
        None,
        "company_code document_type! item_group min_amount! max_amount currency required_step required_role max_hours valid_from valid_to",
    ),
    "user": (
        "logins and the persons behind them",
        "user_id",
        None,
        "user_id! person_id user_name roles approval_limit limit_currency manager_id is_active active_from active_to bank_account"
        " tax_id phone email address",
    ),
    "document_change": (
        "changes of documents after they were entered",
        "company_code document_type document_number line_no field changed_at",
        None,
        "company_code! document_type! document_number! line_no field! old_value new_value changed_by changed_at! callback_reference",
    ),
    "supplier": ("the supplier master", "party_id", None, _PARTY),
    "customer": ("the customer master", "party_id", None, _PARTY),
    "party_screening_list": (
        "the screening list: firms and countries with which no business may be done",
        "list_version entry_id",
        None,
        "list_version! list_date entry_id! entry_kind! name tax_id country valid_from valid_to",
    ),
    "supplier_bank_account": (
        "bank accounts of suppliers, where one has several or they are dated",
        "supplier_id bank_account valid_from",
        None,
        "supplier_id! bank_account! account_name bank_country currency valid_from valid_to created_by created_at",
    ),
    "item": (
        "the item master",
        "item_id",
        None,
        "item_id! item_name item_group base_uom! is_stock is_service standard_cost unit_weight unit_volume inspection_required tax_class gtin",
    ),
    "item_cross_reference": (
        "codes by which parties name our items; an empty party_id means whoever writes the code",
        "party_id party_item_id item_id",
        None,
        "party_id party_item_id! item_id!",
    ),
    "party_cross_reference": (
        "other ids of suppliers and customers: of another system, or of a record that was merged into another",
        "party_role other_party_id party_id",
        None,
        "party_role! other_party_id! party_id!",
    ),
    "uom_conversion": (
        "unit conversions; an empty item_id means any item",
        "item_id from_uom to_uom",
        None,
        "item_id from_uom! to_uom! factor!",
    ),
    "price_list_line": (
        "agreed prices",
        "contract_id party_id item_id valid_from min_quantity uom currency",
        None,
        "contract_id contract_line_id party_id! item_id! valid_from! valid_to min_quantity uom unit_price_net! currency! price_per"
        " line_discount_share is_active created_by created_at",
    ),
    "fx_rate": ("exchange rates", "rate_date from_currency to_currency", None, "rate_date! from_currency! to_currency! rate!"),
    "inventory_level": (
        "stock on hand",
        "item_id warehouse_id as_of_date",
        "quantity_on_hand",
        "as_of_date! item_id! warehouse_id! quantity_on_hand! safety_stock reorder_point max_stock uom",
    ),
    "inventory_movement": (
        "movements of stock: in positive, out negative",
        "movement_number item_id warehouse_id",
        "quantity",
        "company_code movement_number! movement_date! item_id! warehouse_id! quantity! uom movement_kind movement_amount reason_code created_by"
        " created_at supplier_id",
    ),
    "stock_count_line": (
        "lines of stock counts: what the books said and what was counted",
        "company_code count_number count_line_no",
        "counted_quantity",
        "company_code! count_number! count_line_no! count_date! item_id! warehouse_id counted_quantity! book_quantity uom counted_by",
    ),
    "demand_forecast": ("forecast demand", "item_id period_start", "quantity", "item_id! period_start! quantity!"),
    "calendar": ("working days and open hours", "date", None, "date! is_working_day! opens_at closes_at"),
    "control_total": (
        "what the source system says it sent",
        "table source_file amount_column",
        None,
        "table! source_file row_count amount_column amount_total",
    ),
    "item_stock_policy": (
        "stock limits per item",
        "item_id warehouse_id",
        None,
        "item_id! warehouse_id safety_stock reorder_point max_stock lead_time_days uom",
    ),
    "fiscal_period": ("fiscal periods", "company_code period", None, "company_code period! from_date! to_date! closed_at"),
    "gl_balance": (
        "ledger balances",
        "company_code account as_of_date currency",
        "balance",
        "company_code! account! account_role as_of_date! balance! currency!",
    ),
    "gl_journal_line": (
        "ledger postings",
        "company_code journal line_no",
        "amount",
        "company_code! journal! line_no! posting_date! account! amount! currency party_id reference auto_reverse is_accrual reversal_of created_by"
        " created_at official_invoice_number official_invoice_code",
    ),
    "company": ("companies: the legal entities that keep the books", "company_code", None, "company_code! company_name tax_id country"),
    "official_invoice": (
        "the register of tax invoices (fapiao), as the tax authority knows them; red ones are negative",
        "official_invoice_number official_invoice_code line_no checkoff_period",
        "amount_net",
        "company_code official_invoice_number! official_invoice_code line_no official_invoice_type invoice_date status status_changed_at"
        " verification_result verified_at buyer_tax_id seller_tax_id amount_net tax_amount currency quantity tax_class is_deductible"
        " checkoff_period red_of_number red_of_code red_of_line red_confirmation_status red_reason",
    ),
    "expense_claim_line": (
        "lines of employees' expense claims",
        "company_code claim_number claim_line_no",
        "amount",
        "company_code! claim_number! claim_line_no! claim_date! claimant_id merchant_name amount! currency! fx_rate official_invoice_number"
        " official_invoice_code is_cancelled created_by created_at",
    ),
    "delegation": (
        "approval authority lent to another person",
        "from_user to_user valid_from",
        None,
        "from_user! to_user! valid_from! valid_to limit_amount",
    ),
    "approved_rule": (
        "the approved rule book: results/rule_versions.csv of a run that was approved, with the reference of a change where one is agreed",
        "control_id",
        None,
        "control_id! rule_hash! parameter_hash! parameters change_reference",
    ),
    "budget_line": (
        "budgets, and what of them was committed and spent up to a day; amounts in company currency",
        "company_code budget_id fiscal_year",
        "budget_amount",
        "company_code! budget_id! fiscal_year as_of_date cost_center budget_category budget_amount! committed_amount actual_amount",
    ),
    "quotation": (
        "bids of suppliers in tenders, and waivers of tenders, with the order that followed",
        "company_code tender_id supplier_id po_number waiver_id",
        None,
        "company_code! tender_id! supplier_id! po_number bid_amount currency quotation_date waiver_id",
    ),
    "service_request": (
        "what customers asked for after the sale, and when they were answered",
        "company_code request_id",
        None,
        "company_code! request_id! customer_id received_at! first_response_at closed_at so_number so_line_no",
    ),
    "bank_transaction": (
        "lines of bank statements",
        "company_code statement_line bank_account",
        "amount",
        "company_code! bank_account! statement_line! booking_date! amount! currency! counterparty reference",
    ),
}


def _table(name: str) -> Table:
    title, key, total, words = _DECLARED[name]
    columns = []
    for word in words.split():
        column = word.removesuffix("!")
        kind, meaning = COLUMNS[column]
        columns.append(Column(column, kind, meaning, word.endswith("!"), CHOICES.get(column, ())))
    return Table(name, title, tuple(columns), tuple(key.split()), total)


#: Every canonical table by name, in the order of the interface.
TABLES: Final[dict[str, Table]] = {name: _table(name) for name in _DECLARED}


@cache
def _by_name(table: Table) -> dict[str, Column]:
    return {column.name: column for column in table.columns}


@cache
def dtypes() -> dict[str, pl.DataType]:
    """Kind of a column -> Polars type. Cached and imported late, so that names alone cost nothing."""
    import polars as pl

    from recon.domain import money

    return {
        "id": pl.String(),
        "text": pl.String(),
        "date": pl.Date(),
        "timestamp": pl.Datetime("us", "UTC"),
        "flag": pl.Boolean(),
        "count": pl.Int64(),
        "money": money.MONEY,
        "quantity": money.QUANTITY,
        "price": money.PRICE,
        "rate": money.RATE,
    }


@cache
def schema(name: str) -> dict[str, pl.DataType]:
    """Column -> Polars type of a canonical table as it travels between rooms.

    All canonical columns in declared order, a `…_is_date_only` companion after the last for each timestamp,
    then `source_file` and `source_row`.
    """
    import polars as pl

    table = TABLES[name]
    types = {c.name: dtypes()[c.kind] for c in table.columns}
    types |= {c.name + DATE_ONLY: pl.Boolean() for c in table.columns if c.kind == "timestamp"}
    return types | {SOURCE_FILE: pl.String(), SOURCE_ROW: pl.UInt32()}


def with_full_schema(table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with every column of `schema`; what they lack is null and costs nothing until it is asked for."""
    import polars as pl

    present = set(frame.collect_schema().names())
    absent = {name: kind for name, kind in schema(table).items() if name not in present}
    return frame.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in absent.items()).select(schema(table).keys())
