"""Tax invoices claimed twice or not at all, red ones against their blue ones, and numbers behind two bookings. Whole: all look across parties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import is_given, shaped, table, with_fx_rate
from recon.match.numbers import compacted, normalised
from recon.match.tax_register import REGISTER, every_booking, has_register, is_bill, key_of, register, with_key

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_NOT_ISSUED: Final = ("refused", "lapsed", "revoked")
_NAMED: Final = ["official_invoice_number", "official_invoice_code"]
_BLUE: Final = ["blue_key", "red_of_line"]
_NONE: Final = pl.lit(0, dtype=money.MONEY)
#: Documents beside supplier invoices that may stand behind a tax invoice.
_MODULES: Final = ("expense_claim_line", "gl_journal_line", "supplier_payment")
_BOOKING: Final = [
    "company_code", "party_id", "document_type", "document_number", "document_date", "internal_number", "order_number", *_NAMED, "booked_date",
    "created_at", "currency", "amount_gross", "amount_gross_base", "source_file", "source_row",
]  # fmt: skip


def tax_tables(accepted: Accepted, engagement: Engagement) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """The tables about tax invoice numbers that the inputs allow, and how many rows were looked at where a table holds only some.

    Without a register there is nothing to claim and nothing to take back; where nobody records numbers, none is booked twice.
    """
    naming = [name for name in (*(c.invoice_table for c in CYCLES), *_MODULES) if is_given(accepted, name, "official_invoice_number")]
    if not naming and not has_register(accepted):
        return {}, {}
    known, booked = register(accepted, engagement), every_booking(accepted, engagement)
    booked = with_key(booked, known)
    tables, covers = {}, {}
    if naming:
        tables["tax_number_booking"], covers["tax_number_booking"] = tax_number_booking(booked, known, accepted, engagement)
    if has_register(accepted):
        tables["tax_invoice_claim"] = tax_invoice_claim(booked, known, accepted, engagement)
        tables["red_tax_invoice"] = red_tax_invoice(booked, known, accepted, engagement)
    return tables, covers


def tax_invoice_claim(booked: pl.DataFrame, known: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per tax invoice of the register that a live supplier bill names, or whose tax was claimed; sorted.

    booked_date and booked_number: of the first bill.
    """
    first = (
        booked.filter((pl.col("cycle") == PROCURE_TO_PAY.name) & is_bill() & pl.col("key").is_not_null())
        .sort("booked_date", "party_id", "document_number", nulls_last=True)
        .group_by("key", maintain_order=True)
        .agg(pl.col("party_id", "booked_date").first(), booked_number=pl.col("document_number").first())
    )
    rows = known.join(first, on="key", how="left", validate="1:1").filter(
        pl.col("booked_date").is_not_null() | (pl.col("checkoff_period_count") > 0).fill_null(value=False)
    )
    told = rows.with_columns(
        *of_register(),
        cycle=pl.lit(PROCURE_TO_PAY.name),
        booked_age_days=(pl.lit(engagement.as_of) - pl.col("booked_date")).dt.total_days(),
        amount_net_base="amount_net",
        tax_amount_base="tax_amount",
    )
    return finished(told, "tax_invoice_claim", accepted)


def of_register() -> list[pl.Expr]:
    """Document columns of a row about a tax invoice."""
    return [
        pl.lit(REGISTER).alias("document_type"),
        pl.col("official_invoice_number").alias("document_number"),
        pl.col("invoice_date").alias("document_date"),
    ]


def finished(rows: pl.DataFrame, name: str, accepted: Accepted) -> pl.LazyFrame:
    """The rows in the columns of a measured table, with names of parties, sorted by document."""
    told = described(rows.lazy(), name, accepted).collect()
    return shaped(told, schema(name)).sort("document_number", "company_code", "document_line_no", "source_file", "source_row", nulls_last=True).lazy()


