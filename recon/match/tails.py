"""Tails: what a line states against what its own figures give, in document currency. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.match import conventions, usual_conventions
from recon.match import whole_numbers as whole
from recon.match.accepted_conventions import with_accepted
from recon.match.dense import chosen

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.match.three_way import ThreeWay

#: What the figures of a line are read from, beside its role, value and net amount.
STATED: Final = ("unit_price_net", "tax_rate", "line_tax_amount", "line_amount_gross")
_TAILS: Final = ("arithmetic_tail_amount", "tax_tail_amount", "gross_tail_amount")


def figures(*, plain: bool) -> dict[str, pl.Expr]:
    """recomputed_amount, computed_tax_amount and three tails of a line, rounded half up to the smallest unit of its currency.

    Needs role, value, net, states_quantity, currency and STATED. `plain`: every currency has two digits. Null where a figure is not
    stated: unknown is not 0.
    """
    step = conventions.step(plain=plain)
    stated = pl.col("unit_price_net").is_not_null() & pl.col("states_quantity") & pl.col("role").is_in(["billing", "credit"])
    recomputed = pl.when(stated).then(money.from_units(whole.half_up(whole.units("value"), step) * step, 6))
    tax = money.from_units(whole.half_up(whole.units("net") * whole.units("tax_rate"), step * conventions.ONE) * step, 6)
    return {
        "recomputed_amount": recomputed,
        "computed_tax_amount": tax,
        "arithmetic_tail_amount": pl.col("net") - recomputed,
        "tax_tail_amount": pl.col("line_tax_amount") - tax,
        "gross_tail_amount": pl.col("net") + pl.col("line_tax_amount") - pl.col("line_amount_gross"),
    }


def of_groups() -> dict[str, pl.Expr]:
    """The same of lines that state the tax of others (`tax_groups`): what they should say, the tail, and the way of rounding that gives it."""
    states = pl.col("taxed_line_count").is_not_null()
    return {
        "computed_tax_amount": pl.when(states).then("group_tax_amount").otherwise("computed_tax_amount"),
        "tax_tail_amount": pl.when(states).then(pl.col("net") - pl.col("group_tax_amount")).otherwise("tax_tail_amount"),
        "tax_convention": pl.when(states).then("group_convention").otherwise("tax_convention"),
    }


def explained(found: ThreeWay, engagement: Engagement) -> pl.DataFrame:
    """net_convention, tax_convention and USUAL by `document`, of the invoice documents with a line that has a tail; see `conventions`.

    Of all invoice documents where the usual way of each party is asked for.
    """
    lines, papers = found.invoices, found.raw.invoices
    told = chosen(
        lines, pl.col("exclusion_reason").is_null(), "row", "place", "document", "role", "value", "states_quantity", net="line_amount_net"
    )  # fmt: skip
    told = pl.concat([told, papers.taken(told["place"], *STATED, "currency")], how="horizontal")
    whole.guard(told, [("net", "tax_rate")])
    plain = conventions.is_plain(told)
    remembers = usual_conventions.is_asked(engagement)
    has_tail = pl.lit(value=True) if remembers else pl.any_horizontal(pl.col(_TAILS).fill_null(0) != 0)
    touched = told.lazy().with_columns(**figures(plain=plain)).filter(has_tail).select("document").unique().collect()
    if touched.is_empty():
        return pl.DataFrame(schema={"document": pl.UInt32(), "net_convention": pl.String(), "tax_convention": pl.String(), **usual_conventions.USUAL})
    whole_documents = told.join(touched, on="document", how="semi").lazy().with_columns(**figures(plain=plain)).collect()
    more = papers.taken(whole_documents["place"], "quantity", "price_per", "discount_amount", "cycle", "company_code", "party_id")
    fitting = conventions.of_documents(with_accepted(pl.concat([whole_documents, more], how="horizontal"), found))
    if not remembers:
        unknown = [pl.lit(None, dtype=kind).alias(name) for name, kind in usual_conventions.USUAL.items()]
        return fitting.drop("from_net", "from_gross").with_columns(unknown)
    owners = pl.concat([told.select("document"), papers.taken(told["place"], "cycle", "company_code", "party_id")], how="horizontal")
    return usual_conventions.remembered(fitting, owners.unique("document", keep="any"), engagement)


def convention_of_line() -> pl.Expr:
    """tail_convention: what explains every tail of a line; null where one of them has no explanation, and where there is none."""
    net, tax = pl.col("arithmetic_tail_amount").fill_null(0) != 0, pl.col("tax_tail_amount").fill_null(0) != 0
    unexplained = (
        (net & pl.col("net_convention").is_null()) | (tax & pl.col("tax_convention").is_null()) | (pl.col("gross_tail_amount").fill_null(0) != 0)
    )
    words = pl.concat_str([pl.when(net).then("net_convention"), pl.when(tax).then("tax_convention")], separator="; ", ignore_nulls=True)
    return pl.when((net | tax) & ~unexplained).then(words)
