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
from recon.match.company import said
from recon.match.dense import IN_ORDER, look_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.workpapers import Accepted

_SOURCE: Final = "source_file source_row"
_ENTERED: Final = "is_cancelled created_at"
_SHOWN: Final = f"created_by created_at{DATE_ONLY} {_SOURCE}"


@dataclass(frozen=True)
class _Kind:
    """What a stack is made of: neutral names (= canonical template where it differs) that matching works with, and that it only shows."""

    table: str  # attribute of a cycle
    key: tuple[str, ...]
    worked: str
    shown: str


_ORDERS: Final = _Kind(
    "order_table",
    ("company_code", "order_number", "order_line_no", "po_version"),
    "company_code order_number={order}_number order_line_no={order}_line_no order_date={order}_date party_id={party} item_id item_group"
    " quantity uom unit_price_net unit_price_gross price_tax_basis tax_rate price_per currency fx_rate line_amount_net match_level over_receipt_share"
    f" contract_id order_type=po_type po_version is_current_version doc_status {_ENTERED}",
    "promised_date need_by_date valid_from valid_to charge_code limit_amount is_closed is_final_delivery is_final_invoice buyer_id requester_id"
    f" planned_charge_amount is_price_estimated sent_at sent_at{DATE_ONLY} is_bill_and_hold requested_date is_on_hold requisition_id order_origin {_SHOWN}",
)
_FULFILMENTS: Final = _Kind(
    "fulfilment_table",
    ("company_code", "fulfilment_number", "fulfilment_line_no"),
    "company_code fulfilment_number={fulfilment}_number fulfilment_line_no={fulfilment}_line_no fulfilment_date={fulfilment}_date"
    " posting_date referenced_order_number={order}_number referenced_order_line_no={order}_line_no party_id={party} item_id quantity"
    " quantity_accepted quantity_rejected quantity_declared_loss uom fulfilment_kind={fulfilment}_kind"
    " origin_number=origin_{fulfilment}_number origin_line_no=origin_{fulfilment}_line_no supplier_delivery_note"
    f" unit_cost_net currency {_ENTERED}",
    f"warehouse_id incoterm goods_issue_posted inspected_at inspected_at{DATE_ONLY} movement_reason transfer_date posted_by {_SHOWN}",
)
_INVOICES: Final = _Kind(
    "invoice_table",
    ("company_code", "party_id", "invoice_number", "invoice_date", "internal_number", "invoice_line_no"),
    "company_code invoice_number invoice_line_no internal_number invoice_kind line_kind invoice_date posting_date"
    " party_id={party} referenced_order_number={order}_number referenced_order_line_no={order}_line_no"
    " referenced_fulfilment_number={fulfilment}_number referenced_fulfilment_line_no={fulfilment}_line_no supplier_delivery_note item_id"
    " quantity uom unit_price_net price_per discount_amount line_amount_net tax_rate line_tax_amount line_amount_gross currency fx_rate"
    f" origin_number=origin_invoice_number origin_line_no=origin_invoice_line_no {_ENTERED}",
    f"received_date due_date payment_block charge_code reason_code block_released_by block_released_at block_released_at{DATE_ONLY} block_release_reason posted_by {_SHOWN}",
)


@dataclass(frozen=True)
class Papers:
    """Documents of one kind as they came, under neutral names, purchases and sales under one another: never copied, only looked up.

    `given` holds the columns that some source gave; all others of `types` are null.
    """

    given: pl.DataFrame
    types: Mapping[str, pl.DataType]
    said: frozenset[str]

    def taken(self, places: pl.Series, *columns: str, **named: str) -> pl.DataFrame:
        """Columns at these positions, null where the position is."""
        wanted = {name: name for name in columns} | named
        return pl.DataFrame({name: self._column(of, places) for name, of in wanted.items()})

    def looked_up(self, by: str, *columns: str, **named: str) -> list[pl.Expr]:
        """Expressions that look columns up by the position in column `by`; made only when they are asked for."""
        wanted = {name: name for name in columns} | named
        known = set(self.given.columns)
        return [(look_up(self.given[of], by) if of in known else pl.lit(None, dtype=self.types[of])).alias(name) for name, of in wanted.items()]

    def says(self, column: str) -> bool:
        """Whether any document of the company says anything in the column, one of `company.SAID`."""
        return column in self.said

    def _column(self, name: str, places: pl.Series) -> pl.Series:
        if name in self.given.columns:
            return self.given[name].gather(places)
        return pl.repeat(None, places.len(), dtype=self.types[name], eager=True)


