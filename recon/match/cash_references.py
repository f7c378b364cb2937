"""Cash applied because a document says so: allocation rows first, then numbers in the payment's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.money import MONEY
from recon.match.cash_terms import is_tolerated, with_tolerance
from recon.match.declared_numbers import brought_home
from recon.match.numbers import normalised
from recon.match.position import ZERO, Position, room_alone, room_for, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recon.domain.engagement import Engagement, NumberHabit

#: A word of free text counts as a reference from this many significant characters on; a text that is nothing but a number always does.
_SHORTEST_WORD: Final = 5
_ROUNDS: Final = 3
_CHRONOLOGY: Final = ("payment_day", "payment_number", "invoice_day", "invoice_number")


def by_allocation(position: Position, rows: pl.DataFrame) -> tuple[Position, pl.DataFrame]:
    """Apply allocation rows: never above what the payment has, never above what the invoice leaves open.

    An invoice is found by its number under the payer or the party the row names, else their group, else, for customers,
    whose numbers are the company's own, under any party. Only invoices in the payment's currency can be paid.

    Gives the position, and what the rows say: payment_id, invoice_id (null where no invoice is found), said_amount, said_discount,
    said_write_off, reason_code, applied_by, applied_at, applied_at_is_date_only.
    """
    paid = position.payments.select(
        "payment_id", "cycle", "company_code", "party_id", "currency", "group_id", "left", payment_number="number", payment_day="day"
    )
    claims = rows.with_row_index("row_id").join(paid, on=["cycle", "company_code", "payment_number"], how="inner", validate="m:1")
    billed = position.invoices.select(
        "cycle", "company_code", "currency", "invoice_id", "gross", "room",
        invoice_number="number", invoice_party="party_id", invoice_group="group_id", invoice_day="day",
    )  # fmt: skip
    found = claims.join(billed, on=["cycle", "company_code", "currency", "invoice_number"], how="inner")
    fitting = _one_invoice_per_row(_nearest_party(found))
    said = claims.join(fitting.select("row_id", "invoice_id"), on="row_id", how="left", validate="1:1").select(
        "payment_id", "invoice_id", "reason_code", "applied_by", "applied_at", "applied_at_is_date_only",
        said_amount="amount_applied", said_discount="discount_taken", said_write_off="write_off_amount",
    )  # fmt: skip
    return position.booked(_fitted(fitting)), said


def _nearest_party(found: pl.DataFrame) -> pl.DataFrame:
    is_party = (pl.col("invoice_party") == pl.col("party_id")) | (pl.col("invoice_party") == pl.col("named_party_id"))
    is_group = pl.col("invoice_group") == pl.col("group_id")
    distance = pl.when(is_party).then(0).when(is_group).then(1).when(pl.col("cycle") == "order_to_cash").then(2)
    ranked = found.with_columns(distance=distance).filter(pl.col("distance").is_not_null())
    return ranked.filter(pl.col("distance") == pl.col("distance").min().over("row_id"))


def _one_invoice_per_row(found: pl.DataFrame) -> pl.DataFrame:
    """One invoice per row: where a number stands on several, the one of exactly this amount, else the next of them in time."""
    number = ["cycle", "company_code", "invoice_party", "invoice_number"]
    doubled = found.filter(pl.col("row_id").is_duplicated()).select(number).unique()
    certain = found.join(doubled, on=number, how="anti").with_columns(certainty=pl.lit("certain"))
    if doubled.is_empty():
        return certain
    return pl.concat([certain, _one_of_several(found.join(doubled, on=number, how="semi")).select(certain.columns)])


def _one_of_several(found: pl.DataFrame) -> pl.DataFrame:
    """Of rows and the invoices of one number that each may mean, one per row. All rows that name the number are among them."""
    settles = pl.col("amount_applied") + pl.col("discount_taken") + pl.col("write_off_amount")
    several = found.with_columns(
        is_exact=(settles == pl.col("gross")).fill_null(value=False),
        candidates=pl.len().over("row_id"),
        place=pl.struct("invoice_day", "invoice_id").rank("dense").over("row_id"),
        turn=pl.struct("payment_day", "payment_number", "row_id").rank("dense").over("cycle", "company_code", "invoice_party", "invoice_number"),
    )
    exact_count = pl.col("is_exact").sum().over("row_id")
    in_turn = pl.col("place") == pl.min_horizontal("turn", "candidates")
    is_certain = (pl.col("candidates") == 1) | (exact_count == 1)
    certainty = pl.when(is_certain).then(pl.lit("certain")).otherwise(pl.lit("suggested"))
    is_chosen = pl.when(exact_count == 1).then("is_exact").otherwise(in_turn)
    return several.with_columns(certainty=certainty, is_chosen=is_chosen).filter("is_chosen")


def _fitted(claims: pl.DataFrame) -> pl.DataFrame:
    """Claims cut to the payment, then to the invoice: money first, then discount, then write-off."""
    shares = pl.col("payment_id").is_duplicated() | pl.col("invoice_id").is_duplicated()
    told = claims.with_columns(shares=shares)
    # one payment for one invoice, which is what most are, needs no queue
    alone, sharing = (told.filter(pl.col("shares") == says).drop("shares") for says in (False, True))
    return pl.concat([_cut(alone, room_alone), _cut(sharing, room_for)])


def _cut(claims: pl.DataFrame, room_of: Callable[..., pl.Expr]) -> pl.DataFrame:
    admitted = room_of(pl.col("amount_applied"), pl.col("left").abs(), signed(pl.lit(1), pl.col("left")), "payment_id", _CHRONOLOGY)
    cut = claims.with_columns(amount=signed(admitted, pl.col("amount_applied")))
    settles = pl.col("amount") + pl.col("discount_taken") + pl.col("write_off_amount")
    room = room_of(settles, pl.col("room").abs(), signed(pl.lit(1), pl.col("gross")), "invoice_id", _CHRONOLOGY)
    cut = cut.with_columns(extent=room)
    money = pl.min_horizontal(pl.col("amount").abs(), "extent")
    discount = pl.min_horizontal(pl.col("discount_taken").abs(), pl.col("extent") - money)
    write_off = pl.min_horizontal(pl.col("write_off_amount").abs(), pl.col("extent") - money - discount)
    return cut.with_columns(
        pl.lit("allocation").alias("pass"),
        amount=signed(money, pl.col("amount")).cast(MONEY),
        discount=signed(discount, pl.col("discount_taken")).cast(MONEY),
        write_off=signed(write_off, pl.col("write_off_amount")).cast(MONEY),
    )


def by_words(position: Position, engagement: Engagement) -> tuple[Position, pl.DataFrame]:
    """Apply payments whose own words name invoices of the payer or its group, oldest first, up to what each leaves open.

    What is named and known is paid even where another word names nothing; the remainder stays on account. The early-payment
    discount is granted up to the last day of grace where it closes what is named; a remainder within the tolerance is written off,
    a surplus beside a discount stays on account.

    Gives the position, and what is named: payment_id, invoice_id (null for a word built like the others that names nothing).
    """
    named, unknown = _named(position, engagement.document_numbers)
    if named.is_empty():
        return position, pl.concat([named, unknown])
    # A payment that says what it pays is not free any more, even for its remainder.
    is_named = pl.col("payment_id").is_in(named["payment_id"].unique().implode())
    payments = position.payments.with_columns(is_free=pl.col("is_free") & ~is_named)
    position = Position(payments, position.invoices, position.applied)
    for _ in range(_ROUNDS):
        before = position
        position = before.booked(_filled(before, named, engagement))
        if position is before:
            break
    position = position.booked(_written_off(position, named, engagement))
    return _one_part_per_pair(position), pl.concat([named, unknown])


def _named(position: Position, habits: Sequence[NumberHabit]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(payment_id, invoice_id): what the words of free payments name, and words that name nothing; one that names several invoices names none."""
    texts = position.free().filter(pl.col("words").is_not_null())
    split = texts.with_columns(word=pl.col("words").str.normalize("NFKC").str.extract_all(r"[^\s,;，；、:：()]+")).explode("word")
    whole = texts.with_columns(word=pl.col("words"))
    words = pl.concat([split, whole]).with_columns(key=normalised(pl.col("word")), is_whole=pl.col("word") == pl.col("words"))
    words = words.filter(pl.col("is_whole") | (pl.col("key").str.len_chars() >= _SHORTEST_WORD))
    words = _brought_home(words, position, habits)
    words = words.select("cycle", "company_code", "currency", "payment_id", "group_id", "left", "key").unique()
    blocks = ["cycle", "company_code", "currency", "group_id"]
    billed = position.invoices.join(texts.select(blocks).unique(), on=blocks, how="semi")
    billed = billed.select(*blocks, "invoice_id", "gross", key=normalised(pl.col("number")), is_open=pl.col("room") != 0)
    found = words.join(billed, on=[*blocks, "key"], how="inner")
    # An invoice that is paid already is meant only where no open one has the number.
    found = found.filter(pl.col("is_open") | ~pl.col("is_open").any().over("payment_id", "key"))
    is_exact = pl.col("left") == pl.col("gross")
    count = pl.len().over("payment_id", "key")
    only = (count == 1) | (is_exact & (is_exact.sum().over("payment_id", "key") == 1))
    nothing = words.join(found, on=["payment_id", "key"], how="anti").select("payment_id", *_built("key"))
    like = found.select("payment_id", *_built("key")).unique()
    unknown = nothing.join(like, on=["payment_id", "letters", "length"], how="inner")
    invoices = found.filter(only).select("payment_id", "invoice_id").unique()
    return invoices, unknown.select("payment_id", invoice_id=pl.lit(None, dtype=pl.UInt32))


