"""Purchase and sales documents stacked under neutral names, each table in the order of its natural key.

From here on a row is known by its position. Positions follow document keys, never the order in which rows were read, so
whatever is decided or sorted by position does not depend on files or row numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, Cycle
from recon.domain.documents import DATE_ONLY, dtypes, schema

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted

_SOURCE: Final = "source_file source_row"
_ENTERED: Final = f"is_cancelled created_by created_at created_at{DATE_ONLY} {_SOURCE}"

#: neutral name (=canonical template where it differs), per kind of document
_ORDER: Final = (
    "company_code order_number={order}_number order_line_no={order}_line_no order_date={order}_date party_id={party} item_id item_group"
    " quantity uom unit_price_net unit_price_gross price_tax_basis tax_rate price_per currency fx_rate line_amount_net promised_date"
    " need_by_date match_level over_receipt_share limit_amount contract_id order_type=po_type po_version is_current_version doc_status"
    " is_closed is_final_delivery is_final_invoice buyer_id requester_id planned_charge_amount charge_code valid_from valid_to"
    f" sent_at sent_at{DATE_ONLY} is_bill_and_hold {_ENTERED}"
)
_FULFILMENT: Final = (
    "company_code fulfilment_number={fulfilment}_number fulfilment_line_no={fulfilment}_line_no fulfilment_date={fulfilment}_date"
    " posting_date referenced_order_number={order}_number referenced_order_line_no={order}_line_no party_id={party} item_id quantity"
    " quantity_accepted quantity_rejected quantity_declared_loss uom fulfilment_kind={fulfilment}_kind"
    " origin_number=origin_{fulfilment}_number origin_line_no=origin_{fulfilment}_line_no supplier_delivery_note warehouse_id"
    f" unit_cost_net currency incoterm goods_issue_posted {_ENTERED}"
)
_INVOICE: Final = (
    "company_code invoice_number invoice_line_no internal_number invoice_kind line_kind invoice_date posting_date received_date due_date"
    " party_id={party} referenced_order_number={order}_number referenced_order_line_no={order}_line_no"
    " referenced_fulfilment_number={fulfilment}_number referenced_fulfilment_line_no={fulfilment}_line_no supplier_delivery_note item_id"
    " quantity uom unit_price_net price_per discount_amount line_amount_net tax_rate line_tax_amount line_amount_gross currency fx_rate"
    f" charge_code origin_number=origin_invoice_number origin_line_no=origin_invoice_line_no payment_block posted_by {_ENTERED}"
)


@dataclass(frozen=True)
class Stacks:
    """Accepted documents as matching sees them; `given` names the neutral columns that some source really gave."""

    orders: pl.DataFrame
    fulfilments: pl.DataFrame
    invoices: pl.DataFrame


def stack(accepted: Accepted) -> Stacks:
    """The three document stacks, sales before purchases (order of the cycles' names), sorted by document key."""
    line = "{0}_line_no"
    return Stacks(
        orders=_stacked(accepted, "order_table", _ORDER, ("company_code", "order_number", line.format("order"), "po_version")),
        fulfilments=_stacked(accepted, "fulfilment_table", _FULFILMENT, ("company_code", "fulfilment_number", line.format("fulfilment"))),
        invoices=_stacked(
            accepted,
            "invoice_table",
            _INVOICE,
            ("company_code", "party_id", "invoice_number", "invoice_date", "internal_number", line.format("invoice")),
        ),
    )


def _stacked(accepted: Accepted, table_of: str, words: str, key: tuple[str, ...]) -> pl.DataFrame:
    """Both cycles' tables under neutral names. Columns that no source gave are null without taking memory."""
    types: dict[str, pl.DataType] = {"cycle": dtypes()["id"]}
    parts: list[pl.DataFrame] = []
    for cycle in sorted(CYCLES, key=lambda c: c.name):
        table = str(getattr(cycle, table_of))
        names = _names(words, cycle)
        types |= {neutral: schema(table)[canonical] for neutral, canonical in names.items() if canonical in schema(table)}
        if accepted.documents.supplied.get(table):
            parts.append(_part(accepted, table, names, cycle).pipe(_in_key_order, key))
    given = {name for part in parts for name in part.columns}
    whole = [part.with_columns(pl.lit(None, dtype=types[n]).alias(n) for n in sorted(given - set(part.columns))) for part in parts]
    frame = pl.concat([part.select(sorted(given)) for part in whole]) if whole else pl.DataFrame(schema=types)
    lacking = [pl.lit(None, dtype=kind).alias(name) for name, kind in types.items() if name not in frame.columns]
    return frame.with_columns(lacking).select(types.keys()).with_row_index("row")


def _names(words: str, cycle: Cycle) -> dict[str, str]:
    pairs = (word.split("=") if "=" in word else (word, word) for word in words.split())
    return {neutral: template.format(order=cycle.order, fulfilment=cycle.fulfilment, party=cycle.party) for neutral, template in pairs}


def _part(accepted: Accepted, table: str, names: dict[str, str], cycle: Cycle) -> pl.DataFrame:
    supplied = accepted.documents.supplied[table]
    present = {
        neutral: canonical
        for neutral, canonical in names.items()
        if canonical.removesuffix(DATE_ONLY) in supplied or (canonical.startswith("source_") and canonical in schema(table))
    }
    frame = accepted.documents.tables[table].select(pl.col(canonical).alias(neutral) for neutral, canonical in present.items())
    return frame.collect().with_columns(cycle=pl.lit(cycle.name))


def _in_key_order(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Sorted by key; line numbers by length first, so that line 10 follows line 9. Untouched where already in order."""
    keys: list[pl.Expr] = []
    for name in key:
        if name in frame.columns:
            keys += [pl.col(name).str.len_bytes(), pl.col(name)] if name.endswith("_line_no") else [pl.col(name)]
    order = frame.select(pl.arg_sort_by(keys, nulls_last=True)).to_series()
    return frame if order.is_sorted() else frame.select(pl.all().gather(order))
