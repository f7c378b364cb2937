"""Tax that a bill states in lines of its own, for all lines of one rate or for the whole bill: what it should be. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.match import conventions
from recon.match import whole_numbers as whole
from recon.match.accepted_conventions import SET, is_accepted, sets_of, with_accepted
from recon.match.dense import aligned, chosen

if TYPE_CHECKING:
    from recon.match.three_way import ThreeWay

#: What is measured, by the name that `invoice_line_match` gives it.
FIGURES: Final[dict[str, pl.DataType]] = {
    "group_tax_amount": money.MONEY, "taxed_line_count": pl.Int64(), "group_convention": pl.String(), "is_taxed_by_group": pl.Boolean(),
}  # fmt: skip
_USUAL: Final = "net × rate, by tax rate, half up"


def of_tax_lines(found: ThreeWay) -> pl.DataFrame:
    """FIGURES for every invoice line, in their order.

    A line of kind tax that names a rate states the tax of the bill's lines of that rate which state none themselves; one without a rate, alone
    on its bill, that of all such lines. group_tax_amount: per rate the sum of their net amounts times the rate, rounded once, half up;
    group_convention: the other way of rounding that gives exactly what is stated. Both are null where tax lines share what they state, where
    a line has no rate, and on all other lines. is_taxed_by_group: whether such a line states the tax of this one; null on bills without any.
    """
    height, papers = found.invoices.height, found.raw.invoices
    kinds = papers.given["line_kind"] if "line_kind" in papers.given.columns else None
    if kinds is None or not (kinds == "tax").any():
        return pl.DataFrame({name: pl.repeat(None, height, dtype=kind, eager=True) for name, kind in FIGURES.items()})
    told = chosen(found.invoices, pl.col("exclusion_reason").is_null(), "row", "place", "document", net="line_amount_net")
    said = papers.taken(told["place"], "line_kind", "tax_rate", "line_tax_amount", "currency")
    lines = pl.concat([told, said], how="horizontal").with_columns(kind=pl.col("line_kind").fill_null("item"))
    lines = lines.filter((pl.col("kind") == "tax").any().over("document"))
    whole.guard(lines, [("net", "tax_rate")])
    silent = lines.filter(~pl.col("kind").is_in(["tax", "rounding"]) & pl.col("line_tax_amount").is_null())
    pairs = _pairs(lines.filter(pl.col("kind") == "tax"), silent)
    named = silent.select("row").with_columns(is_taxed_by_group=pl.col("row").is_in(pairs["taxed"].implode()))
    taxes = lines.filter(pl.col("kind") == "tax").select("row", "place")
    parties = pl.concat([taxes.select("row"), papers.taken(taxes["place"], "cycle", "company_code", "party_id")], how="horizontal")
    return aligned(pl.concat([_summed(pairs, with_accepted(parties, found)), named], how="diagonal"), "row", height).select(FIGURES.keys())


def _pairs(taxes: pl.DataFrame, silent: pl.DataFrame) -> pl.DataFrame:
    """A tax line (row, stated, step) and each line whose tax it states (taxed, rate, net), where nobody else states it."""
    own = taxes.select("row", "document", "tax_rate", stated=whole.units("net"), step=conventions.step(plain=False)).filter(
        (pl.len().over("document", "tax_rate") == 1) & (pl.col("tax_rate").is_not_null() | (pl.len().over("document") == 1))
    )
    lines = silent.select("document", taxed="row", rate="tax_rate", net="net")
    by_rate = own.join(lines.with_columns(tax_rate="rate"), on=["document", "tax_rate"], how="inner")
    of_all = own.filter(pl.col("tax_rate").is_null()).join(lines, on="document", how="inner")
    return pl.concat(
        [by_rate.select("row", "stated", "step", "taxed", "rate", "net"), of_all.select("row", "stated", "step", "taxed", "rate", "net")]
    )


def _summed(pairs: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """group_tax_amount, taxed_line_count and group_convention per tax line, by `row`. `parties`: the row, and its convention_set where one is asked for."""
    sets = sets_of(parties)
    pairs = pairs.join(parties.select("row", SET), on="row", how="left", validate="m:1") if sets else pairs.with_columns(pl.lit("").alias(SET))
    tax, unit = whole.units("net") * whole.units("rate"), pl.col("step") * conventions.ONE
    by_line = {f"net × rate, by line, {word}": (mode(tax, unit) * pl.col("step")).sum() for word, mode in conventions.MODES.items()}
    of_rate = pairs.lazy().group_by("row", "rate").agg(
        pl.col("stated", "step", SET).first(), product=tax.sum(), lines=pl.len(), known=pl.col("rate").is_not_null().all(), **by_line
    )  # fmt: skip
    by_rate = {f"net × rate, by tax rate, {word}": mode(pl.col("product"), unit) * pl.col("step") for word, mode in conventions.MODES.items()}
    ways = [*by_rate, *by_line]
    of_group = of_rate.with_columns(**by_rate).group_by("row").agg(
        pl.col("stated", "step", SET).first(), pl.col("product", "lines", *ways).sum(), pl.col("known").all()
    )  # fmt: skip
    at_once = {f"net × rate, by document, {word}": mode(pl.col("product"), unit) * pl.col("step") for word, mode in conventions.MODES.items()}
    fits = [pl.when((pl.col(name) == pl.col("stated")) & is_accepted(name, sets)).then(pl.lit(name)) for name in (*ways, *at_once)]
    named = pl.when(pl.col("known") & (pl.col(_USUAL) != pl.col("stated"))).then(pl.coalesce(fits))
    return of_group.with_columns(**at_once).select(
        "row",
        group_tax_amount=pl.when("known").then(money.from_units(pl.col(_USUAL), 6)),
        taxed_line_count=pl.col("lines").cast(pl.Int64),
        group_convention=named,
    ).collect()  # fmt: skip
