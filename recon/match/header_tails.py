"""Header totals against the lines of their document, and the rounding that makes up the difference. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.match import conventions
from recon.match import whole_numbers as whole
from recon.match.accepted_conventions import SET, is_accepted, sets_of, with_accepted
from recon.match.dense import IN_ORDER, aligned, chosen
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted
    from recon.match.three_way import ThreeWay

_HEADER: Final = ["cycle", "company_code", "party_id", "invoice_number", "invoice_date"]
_TOTALS: Final[dict[str, pl.DataType]] = {"header_net": money.MONEY, "header_tax": money.MONEY, "header_gross": money.MONEY}


def with_headers(documents: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """Add header_net, header_tax, header_gross where one header and one document share company, party, number, date and currency.

    `documents`: document (its row), the key of a header, currency, amount_gross of the lines. amount_gross becomes the header's where it is
    known; lines_amount_gross keeps what the lines add up to.
    """
    frames = [
        table(accepted, cycle.invoice_header_table).select(
            "company_code", "invoice_number", "invoice_date", "currency", cycle=pl.lit(cycle.name), party_id=cycle.party,
            header_net="amount_net", header_tax="tax_amount", header_gross="amount_gross",
        )
        for cycle in CYCLES
        if cycle.invoice_header_table in accepted.documents.tables
    ]  # fmt: skip
    of_lines = documents.rename({"amount_gross": "lines_amount_gross"})
    if frames:
        headers = pl.concat(frames).unique([*_HEADER, "currency"], keep="none").collect(engine=IN_ORDER)
        once = documents.filter(pl.len().over(_HEADER) == 1).select("document", *_HEADER, "currency")
        found = once.join(headers, on=[*_HEADER, "currency"], how="inner", validate="1:1").select("document", *_TOTALS)
        headed = pl.concat([of_lines, aligned(found, "document", documents.height)], how="horizontal")
    else:
        headed = of_lines.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in _TOTALS.items())
    return headed.with_columns(
        amount_gross=pl.coalesce("header_gross", "lines_amount_gross"), header_tail_amount=pl.col("header_gross") - pl.col("lines_amount_gross")
    )


def conventions_of_headers(documents: pl.DataFrame, found: ThreeWay) -> pl.Series:
    """tail_convention per document: how the tax of its header was rounded, where that alone makes the header differ from the lines."""
    size = documents.height
    apart = documents.filter((pl.col("header_tail_amount").fill_null(0) != 0) & pl.col("header_tax").is_not_null())
    if apart.is_empty():
        return pl.repeat(None, size, dtype=pl.String, eager=True).alias("tail_convention")
    asked = with_accepted(apart.select("document", "currency", *_TOTALS, "cycle", "company_code", "party_id"), found)
    sets = sets_of(asked)
    totals = (asked if sets else asked.with_columns(pl.lit("").alias(SET))).select("document", "currency", *_TOTALS, SET)
    counting = pl.col("exclusion_reason").is_null()
    lines = chosen(found.invoices, counting, "document", "place", net="line_amount_net").join(totals, on="document", how="inner", validate="m:1")
    rated = pl.concat([lines, found.raw.invoices.taken(lines["place"], "tax_rate")], how="horizontal").lazy()
    step = conventions.step(plain=False)
    by_rate = rated.with_columns(n=whole.units("net"), r=whole.units("tax_rate"), step=step).group_by("document", "r").agg(
        pl.col("n").sum(), pl.col("step", "header_net", "header_tax", "header_gross", SET).first()
    )  # fmt: skip
    product, unit = pl.col("n") * pl.col("r"), pl.col("step") * conventions.ONE
    sums = {f"by tax rate, {word}": mode(product, unit) * pl.col("step") for word, mode in conventions.MODES.items()}
    summed = by_rate.with_columns(**sums, product=product).group_by("document").agg(
        pl.col("n", "product", *sums).sum(), pl.col("r").is_not_null().all().alias("rated"), pl.col("step", *_TOTALS, SET).first()
    )  # fmt: skip
    once = {f"by document, {word}": mode(pl.col("product"), unit) * pl.col("step") for word, mode in conventions.MODES.items()}
    adds_up = (whole.units("header_net") == pl.col("n")) & (pl.col("header_net") + pl.col("header_tax") == pl.col("header_gross")) & pl.col("rated")
    names = [*once, *sums]
    fits = [
        pl.when(adds_up & (pl.col(name) == whole.units("header_tax")) & is_accepted(f"net × rate, {name}", sets)).then(pl.lit(f"net × rate, {name}"))
        for name in names
    ]
    named = summed.with_columns(**once).select("document", tail_convention=pl.coalesce(fits)).collect(engine=IN_ORDER)
    return aligned(named, "document", size)["tail_convention"]


def incomplete(documents: pl.DataFrame, accepted: Accepted) -> pl.Series:
    """is_incomplete per document: a line of it was set aside, so that the sum of its lines says nothing."""
    types = {cycle.invoice_type for cycle in CYCLES}
    told = [
        accepted.facts[name]
        .filter(pl.col("document_type").is_in(list(types)))
        .select("cycle", "company_code", "party_id", invoice_number="document_number")
        for name in ("rejected_cell", "conflicting_key")
        if name in accepted.facts
    ]
    if not told:
        return pl.repeat(value=False, n=documents.height, eager=True).alias("is_incomplete")
    lost = pl.concat(told).unique().collect(engine=IN_ORDER)
    of_party = [documents.select("cycle", "company_code", "invoice_number", "party_id")]
    key = of_party[0].columns
    marked = of_party[0].join(
        lost.select(key).with_columns(is_incomplete=pl.lit(value=True)), on=key, how="left", validate="m:1", maintain_order="left"
    )
    return marked["is_incomplete"].fill_null(value=False)