def red_tax_invoice(booked: pl.DataFrame, known: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per red tax invoice and blue line (empty: the whole blue one) that it takes back, in the order of their dates; sorted.

    red_amount and red_quantity are positive. excess_*: what this and the earlier red ones of the blue line take back above it; those whose
    procedure failed take nothing back. blue_in_window: a blue one that is not there may be looked for at all, because its number is not of a
    year before the register begins. is_credit_booked: a live credit names the red one, or a bill that names the blue one.
    """
    rows = register_rows(accepted, engagement)
    is_red = pl.col("red_of_number").is_not_null() | (pl.col("amount_net") < 0)
    reds = _with_blue(rows.filter(is_red), known).group_by("key", *_BLUE).agg(
        *(pl.col(n).first() for n in ("official_invoice_number", "company_code", "source_file", "source_row")),
        pl.col("invoice_date", "red_of_number", "buyer_tax_id", "seller_tax_id", "red_reason").min(),
        status=pl.col("status").min(),
        red_confirmation_status=pl.coalesce(
            pl.col("red_confirmation_status").filter(pl.col("red_confirmation_status").is_in(_NOT_ISSUED)).min(), pl.col("red_confirmation_status").min()
        ),
        red_amount=-(pl.col("amount_net") + pl.col("tax_amount").fill_null(_NONE)).sum(),
        red_tax_amount=-pl.col("tax_amount").sum(),
        red_quantity=pl.when(pl.col("quantity").null_count() == 0).then(-pl.col("quantity").sum()),
    )  # fmt: skip
    counted = reds.filter((pl.col("status") != "void").fill_null(value=True))
    measured = _with_excess(counted, _blue_lines(rows))
    credited = _with_credit(measured, booked)
    told = credited.with_columns(
        *of_register(),
        document_line_no="red_of_line",
        blue_number="red_of_number",
        blue_is_registered=pl.col("blue_key").is_in(known["key"].implode()).fill_null(value=False),
        blue_in_window=_in_window(known),
        red_amount_base="red_amount",
    )
    return finished(told, "red_tax_invoice", accepted)


def register_rows(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Lines of the register as they stand, each once, with `key`."""
    known = pl.col("invoice_date").is_null() | (pl.col("invoice_date") <= engagement.as_of)
    compact = compacted(pl.col("official_invoice_number"))
    rows = table(accepted, REGISTER).filter(known).with_columns(key=pl.coalesce(key_of(pl.col(_NAMED[0]), pl.col(_NAMED[1])), compact))
    return rows.sort("source_file", "source_row").unique(["key", "line_no"], keep="first", maintain_order=True).collect()


def _with_blue(reds: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    alone = known.filter(~pl.col("bare").is_duplicated()).select("bare", only="key")
    spelled = reds.with_columns(bare=compacted(pl.col("red_of_number")), blue_key=key_of(pl.col("red_of_number"), pl.col("red_of_code")))
    joined = spelled.join(alone, on="bare", how="left", validate="m:1", maintain_order="left")
    return joined.with_columns(blue_key=pl.coalesce("blue_key", "only", "bare"))


def _blue_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """blue_key, red_of_line (null: the whole) -> what the blue line amounts to."""
    gross = pl.col("amount_net") + pl.col("tax_amount").fill_null(_NONE)
    blue = rows.filter(pl.col("amount_net") >= 0).with_columns(gross=gross)
    known_quantity = pl.when(pl.col("quantity").null_count() == 0).then(pl.col("quantity").sum())
    lines = blue.filter(pl.col("line_no").is_not_null()).group_by(blue_key="key", red_of_line="line_no").agg(
        blue_amount=pl.col("gross").sum(), blue_quantity=known_quantity
    )  # fmt: skip
    whole = blue.group_by(blue_key="key").agg(blue_amount=pl.col("gross").sum(), blue_quantity=known_quantity)
    absent = pl.lit(None, dtype=pl.String).alias("red_of_line")
    return pl.concat([lines, whole.with_columns(absent).select(lines.columns)])


def _with_excess(reds: pl.DataFrame, blue: pl.DataFrame) -> pl.DataFrame:
    """Add excess_amount and excess_quantity: above the blue line, or above the whole, where red ones of lines and of the whole stand side by side.

    In the whole a red one of a line counts up to its line, so that what goes beyond a line is told of that line only.
    """
    failed = pl.col("red_confirmation_status").is_in(_NOT_ISSUED).fill_null(value=False)
    measures = ("amount", "quantity")
    taken = {f"taken_{what}": pl.when(failed).then(0).otherwise(f"red_{what}") for what in measures}
    ordered = reds.with_columns(**taken).sort(*_BLUE, "invoice_date", "key", nulls_last=True)
    to_date = [pl.col(f"taken_{what}").cum_sum().over(_BLUE).alias(f"to_date_{what}") for what in measures]
    met = ordered.with_columns(to_date).join(blue, on=_BLUE, how="left", validate="m:1", nulls_equal=True, maintain_order="left")
    whole = blue.filter(pl.col("red_of_line").is_null()).select("blue_key", **{f"whole_{what}": f"blue_{what}" for what in measures})
    met = met.join(whole, on="blue_key", how="left", validate="m:1", maintain_order="left").sort("blue_key", "invoice_date", "key", nulls_last=True)
    return met.with_columns(_excess(what).alias(f"excess_{what}") for what in measures).sort(*_BLUE, "invoice_date", "key", nulls_last=True)


def _excess(what: str) -> pl.Expr:
    """What is taken to date above the blue line and, rows in the order of their dates, above the whole; the larger of the two."""
    to_date, taken, of_line = pl.col(f"to_date_{what}"), pl.col(f"taken_{what}"), pl.col(f"blue_{what}")
    within = pl.min_horizontal(to_date, of_line) - pl.min_horizontal(to_date - taken, of_line)
    counted = pl.when(pl.col("red_of_line").is_null()).then(taken).otherwise(within)
    beyond_whole = counted.cum_sum().over("blue_key") - pl.col(f"whole_{what}")
    return pl.when(to_date.is_not_null() & of_line.is_not_null()).then(pl.max_horizontal(to_date - of_line, beyond_whole))


def _with_credit(reds: pl.DataFrame, booked: pl.DataFrame) -> pl.DataFrame:
    """Add is_credit_booked, and cycle, party and number of the booking: the credit's, else the blue one's, else what the tax numbers say."""
    bills = booked.filter(pl.col("key").is_not_null() & is_bill())
    credits_ = booked.filter(~is_bill())
    by_red = credits_.filter(pl.col("key").is_not_null()).select("key", "cycle", "party_id", credit_number="document_number")
    blue_of = bills.select(
        "cycle", "company_code", "party_id", origin=normalised(pl.col("document_number")), blue_key="key"
    ).unique().with_columns(origin_key="blue_key")  # fmt: skip
    by_blue = (
        credits_.with_columns(origin=normalised(pl.col("origin_number")))
        .drop_nulls("origin")
        .join(blue_of, on=["cycle", "company_code", "party_id", "origin"], how="inner")
        .select("blue_key", blue_credit_number="document_number")
    )
    of_blue = bills.select(blue_key="key", blue_cycle="cycle", blue_party_id="party_id")

    def one(frame: pl.DataFrame, key: str) -> pl.DataFrame:
        return frame.sort(frame.columns, nulls_last=True).unique(key, keep="first", maintain_order=True)

    joined = reds.join(one(by_red, "key"), on="key", how="left", validate="m:1", maintain_order="left")
    joined = joined.join(one(by_blue, "blue_key"), on="blue_key", how="left", validate="m:1", maintain_order="left")
    joined = joined.join(one(of_blue, "blue_key"), on="blue_key", how="left", validate="m:1", maintain_order="left")
    number = pl.coalesce("credit_number", "blue_credit_number")
    return joined.with_columns(
        credit_number=number,
        is_credit_booked=number.is_not_null(),
        cycle=pl.coalesce("cycle", "blue_cycle"),
        party_id=pl.coalesce("party_id", "blue_party_id"),
    )


def _in_window(known: pl.DataFrame) -> pl.Expr:
    """A 20-digit number begins with the year it was issued in: whether that is not before the first year of the register."""
    first = known["invoice_date"].min()
    number = compacted(pl.col("red_of_number"))
    if first is None:
        return pl.lit(value=True)
    year = pl.when(number.str.contains(r"^\d{20}$")).then(number.str.slice(0, 2))
    return (year >= str(first)[2:4]).fill_null(value=True)


def tax_number_booking(booked: pl.DataFrame, known: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`tax_number_booking`, bookings looked at): each later booking of a tax invoice with the one before it, sorted.

    Bookings are supplier bills, expense claims, ledger lines that post none of these bills, and payments to parties without a bill of that
    number. sums_to_total: together they are what the register says the tax invoice amounts to; null where it does not say.
    """
    bills = booked.filter((pl.col("cycle") == PROCURE_TO_PAY.name) & is_bill()).with_columns(module=pl.lit("supplier_invoice"))
    others = with_key(_other_modules(accepted, engagement), known)
    own = pl.coalesce("key", pl.col("bare") + "/" + pl.col("party_id").fill_null(""))
    bills, others = bills.with_columns(key=own), others.with_columns(key=own)
    every = pl.concat([bills.select("key", *_BOOKING), _not_posting(others, bills).select("key", *_BOOKING)]).drop_nulls("key")
    several = every.filter(pl.len().over("key") > 1).sort("key", "booked_date", "created_at", *_BOOKING, nulls_last=True)
    before = {f"other_{name}": pl.col(name).shift(1).over("key") for name in ("document_type", "document_number", "booked_date", "party_id")}
    totals = known.select("key", total=pl.col("amount_net") + pl.col("tax_amount"), checkoff_period_count="checkoff_period_count")
    paid = _paid_bills(accepted)
    told = several.with_columns(**before, booked_total=pl.col("amount_gross").sum().over("key")).join(totals, on="key", how="left", validate="m:1")
    told = told.join(paid, on=["company_code", "party_id", "document_number"], how="left", validate="m:1", maintain_order="left").with_columns(
        is_paid=pl.when(pl.col("document_type") == PROCURE_TO_PAY.invoice_type).then(pl.col("is_paid").fill_null(value=False))
    )
    later = told.with_columns(other_is_paid=pl.col("is_paid").shift(1).over("key")).filter(pl.col("other_document_number").is_not_null())
    rows = later.with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name),
        sums_to_total=pl.col("booked_total") == pl.col("total"),
        other_age_days=(pl.lit(engagement.as_of) - pl.col("other_booked_date")).dt.total_days(),
        both_paid=pl.col("is_paid") & pl.col("other_is_paid"),
    )
    return finished(rows, "tax_number_booking", accepted), every.height


def _paid_bills(accepted: Accepted) -> pl.DataFrame:
    rows = table(accepted, PROCURE_TO_PAY.allocation_table).filter(pl.col("supplier_id").is_not_null())
    key = ["company_code", "party_id", "document_number"]
    named = rows.rename({"supplier_id": "party_id", "invoice_number": "document_number"}).group_by(key)
    return named.agg(is_paid=pl.col("amount_applied").sum() > 0).collect()


def _not_posting(others: pl.DataFrame, bills: pl.DataFrame) -> pl.DataFrame:
    """Bookings of other modules that do not merely post or pay a bill of the same tax invoice."""
    numbers = pl.concat([bills.select("key", said=normalised(pl.col(name))) for name in ("document_number", "internal_number")]).drop_nulls().unique()
    spoken = others.with_columns(said=normalised(pl.col("reference")))
    posting = spoken.join(numbers, on=["key", "said"], how="anti")
    is_payment = pl.col("document_type") == PROCURE_TO_PAY.payment_type
    paying = posting.filter(is_payment).join(bills.select("key", "party_id").unique(), on=["key", "party_id"], how="anti")
    return pl.concat([posting.filter(~is_payment), paying])


def _other_modules(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Expense claims, ledger lines and payments that name a tax invoice, in the columns of a booking and `reference`."""
    naming = pl.col("official_invoice_number").is_not_null()
    claims = table(accepted, "expense_claim_line").filter(naming & ~pl.col("is_cancelled").fill_null(value=False)).select(
        "company_code", *_NAMED, "currency", "fx_rate", "created_at", "source_file", "source_row", "amount",
        party_id=pl.lit(None, dtype=pl.String), document_type=pl.lit("expense_claim"), document_number="claim_number", document_date="claim_date",
        reference=pl.lit(None, dtype=pl.String),
    )  # fmt: skip
    lines = table(accepted, "gl_journal_line").filter(naming).select(
        "company_code", *_NAMED, "currency", pl.lit(None, dtype=money.RATE).alias("fx_rate"), "created_at", "source_file", "source_row", "amount",
        party_id="party_id", document_type=pl.lit("gl_journal"), document_number="journal", document_date="posting_date", reference="reference",
    )  # fmt: skip
    payments = table(accepted, PROCURE_TO_PAY.payment_table).filter(naming & ~pl.col("is_voided").fill_null(value=False)).select(
        "company_code", *_NAMED, "currency", "fx_rate", "created_at", "source_file", "source_row", "amount",
        party_id="supplier_id", document_type=pl.lit(PROCURE_TO_PAY.payment_type), document_number="payment_number", document_date="payment_date",
        reference="reference",
    )  # fmt: skip
    stacked = pl.concat([claims, lines, payments]).filter((pl.col("document_date") <= engagement.as_of) & (pl.col("amount") > 0))
    key = ["company_code", "document_type", "document_number", "document_date", *_NAMED]
    summed = stacked.group_by(key).agg(
        pl.col("party_id", "currency", "fx_rate", "reference", "source_file").drop_nulls().min(),
        pl.col("created_at", "source_row").min(),
        amount_gross=pl.col("amount").sum(),
    )
    own = pl.coalesce("currency", pl.lit(engagement.currency))
    rated = with_fx_rate(summed.with_columns(currency=own), "document_date", accepted, engagement).collect()
    return rated.with_columns(
        booked_date="document_date",
        internal_number=pl.lit(None, dtype=pl.String),
        order_number=pl.lit(None, dtype=pl.String),
        amount_gross_base=money.amount(pl.col("amount_gross"), pl.col("fx_rate")),
    )
