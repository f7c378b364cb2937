"""Documents whose party or item is not in order in the master: unknown, inactive, blocked. Bucket-local.

Only the doubtful documents become rows; how many were looked at travels beside them. Where no master of a kind was given there is
nothing to look up and no document of its cycle is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, Cycle
from recon.domain.measures import schema
from recon.domain.money import MONEY, amount
from recon.match.described_items import NEAREST, with_nearest_item
from recon.match.document_kinds import DocumentKind, fulfilments, invoices, orders, payments
from recon.match.given import is_given, table, with_fx_rate

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_DEAD: Final = ("cancelled", "reversed", "draft", "rejected")
_STATES: Final = ("is_active", "is_blocked")


def party_documents(accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """`party_document`: live orders, invoices and payments whose party is unknown to the master, or not active or blocked there on their date.

    So are those of parties whose standing the master leaves open. The master's word of today holds for every date unless `document_change` says
    when it became so (fields is_active and is_blocked of document type supplier or customer): then a document is judged by the word of its own date.
    """
    frames, looked_at = [], 0
    for cycle in CYCLES:
        if not is_given(accepted, cycle.party_table):
            continue
        for kind in (orders(cycle), invoices(cycle), payments(cycle)):
            if is_given(accepted, kind.table):
                found, size = _documents_of(kind, accepted, engagement)
                frames.append(found)
                looked_at += size
    whole = pl.concat(frames) if frames else pl.DataFrame(schema=schema("party_document"))
    return whole.sort("cycle", "document_type", "company_code", "party_id", "document_number", "document_date").lazy(), looked_at


def _documents_of(kind: DocumentKind, accepted: Accepted, engagement: Engagement) -> tuple[pl.DataFrame, int]:
    cycle = kind.cycle
    key = ["company_code", kind.number, cycle.party]
    live = _live(kind, accepted, engagement).filter(pl.col(cycle.party).is_not_null())
    fingerprint = pl.struct(key).hash()
    size = int(live.select(fingerprint.n_unique()).collect().item())
    master = _master(cycle, accepted).collect()
    is_sound = pl.col("is_active").fill_null(value=True) & ~pl.col("is_blocked").fill_null(value=False) & ~pl.col("has_history")
    sound = master.filter(is_sound & ~pl.all_horizontal(pl.col(_STATES).is_null()))
    doubtful = live.join(sound.lazy().select("party_id"), left_on=cycle.party, right_on="party_id", how="anti")
    stated = [name for name in kind.worth if is_given(accepted, kind.table, name)]
    grouped = doubtful.group_by(key).agg(
        pl.col(kind.date).min().alias("document_date"),
        worth=_whole_sum(pl.coalesce(stated)) if stated else pl.lit(None, dtype=MONEY),
        currency=pl.col("currency").min(),
        fx_rate=pl.col("fx_rate").max() if is_given(accepted, kind.table, "fx_rate") else pl.lit(None, dtype=pl.Decimal(20, 10)),
        source_file=pl.col("source_file").sort_by("source_file", "source_row").first(),
        source_row=pl.col("source_row").sort_by("source_file", "source_row").first(),
    )
    rated = with_fx_rate(grouped, "document_date", accepted, engagement)
    joined = rated.join(master.lazy(), left_on=cycle.party, right_on="party_id", how="left", validate="m:1")
    described = joined.with_columns(
        cycle=pl.lit(cycle.name),
        document_type=pl.lit(kind.document_type),
        document_number=pl.col(kind.number),
        party_id=pl.col(cycle.party),
        is_known=pl.col("has_history").is_not_null(),
        is_payment=pl.lit(kind.table == cycle.payment_table),
        amount_gross_base=amount(pl.col("worth"), pl.col("fx_rate")),
    )
    dated = _as_of_their_date(described, cycle, accepted)
    return dated.select(pl.col(name).cast(dtype) for name, dtype in schema("party_document").items()).collect(), size


def _whole_sum(worth: pl.Expr) -> pl.Expr:
    """What all lines come to; not known where one of them is not: a part would pass for the whole."""
    return pl.when(worth.null_count() == 0).then(worth.sum().abs())


def _live(kind: DocumentKind, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    counts = pl.col(kind.date) <= engagement.as_of
    for flag in ("is_cancelled", "is_voided"):
        if is_given(accepted, kind.table, flag):
            counts &= ~pl.col(flag).fill_null(value=False)
    if is_given(accepted, kind.table, "doc_status"):
        counts &= ~pl.col("doc_status").is_in(_DEAD).fill_null(value=False)
    return table(accepted, kind.table).filter(counts)


def _master(cycle: Cycle, accepted: Accepted) -> pl.LazyFrame:
    """One row per party: name, group, what the master says of it today, and whether a change of that is on record."""
    changes = _changes(cycle, accepted)
    touched = changes.select("party_id").unique().with_columns(has_history=pl.lit(value=True))
    parties = table(accepted, cycle.party_table).select("party_id", "party_name", "group_id", *_STATES).unique("party_id", keep="any")
    return parties.join(touched, on="party_id", how="left", validate="1:1").with_columns(pl.col("has_history").fill_null(value=False))


def _changes(cycle: Cycle, accepted: Accepted) -> pl.LazyFrame:
    """Changes of a party's standing: party_id, field, the flag before, the day it changed."""
    told = table(accepted, "document_change").filter((pl.col("document_type") == cycle.party_table) & pl.col("field").is_in(_STATES))
    before = pl.col("old_value").str.to_lowercase().replace_strict({"true": True, "1": True, "false": False, "0": False}, default=None)
    return told.select("field", party_id="document_number", before=before.cast(pl.Boolean), changed=pl.col("changed_at").dt.date())