@dataclass(frozen=True)
class Raw:
    """The papers behind the stacks."""

    orders: Papers
    fulfilments: Papers
    invoices: Papers


@dataclass(frozen=True)
class Stacks:
    """Accepted documents as matching sees them: the columns that it works with, in the order of the document key.

    `row` counts the rows; `place` is the position of the row in the papers, which have every column.
    """

    orders: pl.DataFrame
    fulfilments: pl.DataFrame
    invoices: pl.DataFrame
    raw: Raw


def stack(accepted: Accepted) -> Stacks:
    """The three document stacks, sales before purchases (order of the cycles' names), sorted by document key."""
    orders, fulfilments, invoices = (_stacked(accepted, kind) for kind in (_ORDERS, _FULFILMENTS, _INVOICES))
    return Stacks(orders[0], fulfilments[0], invoices[0], Raw(orders[1], fulfilments[1], invoices[1]))


def _stacked(accepted: Accepted, kind: _Kind) -> tuple[pl.DataFrame, Papers]:
    """Lines in key order, and everything as it came. Columns that no source gave are null without taking memory."""
    types: dict[str, pl.DataType] = {"cycle": dtypes()["id"]}
    parts: list[pl.DataFrame] = []
    orders: list[pl.Series] = []
    height = 0
    for cycle in sorted(CYCLES, key=lambda c: c.name):
        table = str(getattr(cycle, kind.table))
        names = _names(f"{kind.worked} {kind.shown}", cycle)
        types |= {neutral: schema(table)[canonical] for neutral, canonical in names.items() if canonical in schema(table)}
        if accepted.documents.supplied.get(table):
            part = _raw(accepted, table, names)
            orders.append(_key_order(part, kind.key) + height)
            parts.append(part.with_columns(cycle=pl.lit(cycle.name)))
            height += part.height
    raw = _together(parts, types)
    worked = {"cycle", *_names(kind.worked, CYCLES[0])}
    place = pl.concat(orders, rechunk=True) if orders else pl.Series("place", [], dtype=pl.UInt32)
    # one chunk per column, or every later column would be copied to fit the others; column by column, for that needs the least memory
    in_order = place.is_sorted()
    columns = (raw[name].rechunk() for name in raw.columns if name in worked)
    lines = pl.DataFrame([column if in_order else column.gather(place) for column in columns])
    lines = lines.with_columns(place=place) if height else lines
    numbered = _filled(lines, {"place": pl.UInt32()} | {name: dtype for name, dtype in types.items() if name in worked}).with_row_index("row")
    return numbered, Papers(raw, types, said(accepted))


def _together(parts: list[pl.DataFrame], types: dict[str, pl.DataType]) -> pl.DataFrame:
    """The parts under one another in the columns that any of them has."""
    given = sorted({name for part in parts for name in part.columns})
    whole = [part.with_columns(pl.lit(None, dtype=types[n]).alias(n) for n in given if n not in part.columns) for part in parts]
    return pl.concat([part.select(given) for part in whole]) if given else pl.DataFrame()


def _filled(frame: pl.DataFrame, types: dict[str, pl.DataType]) -> pl.DataFrame:
    """The frame with every column of `types`; those that it lacks are null and take no memory."""
    return frame.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in types.items() if name not in frame.columns).select(
        types.keys()
    )


def _raw(accepted: Accepted, table: str, names: dict[str, str]) -> pl.DataFrame:
    """What the source gave of a table, under neutral names, in the order in which it came."""
    supplied = accepted.documents.supplied[table]
    present = {
        neutral: canonical
        for neutral, canonical in names.items()
        if canonical.removesuffix(DATE_ONLY) in supplied or (canonical.startswith("source_") and canonical in schema(table))
    }
    return (
        accepted.documents.tables[table].select(pl.col(canonical).alias(neutral) for neutral, canonical in present.items()).collect(engine=IN_ORDER)
    )


def _key_order(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.Series:
    """Positions in the order of the key; line numbers by length first, so that line 10 follows line 9."""
    keys: list[pl.Expr] = []
    for name in key:
        if name in frame.columns:
            keys += [pl.col(name).str.len_bytes(), pl.col(name)] if name.endswith("_line_no") else [pl.col(name)]
    return frame.select(pl.arg_sort_by(keys, nulls_last=True).cast(pl.UInt32)).to_series()


def _names(words: str, cycle: Cycle) -> dict[str, str]:
    pairs = (word.split("=") if "=" in word else (word, word) for word in words.split())
    return {neutral: template.format(order=cycle.order, fulfilment=cycle.fulfilment, party=cycle.party) for neutral, template in pairs}
