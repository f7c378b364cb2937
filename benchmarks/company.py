"""A company of any size for measuring: canonical tables, drawn without a random generator, the same bytes every time.

Row i of a table depends on i alone (a 64-bit mix of i and a salt), so a company of 10 million order lines is written in
parts that never meet in memory. About 3.5 document lines arise per order line: receipts or shipments in parts, invoices that
name the receipt line, the order line or order and item, returns with credits, two units, three currencies, services,
approvals, payments, delivery confirmations; a few per mille are at fault, some in each control.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.drawing import (
    BOX,
    BUYING,
    ITEM_FAMILIES,
    LINE_FAULTS,
    LINES_PER_ORDER,
    ORDER_FAULTS,
    PARTIES,
    SELLING,
    UNBILLED_FROM_DAY,
    YOUNG_FROM_DAY,
    day,
    delivered_duty,
    draw,
    exact,
    half_up,
    moment,
    text,
)  # fmt: skip
from benchmarks.surroundings import approvals, confirmations, masters, payments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.drawing import Side


def order_lines(first: int, last: int, side: Side) -> pl.DataFrame:
    """The plan of order lines first to last - 1: what is ordered, and what will become of it. Quantities in thousandths."""
    i, doc, salt = pl.col("i"), pl.col("doc"), side.salt
    frame = pl.DataFrame({"i": pl.int_range(first, last, eager=True)}).with_columns(doc=i // LINES_PER_ORDER, place=i % LINES_PER_ORDER)
    frame = frame.with_columns(
        order_day=draw(doc, salt + 1, 365),
        party=draw(doc, salt + 2, PARTIES),
        item=draw(doc, salt + 3, ITEM_FAMILIES) * LINES_PER_ORDER + pl.col("place"),
        parts_drawn=draw(i, salt + 4, 100),
        bill_style=draw(i, salt + 5, 10),
        bill_drawn=draw(i, salt + 6, 10),
        fault_drawn=draw(i, salt + 7, 100_000) // 10,
        order_fault_drawn=draw(doc, salt + 8, 20_000) // 10,
        fulfilment_gap=draw(doc, salt + 9, 10),
        returned=draw(i, salt + 10, 1_000) < 5,
        minute=480 + draw(doc, salt + 11, 300),
        price=10_000 + draw(i, salt + 12, 3_000_000),  # ten-thousandths
        units=12 + draw(i, salt + 13, 400),
    )
    kind = pl.col("item") % 40
    foreign = pl.col("party") % 10
    frame = frame.with_columns(
        fault=_named(pl.col("fault_drawn"), LINE_FAULTS),
        order_fault=_named(pl.col("order_fault_drawn"), ORDER_FAULTS),
        is_service=kind == 7,
        in_boxes=(kind == 1) | (kind == 21),
        by_weight=(kind == 3) | (kind == 13),
        match_level=pl.when(kind == 7).then(pl.lit("2way")).when((kind == 5) & pl.lit(side is BUYING)).then(pl.lit("4way")).otherwise(pl.lit("3way")),
        price_per=pl.when(kind == 11).then(100).otherwise(1),
        currency=pl.when(foreign < 8).then(pl.lit("CNY")).when(foreign == 8).then(pl.lit("USD")).otherwise(pl.lit("EUR")),
        young=pl.col("order_day") >= YOUNG_FROM_DAY,
    )
    weight = pl.when("by_weight").then(pl.col("units") * 1_000 + draw(i, salt + 14, 1_000)).otherwise(pl.col("units") * 1_000)
    return frame.with_columns(
        quantity=weight,
        parts=pl.when(pl.col("young") | pl.col("is_service") | (pl.col("fault") == "nothing_came")).then(0)
        .when(pl.col("parts_drawn") < 75).then(1).when(pl.col("parts_drawn") < 96).then(2).otherwise(3),
        returned=pl.col("returned") & (pl.col("parts_drawn") < 75) & pl.col("fault").is_null() & ~pl.col("is_service") & ~pl.col("young"),
    )  # fmt: skip


def _named(number: pl.Expr, names: tuple[str, ...]) -> pl.Expr:
    return number.replace_strict(dict(enumerate(names)), default=None, return_dtype=pl.String)


def _rate(currency: pl.Expr, index: pl.Expr, salt: int) -> pl.Expr:
    drift = draw(index, salt, 1_000)  # at most 1.4 per cent between order and invoice: the market's usual movement
    return exact(pl.when(currency == "CNY").then(10_000).when(currency == "USD").then(69_500 + drift).otherwise(77_000 + drift), 4)


def _unit(*, boxed: bool) -> pl.Expr:
    plain = pl.when("by_weight").then(pl.lit("KG")).otherwise(pl.lit("EA"))
    return pl.when("in_boxes").then(pl.lit("BOX")).otherwise(plain) if boxed else plain


def _sent_back() -> pl.Expr:
    """Quantity of a return in thousandths of the order's unit."""
    return pl.when(pl.col("by_weight") | pl.col("in_boxes")).then(1_000).otherwise(2_000).cast(pl.Int64)