def _as_of_their_date(documents: pl.LazyFrame, cycle: Cycle, accepted: Accepted) -> pl.LazyFrame:
    """The flags as they were on the document's date, and for how many days the party had then been inactive."""
    for state in _STATES:
        later = _changes(cycle, accepted).filter(pl.col("field") == state).sort("changed").select("party_id", "changed", "before")
        documents = (
            documents.sort("document_date")
            .join_asof(
                later,
                left_on="document_date",
                right_on="changed",
                by="party_id",
                strategy="forward",
                allow_exact_matches=False,
                check_sortedness=False,
            )
            .with_columns(pl.when(pl.col("changed").is_not_null()).then("before").otherwise(state).alias(state))
            .drop("changed", "before")
        )
    ended = _changes(cycle, accepted).filter((pl.col("field") == "is_active") & pl.col("before")).select("party_id", ended="changed").sort("ended")
    return documents.join_asof(
        ended, left_on="document_date", right_on="ended", by="party_id", strategy="backward", check_sortedness=False
    ).with_columns(inactive_days=pl.when(~pl.col("is_active")).then((pl.col("document_date") - pl.col("ended")).dt.total_days()))


def unknown_item_lines(accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """`unknown_item_line`: live order, fulfilment and invoice lines that name an item the master does not have."""
    frames, looked_at = [], 0
    if is_given(accepted, "item"):
        for kind in (k for cycle in CYCLES for k in _item_kinds(cycle)):
            if is_given(accepted, kind.table, "item_id"):
                found, size = _lines_of(kind, accepted, engagement)
                frames.append(found)
                looked_at += size
    lines = pl.concat(frames) if frames else pl.DataFrame(schema=schema("unknown_item_line"))
    whole = with_nearest_item(lines.drop(NEAREST), accepted, engagement).select(schema("unknown_item_line").keys())
    return whole.sort("cycle", "document_type", "company_code", "document_number", "document_line_no", "party_id").lazy(), looked_at


def _item_kinds(cycle: Cycle) -> tuple[DocumentKind, ...]:
    return orders(cycle), fulfilments(cycle), invoices(cycle)


def _lines_of(kind: DocumentKind, accepted: Accepted, engagement: Engagement) -> tuple[pl.DataFrame, int]:
    cycle = kind.cycle
    lines = _live(kind, accepted, engagement).filter(pl.col("item_id").is_not_null())
    if is_given(accepted, kind.table, "line_kind"):
        lines = lines.filter(pl.col("line_kind").is_in(["item", "service"]).fill_null(value=True))
    size = int(lines.select(pl.len()).collect().item())
    unknown = lines.join(table(accepted, "item").select("item_id"), on="item_id", how="anti")
    worth = pl.col("line_amount_net") if is_given(accepted, kind.table, "line_amount_net") else pl.lit(None, dtype=MONEY)
    order = (f"{cycle.order}_number", f"{cycle.order}_line_no")
    types = dict.fromkeys(("currency", cycle.party, "item_description", *order), pl.String()) | {"fx_rate": pl.Decimal(20, 10)}
    absent = [name for name in types if not is_given(accepted, kind.table, name)]
    known = unknown.with_columns(pl.lit(None, dtype=types[name]).alias(name) for name in absent)
    rated = with_fx_rate(known.with_columns(document_date=pl.col(kind.date), worth=worth.abs()), "document_date", accepted, engagement)
    described = rated.with_columns(
        cycle=pl.lit(cycle.name),
        document_type=pl.lit(kind.document_type),
        document_number=pl.col(kind.number),
        document_line_no=pl.col(str(kind.line)),
        party_id=pl.col(cycle.party),
        order_number=pl.col(order[0]),
        order_line_no=pl.col(order[1]),
        line_kind=_line_kind(kind, accepted),
        is_known=pl.lit(value=False),
        amount_net_base=amount(pl.col("worth"), pl.col("fx_rate")),
    )
    described = described.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in NEAREST)
    return described.select(pl.col(name).cast(dtype) for name, dtype in schema("unknown_item_line").items()).collect(), size


def _line_kind(kind: DocumentKind, accepted: Accepted) -> pl.Expr:
    """Item or service, as the line says it, or the type of its order; what says nothing is for goods."""
    if is_given(accepted, kind.table, "line_kind"):
        return pl.col("line_kind").fill_null("item")
    if is_given(accepted, kind.table, "po_type"):
        return pl.when(pl.col("po_type") == "service").then(pl.lit("service")).otherwise(pl.lit("item"))
    return pl.lit("item")
