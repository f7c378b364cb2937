"""Sentences and figures for readers: exact numbers without trailing zeros, dates as written, codes in words, unknown said as unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.documents import DATE_ONLY, TABLES
from recon.evaluate.texts import PLACE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What stands in a sentence for a value that is not known.
UNKNOWN: Final = {"en": "unknown", "zh": "未知"}
_DOCUMENTS: Final = {
    "purchase_order": ("purchase order", "采购订单"),
    "goods_receipt": ("goods receipt", "收货单"),
    "supplier_invoice": ("supplier invoice", "供应商发票"),
    "supplier_payment": ("supplier payment", "付款单"),
    "sales_order": ("sales order", "销售订单"),
    "shipment": ("shipment", "发货单"),
    "delivery_confirmation": ("delivery confirmation", "签收单"),
    "customer_invoice": ("customer invoice", "销售发票"),
    "cash_receipt": ("cash receipt", "收款单"),
    "credit_note": ("credit note", "红字发票"),
    "requisition": ("requisition", "请购单"),
    "bank_transaction": ("bank statement line", "银行对账单行"),
}
_EVENTS: Final = _DOCUMENTS | {
    "sent": ("sent", "已发出"),
    "posted": ("posted", "已过账"),
    "paid": ("paid", "已付款"),
    "approved": ("approved", "已批准"),
}
_REFERENCES: Final = {
    "po_number": ("purchase order", "采购订单"),
    "so_number": ("sales order", "销售订单"),
    "receipt_number": ("goods receipt", "收货单"),
    "shipment_number": ("shipment", "发货单"),
    "invoice_number": ("invoice", "发票"),
    "origin_invoice_number": ("corrected invoice", "原发票"),
    "origin_receipt_number": ("returned receipt", "原收货单"),
    "origin_shipment_number": ("returned shipment", "原发货单"),
    "payment_number": ("payment", "付款单"),
    "cash_receipt_number": ("cash receipt", "收款单"),
}
_DUTIES: Final = {
    "creator": ("creator", "制单人"),
    "requester": ("requester", "申请人"),
    "buyer": ("buyer", "采购员"),
    "salesperson": ("salesperson", "销售员"),
    "receiver": ("receiver", "收货人"),
    "shipper": ("shipper", "发货人"),
    "invoice clerk": ("invoice clerk", "发票经办人"),
    "payment clerk": ("payment clerk", "付款经办人"),
    "payee": ("payee", "收款人"),
    "master data": ("keeper of the party's master data", "往来单位主数据维护人"),
}
#: Columns whose values are code words -> how each is said. Words that are not listed are said as they are.
_CODED: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "document_type": _DOCUMENTS,
    "effective_event": _EVENTS,
    "guarded_event": _EVENTS,
    "first_event": _EVENTS,
    "reference_kind": _REFERENCES,
    "table": {name: (table.title.partition(";")[0], name) for name, table in TABLES.items()},
}
_LISTED: Final = {"same_person_duty": _DUTIES}


def plain(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Any value as text: decimals without trailing zeros and without an exponent, dates as YYYY-MM-DD, instants in UTC."""
    text = value.cast(pl.String)
    if isinstance(dtype, pl.Decimal) and dtype.scale:
        return text.str.strip_chars_end("0").str.strip_chars_end(".")
    if isinstance(dtype, pl.Datetime):
        return value.dt.strftime("%Y-%m-%d %H:%M:%SZ")
    return text


def grouped(text: pl.Expr) -> pl.Expr:
    """A plain number as people read it: the digits before the point in threes."""
    sign, whole, rest = (text.str.extract(r"^(-?)(\d+)(\.\d+)?$", group) for group in (1, 2, 3))
    threes = whole.str.reverse().str.replace_all(r"(\d{3})", "$1,").str.strip_suffix(",").str.reverse()
    return pl.when(whole.is_null()).then(text).otherwise(pl.concat_str(sign.fill_null(""), threes, rest.fill_null("")))


def column(name: str, schema: Mapping[str, Any], language: str) -> pl.Expr:
    """A column as a reader says it: codes in words of the language, stamps without a time as dates."""
    side = 0 if language == "en" else 1
    if name in _CODED:
        return pl.col(name).replace({code: words[side] for code, words in _CODED[name].items()})
    if name in _LISTED:
        return pl.col(name).str.replace_many({code: words[side] for code, words in _LISTED[name].items()}, leftmost=True)
    said = plain(pl.col(name), schema[name])
    if isinstance(schema[name], pl.Decimal):
        return grouped(said)
    companion = f"{name}{DATE_ONLY}"
    if companion in schema:
        return pl.when(pl.col(companion)).then(pl.col(name).dt.strftime("%Y-%m-%d")).otherwise(said)
    return said


def sentence(template: str, parts: Mapping[str, pl.Expr], language: str) -> pl.Expr:
    """The template with each {name} replaced by its text; a null is said as unknown."""
    pieces: list[pl.Expr] = []
    position = 0
    for place in PLACE.finditer(template):
        pieces += [pl.lit(template[position : place.start()]), parts[place.group(1)].fill_null(UNKNOWN[language])]
        position = place.end()
    pieces.append(pl.lit(template[position:]))
    return pl.concat_str(pieces)