def promised_day() -> pl.Expr:
    """The day promised: that of the last part delivered, or 23 days after the order where nothing is delivered."""
    delivered = pl.col("order_day") + 3 + pl.col("fulfilment_gap") + pl.col("parts") - 1
    return pl.when(pl.col("parts") > 0).then(delivered).otherwise(pl.col("order_day") + 23)


def order_table(plan: pl.DataFrame, side: Side) -> pl.DataFrame:
    """The canonical order lines."""
    s, doc = side.stem, pl.col("doc")
    plan = plan.with_columns(quantity=pl.col("quantity") - pl.when("returned").then(_sent_back()).otherwise(0))  # agreed: it is not delivered again
    net = half_up(pl.col("quantity") * pl.col("price"), 100_000 * pl.col("price_per"))
    created_day = pl.col("order_day") + pl.when(pl.col("order_fault") == "created_late").then(30).otherwise(0)
    return plan.select(
        pl.lit("C1").alias("company_code"),
        text(side.letter + "O", doc, 8).alias(f"{s}_number"),
        ((pl.col("place") + 1) * 10).cast(pl.String).alias(f"{s}_line_no"),
        day(pl.col("order_day")).alias(f"{s}_date"),
        text(side.letter, pl.col("party"), 5).alias(side.party),
        text("I", pl.col("item"), 6).alias("item_id"),
        exact(pl.col("quantity"), 3).alias("quantity"),
        _unit(boxed=True).alias("uom"),
        exact(pl.col("price"), 4).alias("unit_price_net"),
        pl.col("price_per").cast(pl.Decimal(10, 0)),
        pl.col("currency"),
        _rate(pl.col("currency"), doc, side.salt + 20).alias("fx_rate"),
        pl.lit(Decimal("0.13")).cast(pl.Decimal(6, 4)).alias("tax_rate"),
        exact(net, 2).alias("line_amount_net"),
        day(promised_day()).alias("promised_date"),
        pl.col("match_level"),
        text("B", draw(doc, side.salt + 21, 40), 3).alias("created_by"),
        moment(created_day, pl.col("minute")).alias("created_at"),
        moment(created_day, pl.col("minute") + 120).alias("sent_at"),
    )


