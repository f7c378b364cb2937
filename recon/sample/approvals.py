"""Who may approve what, and the approvals as they were given."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from recon.sample.book import Book, Row, Value
    from recon.sample.chain import Chain, Document

#: document type -> steps by amount: (lowest amount, highest amount the role may approve, role, user)
POLICY: Final[dict[str, tuple[tuple[int, int, str, str], ...]]] = {
    "purchase_order": (
        (0, 50_000, "BUYING_LEAD", "BUYL1"),
        (50_000, 500_000, "BUYING_MANAGER", "BUYM1"),
        (500_000, 50_000_000, "PURCHASING_DIRECTOR", "CPO01"),
    ),
    "supplier_invoice": ((50_000, 5_000_000, "AP_MANAGER", "APM01"),),
    "supplier_payment": ((100_000, 20_000_000, "TREASURER", "TRE01"),),
    "sales_order": ((100_000, 1_000_000, "SALES_MANAGER", "SAM01"), (1_000_000, 50_000_000, "SALES_DIRECTOR", "SAD01")),
}
#: orders from here on are approved a second time: (document type, step, lowest amount, highest amount, role)
SECOND: Final = (("purchase_order", "2", 5_000_000, 50_000_000, "FINANCE_DIRECTOR"),)
LOWEST: Final = {document_type: Decimal(bands[0][0]) for document_type, bands in POLICY.items()}


def policy_rows() -> list[Row]:
    """The table of authority; every document type has one step, and very large orders a second one."""
    first = [(kind, "1", lowest, highest, role) for kind, bands in POLICY.items() for lowest, highest, role, _ in bands]
    first += [("expense_claim", "1", 0, 2_000, "TEAM_LEAD"), ("tender_waiver", "1", 0, 50_000_000, "PURCHASING_DIRECTOR")]
    return [
        {
            "document_type": document_type,
            "min_amount": lowest,
            "max_amount": highest,
            "currency": "CNY",
            "required_step": step,
            "required_role": role,
            "max_hours": 2,
            "valid_from": date(2025, 1, 1),
        }
        for document_type, step, lowest, highest, role in (*first, *SECOND)
    ]


def delegation_rows() -> list[Row]:
    """The purchasing director was away in July 2026; the buying manager has a deputy in August."""
    return [
        {"from_user": "CPO01", "to_user": "BUYM1", "valid_from": date(2026, 7, 1), "valid_to": date(2026, 7, 31), "limit_amount": 2_000_000},
        {"from_user": "BUYM1", "to_user": "BUYD1", "valid_from": date(2026, 8, 1), "valid_to": date(2026, 8, 31), "limit_amount": 200_000},
    ]


def approver(document_type: str, amount_base: Decimal) -> str:
    """The lowest user whose limit covers the amount in company currency; an amount equal to the limit is covered."""
    return next(user for _, highest, _, user in POLICY[document_type] if amount_base <= highest)


def event(book: Book, keys: Row, actor: str, at: str, **columns: Value) -> Row:
    """Write one approving step, assigned an hour and a half before; `keys` name the document."""
    assigned = (datetime.fromisoformat(at) - timedelta(minutes=90)).isoformat()
    given: Row = {"step": "1", "action": "approve", "actor_id": actor, "action_at": at, "assigned_at": assigned, **keys, **columns}
    return book.add("approval_event", given)


def order_keys(chain: Chain) -> Row:
    """Columns that name an order in an approval event."""
    keys: Row = {"company_code": chain.company, "document_type": chain.cycle.order_type, "document_number": chain.number}
    return keys | {"party_id": chain.party.party_id, "amount_at_action": chain.net, "currency": chain.currency}


def invoice_keys(chain: Chain, document: Document) -> Row:
    """Columns that name an invoice in an approval event."""
    keys: Row = {"company_code": chain.company, "document_type": chain.cycle.invoice_type, "document_number": document.number}
    return keys | {"party_id": chain.party.party_id, "amount_at_action": document.net, "currency": chain.currency}


def approve_order(chain: Chain, actor: str = "", day: date | None = None, **columns: Value) -> Row | None:
    """Approve an order in the afternoon of its day, before it is sent at four; None where no approval is needed."""
    kind = chain.cycle.order_type
    if chain.net_base < LOWEST[kind]:
        return None
    actor = actor or approver(kind, chain.net_base)
    return event(chain.book, order_keys(chain), actor, chain.book.moment(day or chain.day, 14), **columns)


def approve_invoice(chain: Chain, document: Document) -> None:
    """Approve a supplier invoice in the evening of its day, where the policy asks for it."""
    rate = chain.book.masters.rate(chain.currency, document.day)
    if chain.buys and document.kind == "invoice" and document.gross * rate >= LOWEST["supplier_invoice"]:
        event(chain.book, invoice_keys(chain, document), "APM01", chain.book.moment(document.day, 18))
