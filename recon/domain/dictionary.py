"""The data dictionary: what each canonical column is called, what kind of value it holds, what it means.

Kinds: id (text, compared after normalisation of case and width), text, date, timestamp, flag, count, money `Decimal(38, 6)`,
quantity and price `Decimal(38, 10)`, rate `Decimal(20, 10)` (a fraction or an exchange rate).
"""

from __future__ import annotations

from typing import Final

_DECLARED: Final = """
company_code id company (legal entity) the document belongs to
po_number id number of the purchase order
po_line_no id line of the purchase order
po_date date date of the purchase order
so_number id number of the sales order
so_line_no id line of the sales order
so_date date date of the sales order
supplier_id id supplier, as in the supplier master
customer_id id customer, as in the customer master
supplier_name text name of the supplier on the document
customer_name text name of the customer on the document
item_id id item, as in the item master
item_description text description of the item on the document
item_group id group the item belongs to
quantity quantity quantity in `uom`; returns, reversals and credits are negative
uom id unit of measure of the quantity
unit_price_net price price without tax per `price_per` units of `uom`; never negative
unit_price_gross price price with tax per `price_per` units of `uom`
price_per quantity number of units the price is for (1 unless given)
currency id currency of the document (ISO 4217)
fx_rate rate company-currency units per 1 unit of document currency
tax_rate rate tax rate as a fraction (13 % = 0.13)
line_amount_net money amount of the line without tax, in document currency
line_tax_amount money tax of the line, in document currency
line_amount_gross money amount of the line with tax, in document currency
price_tax_basis text whether the price was agreed without (net) or with tax (gross)
is_price_estimated flag the price is an estimate, not agreed
planned_charge_amount money freight or other charge planned on the order line
charge_code id kind of charge (freight, insurance, duty ...)
need_by_date date date the goods are needed
promised_date date date the party confirmed
match_level text how many documents must agree on this line
over_receipt_share rate over-delivery allowed on the line, as a fraction of the ordered quantity
line_discount_share rate discount agreed on the line, as a fraction of its value before discount; unit_price_net is the price after it
limit_amount money value limit of a blanket or service line
valid_from date first day of validity
valid_to date last day of validity; empty means open
contract_id id contract or framework agreement
contract_line_id id line of the contract
requisition_id id requisition the order answers
requisition_line_no id line of the requisition
requisition_date date date of the requisition
approved_at timestamp when the document was approved
order_origin text how the order came about (planning run, call-off ...)
movement_reason text why goods were moved where no order says it (samples, repairs ...)
po_type text kind of order
po_version count version of the order line; absent means there is one
is_current_version flag this row is the version in force
doc_status text status of the document in canonical words
is_cancelled flag the document was cancelled and counts for nothing
is_closed flag nothing more is expected on the line
is_final_delivery flag the last delivery has been made
is_final_invoice flag the last invoice has been received
buyer_id id user who placed the order
requester_id id user who asked for the goods
created_by id user who entered the document
created_at timestamp when the document was entered
sent_at timestamp when the order was sent to the party
closed_at timestamp when the line or period was closed
budget_code id budget the order is charged to
emergency flag emergency purchase by policy
receipt_number id number of the goods receipt
receipt_line_no id line of the goods receipt
receipt_date date date the goods, or the money, came in
shipment_number id number of the shipment
shipment_line_no id line of the shipment
shipment_date date date the goods left
posting_date date date in the books; the document's own date where absent
quantity_base quantity the quantity in the item's base unit, as the document converts it
quantity_accepted quantity delivered quantity that passed inspection
quantity_rejected quantity delivered quantity that failed inspection
quantity_declared_loss quantity transit loss that the carrier or supplier acknowledged
receipt_kind text kind of receipt, of goods or of cash
shipment_kind text kind of shipment
origin_receipt_number id receipt that a return or reversal refers to
origin_receipt_line_no id line of the receipt that a return or reversal refers to
origin_shipment_number id shipment that a return or reversal refers to
origin_shipment_line_no id line of the shipment that a return or reversal refers to
supplier_delivery_note id number of the delivery note
warehouse_id id warehouse
unit_cost_net price cost per unit at which the goods were taken in
inspected_at timestamp when the goods were inspected
posted_by id user who posted the document
posted_at timestamp when the document was posted
invoice_number id number of the invoice, on the supplier side the supplier's own
invoice_line_no id line of the invoice
invoice_date date date of the invoice
received_date date date the invoice arrived
due_date date date the invoice is due
invoice_kind text kind of invoice
line_kind text kind of invoice line
discount_amount money discount inside the line, positive
origin_invoice_number id invoice that a credit, debit or reversal refers to
origin_invoice_line_no id line of the invoice that a credit, debit or reversal refers to
official_invoice_number id number of the tax invoice (fapiao)
official_invoice_code id code of the tax invoice (fapiao)
official_invoice_type text kind of tax invoice: special (its tax is deductible), ordinary, …
status text what the tax authority says of the tax invoice
status_changed_at timestamp when that status last changed
verification_result text outcome of checking the tax invoice against the tax authority
verified_at timestamp when it was checked
seller_tax_id id tax number of the seller
is_deductible flag the tax may be deducted; where it says nothing the kind of tax invoice decides
checkoff_period id tax period in which the input tax was claimed; empty means not claimed
red_of_number id blue tax invoice that a red one takes back
red_of_code id code of that blue tax invoice
red_of_line id line of that blue tax invoice; empty means the whole
red_confirmation_status text state of the procedure that allows the red tax invoice
red_reason text why it was taken back
company_name text name of the company
claim_number id number of the expense claim
claim_line_no id line of the expense claim
claim_date date date of the expense claim
claimant_id id user who claims
merchant_name text name of whoever was paid
payment_block id reason the invoice may not be paid; empty means payable
block_released_by id user who released the payment block
block_released_at timestamp when the payment block was released
block_release_reason text reason given for the release
fiscal_period id fiscal period the document was booked in
payment_term_days count days until the invoice is due
discount_date date last day of the early-payment discount
discount_share rate early-payment discount as a fraction
internal_number id own number of the document
amount_net money total without tax, in document currency
tax_amount money total tax, in document currency
amount_gross money total with tax, in document currency
supplier_tax_id id tax number of the seller
buyer_tax_id id tax number of the buyer
confirmed_date date date the customer confirmed the delivery
payment_number id number of the payment
payment_date date date of the payment
value_date date value date at the bank
amount money amount in document currency
payment_kind text kind of payment
payee_account id bank account paid to
payee_name text name paid to
released_by id user who released the payment
is_voided flag the payment was voided and counts for nothing
is_manual flag the payment was made by hand, outside the usual way
run_id id payment run that made the payment; empty means none, where the source gives runs at all
reference text free reference text
amount_applied money part of the payment applied to the invoice
discount_taken money early-payment discount taken on the invoice
salesperson_id id salesperson
customer_po_number id the customer's own order number
requested_date date date the customer asked for
credit_released_by id user who released the order from the credit check
credit_released_at timestamp when the order was released from the credit check
is_on_hold flag the order is on hold
is_bill_and_hold flag billed before shipment by written agreement
incoterm id delivery terms
transfer_date date date control passed to the customer
goods_issue_posted flag the goods issue has been posted
confirmation_number id number of the delivery confirmation
quantity_confirmed quantity quantity the customer confirmed
quantity_damaged quantity quantity the customer reported as damaged
confirmed_by id who confirmed
cash_receipt_number id number of the cash receipt
payer_name text name of the payer at the bank
bank_reference text reference of the bank
remittance_text text what the payer wrote
write_off_amount money amount written off on the invoice
is_disputed flag a dispute about the invoice is on record
promised_payment_date date day by which the party has promised to pay
reason_code id reason of a deduction or of a credit note
applied_by id user who applied the cash
applied_at timestamp when the cash was applied
deduction_amount money what the customer kept back of the invoice, positive
accepted_at timestamp when the deduction was accepted; empty means not accepted
accepted_by id user who accepted the deduction
document_type id kind of document, a canonical table's stem
document_number id number of the document
document_version count version of the document
party_id id supplier or customer
step id approval step
action text what the actor did
actor_id id user who acted
on_behalf_of id user for whom a delegate acted
action_at timestamp when the actor acted
assigned_at timestamp when the step was assigned
amount_at_action money amount of the document when the actor acted
min_amount money lowest document amount the policy covers
max_amount money highest document amount the step or role may approve; empty means unlimited
required_step id approval step that must be given
required_role id role that must give it
max_hours count hours within which the step must be given
user_id id login
person_id id person behind the login
user_name text name of the person
roles text roles of the login, separated by commas or semicolons
approval_limit money highest amount the login may approve
limit_currency id currency of the approval limit
manager_id id login of the manager
is_active flag in use
active_from date first day in use
active_to date last day in use
bank_account id bank account
line_no id line of the document
field id name of the changed field
old_value text value before
new_value text value after
changed_by id user who made the change
changed_at timestamp when the change was made
party_name text name of the party
tax_id id tax number
group_id id group the party belongs to
country id country (ISO 3166)
credit_limit money credit limit
credit_currency id currency of the credit limit
is_blocked flag blocked for business
is_one_time flag one-time party
party_type id what the party is
bank_country id country of the bank (ISO 3166)
account_name text name in which the account is held
phone id telephone number
email id e-mail address
address text postal address
city text city
list_version id version of the screening list
list_date date day on which the list was issued
entry_id id entry of the list
entry_kind text what the entry names
name text name on the list
item_name text name of the item
base_uom id unit in which quantities of the item are compared
is_stock flag kept in stock
is_service flag a service, not goods
standard_cost price standard cost per base unit
gtin id number of the item in trade (GTIN, EAN, UPC) with its check digit
party_item_id id code under which the party knows the item: the supplier's article number, the customer's part number
other_party_id id another id of the party, as documents write it
party_role id whether the party supplies or buys
unit_volume quantity volume of one base unit, all items in the same unit of volume
unit_weight quantity weight of one base unit, all items in the same unit of weight
inspection_required flag goods are inspected before acceptance
tax_class id tax class
from_uom id unit converted from
to_uom id unit converted to
factor quantity `to_uom` units per 1 `from_uom`
min_quantity quantity quantity from which the price holds
rate_date date date of the rate
from_currency id currency converted from
to_currency id currency converted to
rate rate `to_currency` units per 1 `from_currency`
as_of_date date date of the position
quantity_on_hand quantity stock on hand
count_number id number of the stock count
count_line_no id line of the stock count
count_date date date of the stock count
counted_quantity quantity what was counted
book_quantity quantity what the books said when it was counted
counted_by id user who counted
movement_number id number of the stock movement
movement_date date date the goods moved
movement_kind text kind of stock movement
movement_amount money value of the movement in company currency, signed like its quantity
safety_stock quantity safety stock
reorder_point quantity stock at which to order
max_stock quantity highest stock wanted
lead_time_days count days from order to receipt
period_start date first day of the period
date date day
is_working_day flag a working day
opens_at text time of day the company opens, such as 09:00; empty means the day begins open
closes_at text time of day the company closes, such as 18:00; empty means open until the day ends
callback_reference id evidence that the party confirmed the change when called on a known number
request_id id number of the service request
received_at timestamp when the request came in
first_response_at timestamp when the customer was first answered
table id canonical table
source_file text file the total speaks about; empty means all files of the table
row_count count rows the source system sent
amount_column id column that the total adds up
amount_total money sum of that column
period id fiscal period
from_date date first day
to_date date last day
account id ledger account
account_role text what the account stands for
balance money balance in the currency, debit positive
journal id journal number
auto_reverse flag reversed automatically next period
is_accrual flag whether the posting is an estimate that is to be reversed
reversal_of id journal that the posting takes back
from_user id user who lends authority
to_user id user who borrows it
statement_line id line of the bank statement
booking_date date booking date at the bank
counterparty text other side of the bank transaction
budget_id id budget
fiscal_year id calendar year, four digits, of the days that the budget is for; empty means any day
cost_center id cost centre that answers for the budget
budget_category id kind of spending the budget is for
budget_amount money what may be spent
committed_amount money what was ordered and not billed up to the date of the position
actual_amount money what was billed up to the date of the position
tender_id id tender
bid_amount money what the supplier asks for the whole, without tax
quotation_date date date of the bid
waiver_id id decision that no tender is held
control_id id control
rule_hash id fingerprint of what the control means
parameter_hash id fingerprint of its parameters in force
parameters text its parameters in force, as JSON
change_reference id reference of an agreed change of the rule or its parameters
"""