def _brought_home(words: pl.DataFrame, position: Position, habits: Sequence[NumberHabit]) -> pl.DataFrame:
    """The words, those that name an invoice but for what is declared of the payer's numbers with that invoice's key."""
    if not habits:
        return words
    scope = ["cycle", "company_code", "party_id", "group_id", "currency"]
    on_file = position.invoices.select(*scope, written="number", party_key="group_id").unique()
    said = words.with_row_index("id").with_columns(written="word", party_key="group_id")
    home = brought_home(said.select("id", *scope, "written", "party_key"), on_file, habits, ["cycle", "company_code", "currency", "group_id"])
    told = said.join(home.select("id", meant="number"), on="id", how="left", validate="1:1", maintain_order="left")
    return told.with_columns(key=pl.coalesce(normalised(pl.col("meant")), "key")).select(words.columns)


def _built(key: str) -> list[pl.Expr]:
    return [pl.col(key).str.extract("^([^0-9]*)").alias("letters"), pl.col(key).str.len_chars().alias("length")]


def _filled(position: Position, named: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    of_payment = ("payment_id", "left", "counted_day", "cycle", "company_code", "party_id", "group_id", "fx_rate")
    payments = position.payments.filter(pl.col("left") != 0).select(*of_payment, payment_number="number", payment_day="day")
    invoices = position.open().select(
        "invoice_id", "room", "gross", "discount", "discount_date", "grace_date", invoice_number="number", invoice_day="day"
    )
    claims = named.join(payments, on="payment_id", how="inner", validate="m:1").join(invoices, on="invoice_id", how="inner", validate="m:1")
    # A credit note is netted where one payment alone names it and more is owed than credited.
    claims = claims.with_columns(is_alone=pl.len().over("invoice_id") == 1)
    claims = claims.filter(((pl.col("left") > 0) == (pl.col("room") > 0)) | "is_alone")
    net = pl.col("room").sum().over("payment_id")
    claims = claims.filter((net != 0) & ((net > 0) == (pl.col("left") > 0)))
    if claims.is_empty():
        return position.applied.clear()
    claims = _with_discount(with_tolerance(claims, engagement))
    sign = signed(pl.lit(1), pl.col("left"))
    wanted = room_for(pl.col("room") - pl.col("discount"), pl.col("left").abs(), sign, "payment_id", _CHRONOLOGY)
    claims = claims.with_columns(wanted=signed(wanted, pl.col("room")).cast(MONEY))
    admitted = room_for(pl.col("wanted"), pl.col("room").abs(), signed(pl.lit(1), pl.col("room")), "invoice_id", _CHRONOLOGY)
    return claims.with_columns(
        pl.lit("reference").alias("pass"),
        amount=signed(admitted, pl.col("room")).cast(MONEY),
        write_off=ZERO,
        certainty=pl.lit("certain"),
    )


def _with_discount(claims: pl.DataFrame) -> pl.DataFrame:
    """`discount` cut to what the payment keeps back: none, or the offers of all, of the timely or of one of the invoices that it names.

    An offer is granted whole or not at all, where the offers come to what is kept back, to the cent or with a remainder or surplus
    within the tolerance; a surplus stays on account. Only who pays by the discount date may keep back less than was offered; in
    the days of grace a remainder within the tolerance is no discount.
    """
    in_grace, in_time = (pl.col("counted_day") <= pl.col("grace_date")), (pl.col("counted_day") <= pl.col("discount_date"))
    is_whole = pl.col("is_alone") & (pl.col("room") == pl.col("gross")).fill_null(value=False) & (pl.col("left") > 0)
    offer = pl.when(in_grace.fill_null(value=False) & is_whole).then("discount").otherwise(ZERO)
    timely = pl.when(in_time.fill_null(value=False)).then("offer").otherwise(ZERO)
    need = pl.col("room").sum().over("payment_id")
    known = claims.with_columns(offer=offer, need=need, short=need - pl.col("left")).with_columns(timely=timely)
    known = known.with_columns(all_offers=pl.col("offer").sum().over("payment_id"), timely_offers=pl.col("timely").sum().over("payment_id"))
    short, fits = pl.col("short"), pl.col("offer") == pl.col("short")
    before = (pl.col("timely").cum_sum() - pl.col("timely")).over("payment_id", order_by=list(_CHRONOLOGY))
    in_part = pl.min_horizontal(pl.max_horizontal(short - before, ZERO), "timely")
    is_prompt = pl.col("timely_offers") > 0
    mine = (
        pl.when((short <= 0) | (pl.col("all_offers") == 0))
        .then(ZERO)
        .when(short == pl.col("all_offers"))
        .then("offer")
        .when(short == pl.col("timely_offers"))
        .then("timely")
        .when(fits.sum().over("payment_id") == 1)
        .then(pl.when(fits).then("offer").otherwise(ZERO))
        .when(~is_prompt & is_tolerated(short, pl.col("need")))
        .then(ZERO)
        .when(_is_near("all_offers"))
        .then("offer")
        .when(is_prompt & _is_near("timely_offers"))
        .then("timely")
        .when(short < pl.col("timely_offers"))
        .then(in_part)
        .otherwise(ZERO)
    )
    return known.with_columns(discount=mine.cast(MONEY)).select(claims.columns)


def _is_near(offers: str) -> pl.Expr:
    """Whether what is kept back differs from the offers by no more than is written off, above or below."""
    return is_tolerated(pl.col("short") - pl.col(offers), pl.col("need")) | is_tolerated(pl.col(offers) - pl.col("short"), pl.col("need"))


def _written_off(position: Position, named: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """What is left open of the invoices that a payment names and has used itself up for, where it lies within the tolerance."""
    scope = ("cycle", "company_code", "party_id", "group_id", "fx_rate")
    spent = position.payments.filter(pl.col("left") == 0).select("payment_id", *scope, payment_number="number", payment_day="day")
    due = position.open().filter(pl.col("room") > 0).select("invoice_id", "room")
    claims = named.join(spent, on="payment_id", how="inner", validate="m:1").join(due, on="invoice_id", how="inner", validate="m:1")
    if claims.is_empty():
        return position.applied.clear()
    last = claims.sort("payment_day", "payment_number").unique("invoice_id", keep="last", maintain_order=True)
    used = position.applied.group_by("payment_id").agg(used=(pl.col("amount") + pl.col("discount")).sum())
    known = with_tolerance(last.join(used, on="payment_id", how="inner", validate="m:1").filter(pl.col("used") > 0), engagement)
    rest = pl.col("room").sum().over("payment_id")
    written = known.filter(is_tolerated(rest, rest + pl.col("used")))
    return written.with_columns(
        pl.lit("reference").alias("pass"), amount=ZERO, discount=ZERO, write_off=pl.col("room"), certainty=pl.lit("certain")
    ).select(position.applied.columns)


def _one_part_per_pair(position: Position) -> Position:
    is_mine = pl.col("pass") == "reference"
    figures = [pl.col(name).sum() for name in ("amount", "discount", "write_off")]
    mine = position.applied.filter(is_mine).group_by("payment_id", "invoice_id", "pass", "certainty").agg(figures)
    applied = pl.concat([position.applied.filter(~is_mine), mine.select(position.applied.columns)])
    return Position(position.payments, position.invoices, applied)
