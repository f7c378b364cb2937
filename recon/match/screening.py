"""Documents of parties that a screening list names: sanctioned firms, countries out of bounds. Whole, from slim projections."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import MONEY, RATE, amount
from recon.match.described import described
from recon.match.document_kinds import DocumentKind, fulfilments, orders, payments
from recon.match.given import is_given, table, with_fx_rate
from recon.match.numbers import compacted
from recon.match.party_accounts import supplier_accounts
from recon.match.party_names import alike_pairs, bare_name, plain_name

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_LIST: Final = "party_screening_list"
_ALWAYS: Final = (date(1, 1, 1), date(9999, 12, 31))
#: Names less alike than so many hundredths suggest nothing.
LEAST_LIKE: Final = 90
#: What speaks of a party, the surest first.
_MATCHES: Final = ("tax id", "name", "country", "bank country", "similar name")
_PARTY: Final = ["cycle", "party_id"]
_DOCUMENT: Final = ["cycle", "company_code", "document_type", "document_number"]


def screened_document(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`screened_document`, sorted: one row per live order, shipment or payment of a party that the list names on its day; the others are counted.

    The others are one row per company, kind and whether the list is as young as they are (`is_covered`), with their number in `document_count`.
    """
    columns = schema("screened_document")
    if not is_given(accepted, _LIST):
        return pl.LazyFrame(schema=columns)
    entries = table(accepted, _LIST).collect()
    until = entries["list_date"].max()
    named = _named(accepted, entries)
    loud, quiet = [], []
    for cycle in CYCLES:
        for kind in _kinds(cycle):
            live = _live(kind, accepted, engagement).with_columns(is_covered=pl.col("document_date") <= pl.lit(until, dtype=pl.Date))
            hits = live.join(named.lazy(), on=_PARTY, how="inner").filter(pl.col("document_date").is_between("start", "end"))
            loud.append(_documents(hits, accepted, engagement))
            every = live.group_by("cycle", "company_code", "document_type", "is_covered").agg(document_count=pl.col("document_number").n_unique())
            quiet.append(every.with_columns(pl.col("document_count").cast(pl.Int64)).collect())
    found = pl.concat(loud)
    heard = found.group_by("cycle", "company_code", "document_type", "is_covered").agg(heard=pl.len().cast(pl.Int64))
    rest = pl.concat(quiet).join(heard, on=["cycle", "company_code", "document_type", "is_covered"], how="left", nulls_equal=True, validate="1:1")
    rest = rest.with_columns(document_count=pl.col("document_count") - pl.col("heard").fill_null(0), is_listed=pl.lit(value=False)).drop("heard")
    rows = pl.concat([found, rest.filter(pl.col("document_count") > 0)], how="diagonal").with_columns(
        list_date=pl.lit(until, dtype=pl.Date), certainty=pl.when(pl.col("is_listed")).then(pl.lit("certain")).otherwise(pl.lit("suggested"))
    )
    made = described(rows.lazy(), "screened_document", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in columns.items()).sort(*_DOCUMENT, "is_covered", nulls_last=True)


def _kinds(cycle: Cycle) -> list[DocumentKind]:
    """Orders by their net value, payments, and what leaves the house."""
    kinds = [replace(orders(cycle), worth=("line_amount_net",)), payments(cycle)]
    return [*kinds, fulfilments(cycle)] if cycle is ORDER_TO_CASH else kinds


