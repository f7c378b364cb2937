"""Pairs of invoice documents that may be one invoice entered twice, with what makes them look so.

Only documents that share party (or party group), kind, currency and either number or amount are ever laid side by side.
Within equal amounts every likeness of numbers becomes an equality of keys (folded look-alike characters, a swapped pair, a
lost character, the longest run of digits), so that no pair of that kind is missed and no block is compared all with all.
One digit changed in the running number makes another document: such pairs are not candidates.
"""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import with_limits
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.domain.money import RATE
from recon.domain.scopes import resolve
from recon.match.given import shaped, table
from recon.match.numbers import compacted, normalised

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Who a document can be a double of.
BLOCK: Final = ["cycle", "company_code", "party_block", "invoice_kind", "currency"]
#: The same for numbers: a bill entered again in another currency keeps its number.
_NUMBER_BLOCK: Final = BLOCK[:-1]
#: Characters that readers and scanners take for digits.
_LOOK_ALIKE: Final = ("OISBZ", "01582")
#: A number or a run of digits with fewer characters says nothing when it returns inside another.
_SHORTEST: Final = "minimum_number_length_count"
#: Where no number is long enough.
_NO_NUMBER: Final = "10000"
_LONGEST_AFFIX: Final = 3
#: A run of digits that reads as a year numbers nothing.
_YEAR: Final = "^(19|20)[0-9]{2}$"
_NEAR_DAYS: Final = 5
_FAR_DAYS: Final = 30
#: The same amount on so many documents of one party is a habit (rent, a fixed fee), not a coincidence.
_RECURRING_COUNT: Final = 3
#: relation of the numbers -> its weight in the score
_RELATIONS: Final = {"same": "1", "look_alike": "0.95", "affix": "0.85", "digit_run": "0.85", "transposed": "0.6", "lost_character": "0.6"}
_SAME_NUMBER: Final = "same_number"


def duplicate_pairs(accepted: Accepted, invoice_documents: pl.LazyFrame, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`duplicate_pair`, number of live invoice documents looked at), the pairs sorted by their later document.

    `pair_kind`: `exact` (same number, amount and date), `same_number` (same number; another amount or date), `near` (same
    amount, numbers alike). A later document has at most one row per kind: its best other. The original is the one entered
    first. Documents of different kinds, cancelled ones, and corrections that together stay within the invoice they correct are
    no pairs; nor is a number that returns in another year where the party starts again every year (policy).
    """
    live = invoice_documents.filter("is_live").collect()
    documents = entered_documents(live, engagement)
    candidates = pl.concat([_by_number(documents), alike_of_one_amount(documents)]).unique(["earlier", "later", "relation"])
    pairs = _described(candidates, documents)
    pairs = pairs.filter(~_is_part_of_one_correction(pairs, documents, live, accepted))
    best = pairs.sort("later", "pair_kind", "score", "earlier", descending=[False, False, True, False])
    best = best.unique(["later", "pair_kind"], keep="first", maintain_order=True)
    return _rows(best, live).lazy(), live.height


def entered_documents(live: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """Documents that share block and number, or block and amount, with another one, slim and in order of entry (`place`).

    `year` is null unless the party starts its numbers again every year; `shortest`: the length below which its numbers are like no other.
    """
    slim = live.with_row_index("row").select(
        "row", "cycle", "company_code", "party_id", "group_id", "invoice_kind", "currency", "invoice_number", "internal_number",
        "invoice_date", "posting_date", "created_at", "amount_gross",
        party_block=pl.coalesce("group_id", "party_id"),
        number=normalised(pl.col("invoice_number")),
    )  # fmt: skip
    shared = slim.filter(_is_shared("number", _NUMBER_BLOCK) | _is_shared("amount_gross", BLOCK))
    by_party = resolve(shared.lazy(), engagement.policy_rules(), {"party_restarts_numbers_yearly": "false"})
    scoped = with_limits(by_party, engagement, _SHORTEST).collect()
    restarts = pl.col("party_restarts_numbers_yearly") == "true"
    entered = ["created_at", "posting_date", "internal_number", "invoice_date", "invoice_number", "currency", "invoice_kind", "amount_gross", "row"]
    ordered = scoped.sort("cycle", "company_code", "party_id", *entered, nulls_last=True)
    return ordered.with_row_index("place").select(
        "place", *BLOCK, "row", "party_id", "invoice_date", "amount_gross", "number",
        raw="invoice_number",
        shortest=pl.col(_SHORTEST).replace({"not_checked": "0", "unlimited": _NO_NUMBER}).cast(pl.Decimal(38, 10)).cast(pl.Int64),
        year=pl.when(restarts).then(pl.col("invoice_date").dt.year()),
    )  # fmt: skip


def _is_shared(column: str, block: list[str]) -> pl.Expr:
    """Whether another row has the same block and the same value. By hashes: a collision adds a row that the exact keys drop again."""
    mixed = reduce(xor, [pl.col(name).hash(seed) for seed, name in enumerate([*block, column])])
    return pl.col(column).is_not_null() & mixed.is_duplicated()


def _by_number(documents: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one number: each later document with the first one, with the first one of its own amount and date, and with the first in any currency."""
    anyhow = [*_NUMBER_BLOCK, "number", "year"]
    key = [*anyhow, "currency"]
    repeated = documents.filter(pl.col("number").is_not_null() & (pl.len().over(anyhow) > 1))
    groups = [key, [*key, "amount_gross", "invoice_date"], anyhow]
    pairs = pl.concat([repeated.select(earlier=pl.col("place").min().over(of), later="place", relation=pl.lit("same")) for of in groups])
    return pairs.filter(pl.col("earlier") < pl.col("later"))


