"""Masters of suppliers and customers that should make somebody ask: whose account, whose telephone, in which country."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.book import ago, days
from recon.sample.chain import Part
from recon.sample.faults.payments import bought
from recon.sample.faults.registry import on_document, order, plants
from recon.sample.masters import STAFF_ADDRESS, german_vat, iban, tax_id
from recon.sample.newcomers import newcomer

if TYPE_CHECKING:
    from recon.sample.book import Book, Value
    from recon.sample.chain import Chain
    from recon.sample.masters import Party


def supplier(book: Book, **columns: Value) -> Party:
    """A supplier of its own, nothing bought from it yet; `columns` overrides what the master says."""
    return newcomer(book, PROCURE_TO_PAY, 30, "CNY", **columns)


def customer(book: Book, **columns: Value) -> Party:
    """A customer of its own, nothing sold to it yet; `columns` overrides what the master says."""
    return newcomer(book, ORDER_TO_CASH, 30, "CNY", **columns)


def own_account(book: Book) -> str:
    """An account number that nobody else has."""
    return f"62284800{book.number('ACC').rpartition('-')[2]}00017"


def expect(book: Book, control_id: str, party: Party, note: str) -> None:
    """Write a supplier, or a customer, into the answer key."""
    kind = "customer" if party.party_id.startswith("K") else "supplier"
    book.expect(control_id, *on_document(kind, party.party_id), note)


def serial(book: Book) -> int:
    """A number for identifiers that nobody else has."""
    return int(book.number("MASTER").rpartition("-")[2]) + 340_000


@plants("PTY-04")
def two_suppliers_one_account(book: Book) -> None:
    """Two suppliers that have nothing to do with each other, paid to one account, written with and without spaces."""
    account = own_account(book)
    spaced = f"{account[:4]} {account[4:8]} {account[8:]}"
    for party in (supplier(book, bank_account=account), supplier(book, bank_account=spaced)):
        expect(book, "PTY-04", party, "two suppliers have one account")
    expect(book, "PTY-03", party, "the later of two suppliers with one account")


@plants("PTY-01")
def account_of_a_buyer(book: Book) -> None:
    """A supplier whose account is that of somebody on the pay-roll."""
    person = book.rows["user"][0]
    party = supplier(book, bank_account=f"{str(person['bank_account'])[:10]}-{str(person['bank_account'])[10:]}", is_active="false")
    expect(book, "PTY-01", party, f"the account of {person['person_id']}")


@plants("PTY-12")
def bank_on_an_island(book: Book) -> None:
    """A supplier at home whose bank is on an island."""
    expect(book, "PTY-12", supplier(book, bank_country="VG"), "a bank in VG, the supplier in CN")


@plants("PTY-02")
def telephone_of_a_storekeeper(book: Book) -> None:
    """A supplier who answers the telephone of somebody on the pay-roll."""
    phone = str(next(row["phone"] for row in book.rows["user"] if row["user_id"] == "STO01"))
    expect(book, "PTY-02", supplier(book, phone=f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}"), "the telephone of STO01")


@plants("PTY-02")
def mail_of_a_salesman(book: Book) -> None:
    """A customer whose e-mail goes to one of the sellers."""
    expect(book, "PTY-02", customer(book, email="SAL01@Staff.example "), "the e-mail of SAL01")


@plants("PTY-02")
def lives_next_door(book: Book) -> None:
    """A supplier whose address differs in two of twenty-five characters from that of a requester."""
    expect(book, "PTY-02", supplier(book, address=STAFF_ADDRESS.replace("12号1503", "13号1508")), "almost the address of REQ01")


@plants("PTY-07")
def mistyped_credit_code(book: Book) -> None:
    """A credit code with one digit mistyped."""
    code = tax_id(serial(book))
    wrong = f"{code[:16]}{(int(code[16]) + 1) % 10}{code[17]}"
    expect(book, "PTY-07", supplier(book, tax_id=wrong), "a digit of the credit code is wrong")


@plants("PTY-07")
def mistyped_iban(book: Book) -> None:
    """A German supplier whose account has one wrong digit."""
    ordinal = serial(book)
    account = iban(ordinal)
    wrong = account[:-1] + str((int(account[-1]) + 1) % 10)
    terms: dict[str, Value] = {"country": "DE", "bank_country": "DE", "tax_id": german_vat(ordinal), "bank_account": wrong}
    expect(book, "PTY-07", supplier(book, **terms), "a digit of the IBAN is wrong")


@plants("PTY-07")
def customer_without_terms(book: Book) -> None:
    """A customer for whom nobody has said when it must pay."""
    expect(book, "PTY-07", customer(book, payment_term_days=None), "no payment terms")


@plants("PTY-03")
def made_again(book: Book) -> None:
    """A supplier made a second time, its tax number typed with spaces and in small letters."""
    code = tax_id(serial(book))
    supplier(book, tax_id=code)
    twin = supplier(book, tax_id=f"{code[:2]} {code[2:8]} {code[8:].lower()}")
    expect(book, "PTY-03", twin, "the tax number of the supplier before")


@plants("PTY-03")
def customer_made_again(book: Book) -> None:
    """A customer made a second time in the same city under nearly its name: one character in ten differs."""
    city = f"{book.number('CITY')}市"
    customer(book, party_name="江苏省鼎峰聚合高分子新材料科技有限公司", city=city)
    twin = customer(book, party_name="鼎峰聚和高分子新材料科技股份有限公司", city=city)
    expect(book, "PTY-03", twin, "almost the name of another customer in the same city")


def reads_like(book: Book, changed: int) -> Party:
    """A new supplier without bills whose name differs from that of one with bills in so many of a dozen characters."""
    chain, _ = bought(book, ago(60))
    name = f"{'广源'[:changed]}{chain.party.name[changed:]}"
    return supplier(book, group_id="G-NEW", party_name=name)


@plants("PTY-10")
def one_character_of_the_name(book: Book) -> None:
    """A supplier that reads like one that everybody knows: one character is another."""
    expect(book, "PTY-10", reads_like(book, 1), "one character of the name is another")


@plants("PTY-11")
def only_a_post_box(book: Book) -> None:
    """A supplier with a post box and nothing else."""
    expect(book, "PTY-11", supplier(book, address="P.O. Box 1123, Nanjing"), "a post box")


def numbered_in_a_row(book: Book, span: int) -> Chain:
    """Five bills of a supplier of its own, numbered one after the other over so many days, each for what came three days before."""
    chain, line = order(book, PROCURE_TO_PAY, ago(130), "26.00")
    first = 4_000_000 + book.rng.randrange(900_000)
    for place in range(5):
        day = ago(120 - span * place // 4)
        part = [Part(line, Decimal(20))]
        chain.fulfil(day - days(3), part)
        chain.invoice(day, part, invoice_number=f"QH{first + place}")
    return chain


@plants("SEQ-03")
def nobody_else_is_billed(book: Book) -> None:
    """Five bills over sixty days, and no number between them."""
    chain = numbered_in_a_row(book, 60)
    book.expect("SEQ-03", ("supplier", chain.party.party_id, ""), ("", ""), "five consecutive numbers in sixty days")