def _parse() -> dict[str, tuple[str, str]]:
    columns = {}
    for line in _DECLARED.strip().splitlines():
        name, kind, meaning = line.split(" ", 2)
        columns[name] = (kind, meaning)
    return columns


#: column -> (kind, meaning)
COLUMNS: Final[dict[str, tuple[str, str]]] = _parse()

#: column -> the words it may hold, the default first where absence means one
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "movement_kind": ("receipt", "issue", "transfer", "adjustment", "consumption"),
    "price_tax_basis": ("net", "gross"),
    "match_level": ("3way", "2way", "4way", "none"),
    "po_type": ("standard", "service", "blanket", "consignment", "return"),
    "receipt_kind": ("receipt", "return", "reversal", "advance", "refund"),
    "shipment_kind": ("shipment", "return", "reversal"),
    "invoice_kind": ("invoice", "credit", "value_credit", "value_debit", "prepayment", "reversal"),
    "line_kind": ("item", "service", "charge", "tax", "discount", "rounding", "prepayment_application"),
    "payment_kind": ("payment", "prepayment", "refund", "void"),
    "action": ("submit", "approve", "reject", "withdraw", "delegate", "auto_approve", "release", "unapprove", "close"),
    "status": ("normal", "void", "red", "lapsed", "abnormal"),
    "verification_result": ("verified", "mismatch", "not_found", "unavailable"),
    "red_confirmation_status": ("confirmed", "not_required", "pending", "refused", "lapsed", "revoked"),
    "entry_kind": ("party", "country"),
    "party_role": ("supplier", "customer"),
    "party_type": ("company", "individual", "employee", "public_body", "factor"),
    "account_role": ("gr_ir", "payables", "receivables", "inventory", "allowance"),
    "doc_status": (
        "open",
        "draft",
        "submitted",
        "approved",
        "partially_fulfilled",
        "fulfilled",
        "closed",
        "cancelled",
        "reversed",
        "rejected",
        "on_hold",
        "unknown",
    ),
}