def fulfilment_parts(plan: pl.DataFrame) -> pl.DataFrame:
    """One row per part delivered: quantity in thousandths of the base unit."""
    part, parts = pl.col("part"), pl.col("parts")
    frame = plan.filter(pl.col("parts") > 0, pl.col("fault").ne_missing("not_fulfilled_but_billed"))
    frame = frame.with_columns(part=pl.int_ranges(0, parts)).explode("part")
    whole = pl.when("by_weight").then(1).otherwise(1_000)
    total = pl.col("quantity") // whole
    piece = ((total * (part + 1)) // parts - (total * part) // parts) * whole
    more = pl.when((pl.col("fault") == "fulfilled_over_ordered") & (part == 0)).then(total // 8 * whole + whole).otherwise(0)
    return frame.with_columns(
        part_quantity=(piece + more) * pl.when("in_boxes").then(BOX).otherwise(1),
        part_day=pl.col("order_day") + 3 + pl.col("fulfilment_gap") + part,
    )


def fulfilment_table(parts: pl.DataFrame, side: Side) -> pl.DataFrame:
    """The canonical receipts or shipments, returns included."""
    f, s = side.fulfilment_stem, side.stem
    prefix = "GR" if side is BUYING else "SH"
    number = text(prefix, pl.col("doc") * 10 + pl.col("part"), 9)
    line_no = ((pl.col("place") + 1) * 10).cast(pl.String)
    unnamed = pl.col("fault") == "order_unnamed_fulfilment"
    common = parts.with_columns(
        company_code=pl.lit("C1"), number=number, line_no=line_no, kind=pl.lit("receipt" if side is BUYING else "shipment"),
        origin=pl.lit(None, pl.String), origin_line=pl.lit(None, pl.String), signed=pl.col("part_quantity"), on=pl.col("part_day"),
    )  # fmt: skip
    back = common.filter("returned").with_columns(
        origin="number", origin_line="line_no", number=text("R" + prefix, pl.col("doc"), 9), kind=pl.lit("return"),
        signed=-_sent_back() * pl.when("in_boxes").then(BOX).otherwise(1), on=pl.col("order_day") + 17,
    )  # fmt: skip
    rows = pl.concat([common, back])
    rejected = pl.when((pl.col("fault") == "rejected") & (pl.col("match_level") == "4way")).then(pl.col("signed") // 4_000 * 1_000).otherwise(0)
    columns = [
        pl.col("company_code"),
        pl.col("number").alias(f"{f}_number"),
        pl.col("line_no").alias(f"{f}_line_no"),
        day(pl.col("on")).alias(f"{f}_date"),
        day(pl.col("on")).alias("posting_date"),
        pl.when(~unnamed.fill_null(value=False)).then(text(side.letter + "O", pl.col("doc"), 8)).alias(f"{s}_number"),
        pl.when(~unnamed.fill_null(value=False)).then(line_no).alias(f"{s}_line_no"),
        text(side.letter, pl.col("party"), 5).alias(side.party),
        text("I", pl.col("item"), 6).alias("item_id"),
        exact(pl.col("signed"), 3).alias("quantity"),
        pl.when(pl.col("fault") == "unit_unknown").then(pl.lit("PALLET")).otherwise(_unit(boxed=False)).alias("uom"),
        pl.col("kind").alias(f"{f}_kind"),
        pl.col("origin").alias(f"origin_{f}_number"),
        pl.col("origin_line").alias(f"origin_{f}_line_no"),
        text("W", draw(pl.col("doc"), side.salt + 22, 20), 2).alias("warehouse_id"),
        text("K", draw(pl.col("doc"), side.salt + 23, 30), 3).alias("created_by"),
        moment(pl.col("on"), pl.lit(600)).alias("created_at"),
    ]
    if side is BUYING:
        columns += [exact(pl.col("signed") - rejected, 3).alias("quantity_accepted"), exact(rejected, 3).alias("quantity_rejected")]
    else:
        columns += [
            pl.when(delivered_duty(side)).then(pl.lit("DAP")).otherwise(pl.lit("FCA")).alias("incoterm"),
            pl.lit(value=True).alias("goods_issue_posted"),
        ]
    marks = [
        pl.col("fault").is_in(["repeated", "conflicting"]).fill_null(value=False).alias("_again"),
        (pl.col("fault") == "conflicting").alias("_other"),
    ]
    table = rows.select(*columns, *marks)
    again = table.filter("_again").with_columns(
        quantity=pl.when("_other").then(pl.col("quantity") + pl.lit(Decimal(1), pl.Decimal(20, 3))).otherwise("quantity")
    )
    return pl.concat([table, again]).drop("_again", "_other")


def invoice_parts(plan: pl.DataFrame, side: Side) -> pl.DataFrame:
    """One row per invoice line to come; quantity in thousandths of the order's unit."""
    by_fulfilment = (pl.col("bill_style") < 6) & ~pl.col("is_service")
    pieces = (
        pl.when(by_fulfilment)
        .then(pl.max_horizontal("parts", 1))
        .when(pl.col("bill_drawn") < 5)
        .then(1)
        .when(pl.col("bill_drawn") < 9)
        .then(2)
        .otherwise(3)
    )
    billed = ~pl.col("young") & pl.col("fault").is_in(["not_billed", "nothing_came"]).fill_null(value=False).not_()
    if side is BUYING:
        billed &= pl.col("order_day") < UNBILLED_FROM_DAY
    frame = (
        plan.filter(billed)
        .with_columns(by_fulfilment=by_fulfilment, pieces=pieces)
        .with_columns(piece=pl.int_ranges(0, pl.col("pieces")))
        .explode("piece")
    )
    whole = pl.when("by_weight").then(1).otherwise(1_000)
    total, piece, count = pl.col("quantity") // whole, pl.col("piece"), pl.col("pieces")

    def upto(position: pl.Expr) -> pl.Expr:
        uneven = pl.when(count == 2).then(4).otherwise(2) * position + pl.when((count == 3) & (position == 2)).then(1).otherwise(0)
        cut = pl.when((position < count) & ~pl.col("by_fulfilment")).then(total * uneven // 10)
        return cut.otherwise((total * position) // count)

    more = pl.when((pl.col("fault") == "billed_over_fulfilled") & (piece == 0)).then(3 * whole).otherwise(0)
    factor = pl.when(pl.col("fault") == "price_up").then(106).when(pl.col("fault") == "price_down").then(93).otherwise(100)
    return frame.with_columns(
        piece_quantity=(upto(piece + 1) - upto(piece)) * whole + more,
        piece_price=pl.col("price") * factor // 100,
        piece_day=pl.col("order_day") + 19 + 2 * piece,
    )


def invoice_table(pieces: pl.DataFrame, side: Side) -> pl.DataFrame:
    """The canonical invoice lines: invoices, credits of returns, a few entered twice."""
    f, s = side.fulfilment_stem, side.stem
    prefix = "GR" if side is BUYING else "SH"
    rows = pieces.with_columns(
        number=text(side.letter + "V", pl.col("doc") * 10 + pl.col("piece"), 9), kind=pl.lit("invoice"), signed=pl.col("piece_quantity"),
        origin=pl.lit(None, pl.String), on=pl.col("piece_day"), internal=text(side.letter + "X", pl.col("doc") * 10 + pl.col("piece"), 9),
    )  # fmt: skip
    credits_ = rows.filter(pl.col("returned") & (pl.col("piece") == 0)).with_columns(
        origin="number", number=text(side.letter + "C", pl.col("doc"), 9), internal=text(side.letter + "Y", pl.col("doc"), 9), kind=pl.lit("credit"),
        signed=-_sent_back(), on=pl.col("order_day") + 20,
    )  # fmt: skip
    twice = rows.filter((pl.col("order_fault") == "invoice_twice") & (pl.col("piece") == 0) & pl.lit(side is BUYING)).with_columns(
        internal=text(side.letter + "Z", pl.col("doc"), 9)
    )
    near = rows.filter((pl.col("order_fault") == "invoice_near_twice") & (pl.col("piece") == 0)).with_columns(
        number=pl.col("number") + "A", internal=text(side.letter + "N", pl.col("doc"), 9), on=pl.col("on") + 1
    )
    frame = pl.concat([rows, credits_, twice, near])
    named = (pl.col("by_fulfilment") & (pl.col("kind") == "invoice") & (pl.col("fault").ne_missing("not_fulfilled_but_billed"))).fill_null(
        value=False
    )
    unnamed = (pl.col("fault") == "order_unnamed_invoice").fill_null(value=False)
    wrong = (pl.col("fault") == "order_unknown").fill_null(value=False)
    line_no = ((pl.col("place") + 1) * 10).cast(pl.String)
    order_number = pl.when(wrong).then(text(side.letter + "Q", pl.col("doc"), 8)).when(~unnamed).then(text(side.letter + "O", pl.col("doc"), 8))
    net = half_up(pl.col("signed") * pl.col("piece_price"), 100_000 * pl.col("price_per"))
    tax = half_up(net * 13, 100)
    return frame.select(
        pl.lit("C1").alias("company_code"),
        pl.col("number").alias("invoice_number"),
        line_no.alias("invoice_line_no"),
        day(pl.col("on")).alias("invoice_date"),
        day(pl.col("on")).alias("posting_date"),
        day(pl.col("on") + 45).alias("due_date"),
        text(side.letter, pl.col("party"), 5).alias(side.party),
        pl.col("kind").alias("invoice_kind"),
        pl.when("is_service").then(pl.lit("service")).otherwise(pl.lit("item")).alias("line_kind"),
        order_number.alias(f"{s}_number"),
        pl.when((pl.col("bill_style") < 9) & ~unnamed).then(line_no).alias(f"{s}_line_no"),
        pl.when(named & ~unnamed & ~wrong).then(text(prefix, pl.col("doc") * 10 + pl.col("piece"), 9)).alias(f"{f}_number"),
        pl.when(named & ~unnamed & ~wrong).then(line_no).alias(f"{f}_line_no"),
        text("I", pl.col("item"), 6).alias("item_id"),
        exact(pl.col("signed"), 3).alias("quantity"),
        _unit(boxed=True).alias("uom"),
        exact(pl.col("piece_price"), 4).alias("unit_price_net"),
        pl.col("price_per").cast(pl.Decimal(10, 0)),
        exact(net, 2).alias("line_amount_net"),
        pl.lit(Decimal("0.13")).cast(pl.Decimal(6, 4)).alias("tax_rate"),
        exact(tax, 2).alias("line_tax_amount"),
        exact(net + tax, 2).alias("line_amount_gross"),
        pl.col("currency"),
        _rate(pl.col("currency"), pl.col("doc") * 10 + pl.col("piece"), side.salt + 25).alias("fx_rate"),
        pl.col("origin").alias("origin_invoice_number"),
        pl.when(pl.col("origin").is_not_null()).then(line_no).alias("origin_invoice_line_no"),
        text("L", draw(pl.col("doc"), side.salt + 26, 30), 3).alias("created_by"),
        moment(pl.col("on"), pl.lit(660)).alias("created_at"),
        pl.col("internal").alias("internal_number"),
    )


def parts_of_company(lines: int, lines_per_part: int = 1_000_000) -> Iterator[dict[str, pl.DataFrame]]:
    """The company part by part: table -> rows. Masters come with the first part. Half the lines are bought, half sold."""
    for first in range(0, lines // 2, lines_per_part // 2):
        last = min(first + lines_per_part // 2, lines // 2)
        tables = masters() if first == 0 else {}
        events = []
        for side in (BUYING, SELLING):
            plan = order_lines(first, last, side)
            parts = fulfilment_parts(plan)
            tables[side.order] = order_table(plan, side)
            tables[side.fulfilment] = fulfilment_table(parts, side)
            invoices = invoice_table(invoice_parts(plan, side), side)
            tables[side.invoice] = invoices
            paid, applied = payments(invoices, side)
            tables |= (
                {"supplier_payment": paid, "supplier_payment_allocation": applied}
                if side is BUYING
                else {"cash_receipt": paid, "cash_receipt_allocation": applied}
            )
            events.append(approvals(plan, side))
            if side is SELLING:
                tables["delivery_confirmation_line"] = confirmations(parts)
        tables["approval_event"] = pl.concat(events)
        yield tables