def _live(kind: DocumentKind, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    counts = (pl.col(kind.date) <= engagement.as_of) & pl.col(kind.cycle.party).is_not_null()
    if kind.dead is not None:
        counts &= ~pl.col(kind.dead).fill_null(value=False)
    return table(accepted, kind.table).filter(counts).select(
        "company_code", "currency", "source_file", "source_row", cycle=pl.lit(kind.cycle.name), document_type=pl.lit(kind.document_type),
        party_id=kind.cycle.party, document_number=kind.number, document_date=kind.date,
        worth=pl.coalesce(kind.worth) if kind.worth else pl.lit(None, dtype=MONEY), fx_rate=pl.col("fx_rate") if kind.worth else pl.lit(None, dtype=RATE),
    )  # fmt: skip


def _documents(hits: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """One row per document of a listed party, with its surest match."""
    order = pl.col("match_type").replace_strict({name: place for place, name in enumerate(_MATCHES)}, return_dtype=pl.Int64)
    lines = hits.with_columns(place=order).sort("place", pl.col("name_similarity").fill_null(1), "entry_id", descending=[False, True, False])
    told = lines.unique([*_DOCUMENT, "party_id", "source_file", "source_row"], keep="first", maintain_order=True).sort("source_file", "source_row")
    grouped = told.group_by(*_DOCUMENT, "party_id", maintain_order=True).agg(
        pl.col("document_date", "currency", "fx_rate", "source_file", "source_row", "is_covered").first(),
        pl.col("match_type", "entry_id", "list_version", "name_similarity").sort_by("place").first(),
        amount=pl.when(pl.col("worth").null_count() == 0).then(pl.col("worth").sum()),
    )  # fmt: skip
    rated = with_fx_rate(grouped, "document_date", accepted, engagement)
    return rated.with_columns(
        amount_base=amount(pl.col("amount"), pl.col("fx_rate")),
        is_listed=pl.col("match_type") != "similar name",
        document_count=pl.lit(1, dtype=pl.Int64),
    ).collect()  # fmt: skip


def _named(accepted: Accepted, entries: pl.DataFrame) -> pl.DataFrame:
    """cycle, party_id and what of it the list names: match_type, entry_id, list_version, name_similarity, and the days of the entry."""
    parties = pl.concat([
        table(accepted, c.party_table).select(
            "party_id", "country", "bank_country", cycle=pl.lit(c.name), tax=compacted(pl.col("tax_id")), plain=plain_name(pl.col("party_name")),
            bare=bare_name(pl.col("party_name")),
        )
        for c in CYCLES
    ]).collect()  # fmt: skip
    banks = supplier_accounts(accepted).select(pl.lit(PROCURE_TO_PAY.name).alias("cycle"), "party_id", "bank_country").collect()
    banks = pl.concat([banks, parties.select(*_PARTY, "bank_country")]).drop_nulls().unique()
    known = entries.select(
        "entry_id", "list_version", "entry_kind", "country", tax=compacted(pl.col("tax_id")), plain=plain_name(pl.col("name")), bare=bare_name(pl.col("name")),
        start=pl.col("valid_from").fill_null(_ALWAYS[0]), end=pl.col("valid_to").fill_null(_ALWAYS[1]),
    )  # fmt: skip
    firms, places = known.filter(pl.col("entry_kind") == "party"), known.filter(pl.col("entry_kind") == "country")
    told = ["entry_id", "list_version", "start", "end"]
    parts = [
        _met(parties, firms, "tax", "tax", told, "tax id"),
        _met(parties, firms, "plain", "plain", told, "name"),
        _met(parties, places, "country", "country", told, "country"),
        _met(banks, places, "bank_country", "country", told, "bank country"),
    ]
    alike = alike_pairs(parties["bare"], firms["bare"], LEAST_LIKE)
    similar = parties.join(alike, left_on="bare", right_on="one", how="inner").join(
        firms.select(*told, other="bare", listed="plain"), on="other", how="inner"
    )  # fmt: skip
    similar = similar.filter(pl.col("plain") != pl.col("listed"))
    parts.append(similar.select(*_PARTY, *told, name_similarity="likeness", match_type=pl.lit("similar name")))
    return pl.concat(parts, how="diagonal").with_columns(pl.col("name_similarity").cast(RATE)).unique()


def _met(parties: pl.DataFrame, entries: pl.DataFrame, theirs: str, listed: str, told: list[str], match_type: str) -> pl.DataFrame:  # noqa: PLR0913 - one join, named once
    keyed = entries.filter(pl.col(listed).is_not_null()).select(*told, key=listed)
    met = parties.filter(pl.col(theirs).is_not_null()).join(keyed, left_on=theirs, right_on="key", how="inner")
    return met.select(*_PARTY, *told, name_similarity=pl.lit(None, dtype=RATE), match_type=pl.lit(match_type))