def alike_of_one_amount(documents: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one amount whose numbers are alike without being the same."""
    key = [*BLOCK, "amount_gross"]
    block = documents.filter(pl.col("amount_gross").is_not_null() & (pl.len().over(key) > 1)).with_columns(number=compacted(pl.col("raw")))
    if block.is_empty():
        return _no_pairs()
    length = pl.col("number").str.len_chars()
    runs = pl.col("number").str.extract_all("[0-9]+")
    block = block.with_columns(length=length, folded=folded(pl.col("number")), runs=runs)
    longest = runs.list.get(runs.list.eval(pl.element().str.len_chars()).list.arg_max(), null_on_oob=True)
    block = block.with_columns(
        run=longest.str.strip_chars_start("0"),
        last_run=pl.col("runs").list.last().str.strip_chars_start("0"),
    )
    look_alike = _pairs(block, block, [*key, "folded"], "look_alike")
    return pl.concat([look_alike, _affixed(block, key), _one_slip(block, key)])


def folded(number: pl.Expr) -> pl.Expr:
    """The number with letters that readers take for digits as those digits, leading zeros dropped. Likeness, never sameness."""
    plain = number
    for letter, digit in zip(*_LOOK_ALIKE, strict=True):
        plain = plain.str.replace_all(letter, digit, literal=True)
    return plain.str.replace_all("(^|[^0-9])0+([0-9])", "${1}${2}")


def _affixed(block: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Numbers with the same longest run of digits: one is the other with up to three characters before or after, or the run closes both."""
    columns = [*key, "place", "number", "length", "run", "last_run", "shortest"]
    left, right = (
        block.select(columns),
        block.select(*key, "run", *(pl.col(c).alias(f"other_{c}") for c in ("place", "number", "length", "last_run", "shortest"))),
    )
    pairs = left.join(right, on=[*key, "run"], how="inner").filter(pl.col("place") < pl.col("other_place"))
    is_shorter = pl.col("length") <= pl.col("other_length")
    short = pl.when(is_shorter).then("number").otherwise("other_number")
    long = pl.when(is_shorter).then("other_number").otherwise("number")
    grown = long.str.len_chars().cast(pl.Int64) - short.str.len_chars().cast(pl.Int64)
    is_affix = (long.str.starts_with(short) | long.str.ends_with(short)) & grown.is_between(1, _LONGEST_AFFIX)
    shortest = pl.max_horizontal("shortest", "other_shortest")
    is_affix &= short.str.len_chars() >= shortest
    closes_both = (pl.col("last_run") == pl.col("run")) & (pl.col("other_last_run") == pl.col("run"))
    is_run = closes_both & (pl.col("run").str.len_chars() >= shortest) & ~pl.col("run").str.contains(_YEAR)
    relation = pl.when(is_affix).then(pl.lit("affix")).when(is_run).then(pl.lit("digit_run"))
    return pairs.select(earlier="place", later="other_place", relation=relation).drop_nulls("relation")


def _one_slip(block: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Numbers that differ by two neighbours swapped or by one character lost, on documents of nearly one day.

    Further apart such a pair scores at most 0.71: a slip of the pen says little where the day does not say it too. Only
    numbers with the same digits can be a swap of each other, only numbers of different length can have lost a character.
    """
    day = pl.col("invoice_date")
    gap = (day - day.shift(1)).over(key, order_by="invoice_date").dt.total_days()
    following = (day.shift(-1) - day).over(key, order_by="invoice_date").dt.total_days()
    near = block.filter((gap <= _NEAR_DAYS) | (following <= _NEAR_DAYS)).select(*key, "place", "number", "length", "shortest")
    digits = [pl.col("number").str.count_matches(str(digit), literal=True).alias(f"digit_{digit}") for digit in range(10)]
    same_digits = near.with_columns(digits).filter(pl.len().over([*key, "length", *(f"digit_{digit}" for digit in range(10))]) > 1)
    other_length = near.filter(pl.col("length").min().over(key) != pl.col("length").max().over(key))
    return pl.concat([_swapped(same_digits.select(near.columns), key), _shortened(other_length, key)])


def _swapped(near: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    long = near.filter(pl.col("length") >= pl.col("shortest"))
    places = long.with_columns(at=pl.int_ranges(0, pl.col("length").cast(pl.Int64) - 1)).explode("at")
    number, at = pl.col("number"), pl.col("at")
    one, two = number.str.slice(at, 1), number.str.slice(at + 1, 1)
    swapped = places.filter(one != two).select(*key, "place", number=number.str.slice(0, at) + two + one + number.str.slice(at + 2))
    return _pairs(swapped, near, [*key, "number"], "transposed")


def _shortened(near: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    places = near.filter(pl.col("length") > pl.col("shortest")).with_columns(at=pl.int_ranges(0, pl.col("length"))).explode("at")
    number, at = pl.col("number"), pl.col("at")
    shortened = places.select(*key, "place", number=number.str.slice(0, at) + number.str.slice(at + 1)).unique()
    return _pairs(shortened, near, [*key, "number"], "lost_character")


def _pairs(left: pl.DataFrame, right: pl.DataFrame, key: list[str], relation: str) -> pl.DataFrame:
    """Each two documents with the same key, the earlier one first."""
    others = right.select(*key, other="place")
    joined = left.select(*key, "place").join(others, on=key, how="inner").filter(pl.col("place") != pl.col("other"))
    return joined.select(earlier=pl.min_horizontal("place", "other"), later=pl.max_horizontal("place", "other"), relation=pl.lit(relation)).unique()


def _no_pairs() -> pl.DataFrame:
    return pl.DataFrame(schema={"earlier": pl.UInt32(), "later": pl.UInt32(), "relation": pl.String()})


def _described(candidates: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """The parts of the score per pair; one row per pair, its strongest relation."""
    facts = documents.select(
        "place", "row", "party_id", "invoice_date", "currency", "amount_gross", "number",
        amount_count=pl.len().over([*BLOCK, "amount_gross"]),
    )  # fmt: skip
    weight = pl.col("relation").replace_strict(_RELATIONS, return_dtype=pl.String).cast(RATE)
    strongest = candidates.with_columns(number_score=weight).sort(
        "earlier", "later", "number_score", "relation", descending=[False, False, True, False]
    )
    pairs = strongest.unique(["earlier", "later"], keep="first", maintain_order=True)
    pairs = pairs.join(facts.rename(lambda c: f"earlier_{c}" if c != "place" else "earlier"), on="earlier", how="left", validate="m:1")
    pairs = pairs.join(facts.rename({"place": "later"}), on="later", how="left", validate="m:1")
    pairs = pairs.with_columns(
        same_amount=((pl.col("amount_gross") == pl.col("earlier_amount_gross")) & (pl.col("currency") == pl.col("earlier_currency"))).fill_null(
            value=False
        ),
        same_party=pl.col("party_id") == pl.col("earlier_party_id"),
        days_apart=(pl.col("invoice_date") - pl.col("earlier_invoice_date")).dt.total_days().abs(),
        is_recurring=pl.col("amount_count") >= _RECURRING_COUNT,
    )
    # One number in two years of a party that starts again every year is no likeness either.
    pairs = pairs.filter((pl.col("relation") == "same") | pl.col("number").ne_missing(pl.col("earlier_number")))
    is_exact = (pl.col("relation") == "same") & pl.col("same_amount") & (pl.col("days_apart") == 0)
    kind = pl.when(is_exact).then(pl.lit("exact")).when(pl.col("relation") == "same").then(pl.lit(_SAME_NUMBER)).otherwise(pl.lit("near"))
    return _scored(pairs.with_columns(pair_kind=kind))


def _scored(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `score_beside_date`, `date_score` and `score`; dates count in full on one day, half within 5, a quarter within 30."""
    weak = pl.col("is_recurring") & (pl.col("number_score") < pl.lit("0.85").cast(RATE))
    beside = (
        pl.col("number_score") * _rate("0.45")
        + pl.when("same_amount").then(_rate("0.30")).otherwise(_rate("0"))
        + pl.when("same_party").then(_rate("0.10")).otherwise(_rate("0"))
        - pl.when(weak).then(_rate("0.25")).otherwise(_rate("0"))
    ).cast(RATE)
    days = pl.col("days_apart")
    nearness = (
        pl.when(days == 0)
        .then(_rate("1"))
        .when(days <= _NEAR_DAYS)
        .then(_rate("0.5"))
        .when(days <= _FAR_DAYS)
        .then(_rate("0.25"))
        .otherwise(_rate("0"))
    )
    pairs = pairs.with_columns(score_beside_date=beside, date_score=nearness)
    return pairs.with_columns(score=(pl.col("score_beside_date") + pl.col("date_score") * _rate("0.15")).cast(RATE))


def _rate(text: str) -> pl.Expr:
    return pl.lit(text).cast(RATE)


def _is_part_of_one_correction(pairs: pl.DataFrame, documents: pl.DataFrame, live: pl.DataFrame, accepted: Accepted) -> pl.Expr:
    """Credits that name one and the same invoice and together stay within it are parts of one correction, not doubles."""
    involved = pl.concat([pairs["earlier"], pairs["later"]]).unique()
    corrections = documents.filter(pl.col("invoice_kind").is_in(["credit", "value_credit"]) & pl.col("place").is_in(involved.implode()))
    if corrections.is_empty():
        return pl.lit(value=False)
    origins = _origins(corrections, accepted)
    blocked = live.select(
        "cycle", "company_code", "amount_gross", party_block=pl.coalesce("group_id", "party_id"), origin=normalised(pl.col("invoice_number"))
    )
    sizes = blocked.group_by("cycle", "company_code", "party_block", "origin").agg(size=pl.col("amount_gross").abs().max())
    key = ["cycle", "company_code", "party_block", "origin"]
    named = corrections.join(origins, on=["cycle", "company_code", "party_id", "raw", "invoice_date"], how="inner", validate="m:1")
    within = named.join(sizes, on=key, how="inner").filter(pl.col("amount_gross").abs().sum().over(key) <= pl.col("size"))
    parts = within["place"].implode()
    return pl.col("earlier").is_in(parts) & pl.col("later").is_in(parts)


def _origins(corrections: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """The invoice that each credit's lines name, where all of them name the same one."""
    frames = [
        table(accepted, cycle.invoice_table)
        .filter(pl.col("origin_invoice_number").is_not_null())
        .select(
            "company_code",
            "invoice_date",
            "origin_invoice_number",
            cycle=pl.lit(cycle.name),
            party_id=pl.col(cycle.party),
            raw=pl.col("invoice_number"),
        )
        for cycle in CYCLES
    ]
    key = ["cycle", "company_code", "party_id", "raw", "invoice_date"]
    lines = pl.concat(frames).join(corrections.lazy().select(key).unique(), on=key, how="semi")
    return (
        lines.group_by(key)
        .agg(origin=normalised(pl.col("origin_invoice_number")).unique())
        .filter(pl.col("origin").list.len() == 1)
        .explode("origin")
        .collect()
    )


def _rows(best: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    numbered = live.with_row_index("row")
    later = numbered.select(
        "row", "cycle", "company_code", "party_id", "party_name", "group_id", "internal_number", "invoice_kind", "currency",
        "amount_gross", "amount_gross_base", "amount_net", "paid_amount", "source_file", "source_row",
        document_number="invoice_number",
        document_date="invoice_date",
        document_type=pl.col("cycle").replace_strict({c.name: c.invoice_type for c in CYCLES}, return_dtype=pl.String),
    )  # fmt: skip
    other = numbered.select(
        earlier_row="row", other_number="invoice_number", other_internal_number="internal_number", other_date="invoice_date",
        other_amount_gross="amount_gross", other_net="amount_net", other_base="amount_gross_base", other_paid="paid_amount",
        other_currency="currency",
    )  # fmt: skip
    scores = best.select(
        "row", "earlier_row", "pair_kind", "number_score", "date_score", "same_amount", "same_party", "is_recurring", "days_apart",
        "score_beside_date", "score",
        number_relation="relation",
    )  # fmt: skip
    rows = scores.join(later, on="row", how="left", validate="m:1").join(other, on="earlier_row", how="left", validate="m:1")
    rows = rows.with_columns(
        amount_relation=_amount_relation(),
        both_paid=(pl.col("paid_amount") != 0) & (pl.col("other_paid") != 0),
        other_amount_gross_base="other_base",
        base_difference=(pl.col("amount_gross_base") - pl.col("other_base")).abs(),
        smaller_amount_base=pl.min_horizontal(pl.col("amount_gross_base").abs(), pl.col("other_base").abs()),
    )
    columns = schema("duplicate_pair")
    keys = ["cycle", "company_code", "party_id", "document_number", "document_date", "internal_number", "pair_kind"]
    return shaped(rows, columns).sort(keys)


def _amount_relation() -> pl.Expr:
    """How the later document's gross amount may have come from the other's; `unrelated` where none of these explains it."""
    later, other = pl.col("amount_gross"), pl.col("other_amount_gross")
    shifts = [pl.lit(10**places, dtype=pl.Int64) for places in (1, 2, 3)]
    is_shift = pl.any_horizontal(*(later == other * shift for shift in shifts), *(other == later * shift for shift in shifts))
    is_net = (later == pl.col("other_net")) | (other == pl.col("amount_net"))
    digits = [value.abs().cast(pl.String).str.extract_all("[1-9]").list.sort().list.join("") for value in (later, other)]
    return (
        pl.when(later.is_null() | other.is_null())
        .then(None)
        .when(pl.col("currency") != pl.col("other_currency"))
        .then(pl.lit("other currency"))
        .when(later == other)
        .then(pl.lit("same"))
        .when(is_net.fill_null(value=False))
        .then(pl.lit("net against gross"))
        .when(is_shift)
        .then(pl.lit("decimal shift"))
        .when(digits[0] == digits[1])
        .then(pl.lit("digits transposed"))
        .otherwise(pl.lit("unrelated"))
    )
