"""The finite set of rounding conventions, and which of them gives all that a document states.

Source: the conventions in use. Tax from the net amount (net × rate) or out of the gross amount (gross − gross ÷ (1 + rate),
gross × rate ÷ (1 + rate)); per unit, line, tax rate or document; half up, half to even or down; unit prices of 2, 4, 6 or 8
digits; net amounts taken out of gross ones. Several of them often give the same figures; the usual one is named: half up before
the others, by line before figures of a whole tax rate or document. Two that round half up and differ in basis, from the net
and out of the gross amount, are two explanations, so there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.match import whole_numbers as whole
from recon.match.accepted_conventions import is_accepted, sets_of
from recon.match.dense import IN_ORDER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ONE: Final = 10**10  # one, as a whole number of ten digits
#: How a figure is rounded, by the word for it.
MODES: Final = {"half up": whole.half_up, "half even": whole.half_even, "down": whole.down}
#: How most firms round.
_USUAL: Final = "half up"
_PRICE_DIGITS: Final = (2, 4, 6, 8)
_Fit = dict[str, pl.Expr]


def step(*, plain: bool) -> pl.Expr:
    """The smallest unit of the line's currency, in millionths."""
    if plain:
        return pl.lit(10**4, dtype=pl.Int128)
    return pl.lit(10, dtype=pl.Int128) ** (6 - money.minor_digits(pl.col("currency")).cast(pl.Int128))


def is_plain(lines: pl.DataFrame) -> bool:
    """Whether every currency among the lines has two digits."""
    return bool(lines.select("currency").unique().select((money.minor_digits(pl.col("currency")) == 2).all()).item())


def of_documents(lines: pl.DataFrame) -> pl.DataFrame:
    """net_convention and tax_convention by `document`; null where nothing, or more than one basis, explains all lines. from_net, from_gross: of each basis the first.

    `lines`: all counting lines of documents: document, net, quantity, unit_price_net, price_per, discount_amount, tax_rate,
    line_tax_amount, line_amount_gross, recomputed_amount, currency; convention_set where not every way of rounding tax is accepted.
    """
    sets = sets_of(lines)
    prepared = _prepared(lines)
    by_line = {"net": _net_fits(), "tax from net": _tax_from_net() | _tax_by_unit(), "tax from gross": _tax_from_gross()}
    of_group = {"tax from net": _group_from_net(), "tax from gross": _group_from_gross()}
    fits = _kept_by_all(prepared, {name: fit for group in by_line.values() for name, fit in group.items()}, "document")
    groups = _kept_by_all(_by_rate(prepared), {name: fit for group in of_group.values() for name, fit in group.items()}, "document")
    documents = _by_document(prepared)
    joined = fits.join(groups, on="document", how="left").join(documents, on="document", how="left")
    of_group["tax from net"] |= {name: pl.col(name) for name in documents.columns if name != "document"}
    if sets:
        joined = joined.join(lines.select("document", "convention_set").unique(), on="document", how="left", validate="1:1")
    bases = [by_line["tax from net"], by_line["tax from gross"]]
    usual = [_first({name: fit for name, fit in basis.items() if name.endswith(_USUAL)}, sets) for basis in bases]
    others = _first({name: fit for basis in (*bases, *of_group.values()) for name, fit in basis.items()}, sets)
    tax = pl.coalesce(_only(usual), pl.when(_none(usual)).then(others))
    net, gross = (_first(by_line[name] | of_group[name], sets) for name in ("tax from net", "tax from gross"))
    return joined.select("document", net_convention=_first(by_line["net"]), tax_convention=tax, from_net=net, from_gross=gross)


def _first(names: Mapping[str, pl.Expr], sets: Collection[str] = ()) -> pl.Expr:
    """The name of the first convention of a basis that fits and is accepted."""
    return pl.coalesce(pl.when(pl.col(name).fill_null(value=False) & is_accepted(name, sets)).then(pl.lit(name)) for name in names)


def _only(bases: list[pl.Expr]) -> pl.Expr:
    """The convention found, where only one basis has one."""
    return pl.when(pl.sum_horizontal(b.is_not_null().cast(pl.UInt8) for b in bases) == 1).then(pl.coalesce(bases))


def _none(bases: list[pl.Expr]) -> pl.Expr:
    return pl.all_horizontal(b.is_null() for b in bases)


def _kept_by_all(lines: pl.DataFrame, fits: _Fit, key: str) -> pl.DataFrame:
    """Per document whether every line that can speak about a convention is given by it, and one at least is."""
    flags = lines.lazy().select(key, **fits).group_by(key).agg(pl.all().drop_nulls().all() & pl.all().is_not_null().any())
    return flags.sort(key).collect(engine=IN_ORDER)


def _prepared(lines: pl.DataFrame) -> pl.DataFrame:
    """Figures as whole numbers: amounts of six digits (n, t, g), the rate, quantity and price of ten, the smallest unit of the currency."""
    whole.guard(lines, [("quantity", "unit_price_net"), ("line_amount_gross", "tax_rate")])
    discount = pl.col("discount_amount").fill_null(0).cast(money.MONEY)
    signed = pl.when(pl.col("quantity") < 0).then(-discount).otherwise(discount)
    per = pl.col("price_per").fill_null(1).cast(money.QUANTITY)
    return lines.lazy().select(
        "document", "tax_rate", n=whole.units("net"), t=whole.units("line_tax_amount"), g=whole.units("line_amount_gross"), r=whole.units("tax_rate"),
        q=whole.units("quantity"), u=whole.units("unit_price_net"), per=whole.units(per), d=whole.units(signed),
        is_recomputed=pl.col("recomputed_amount").is_not_null(), step=step(plain=False),
    ).collect(engine=IN_ORDER)  # fmt: skip


def _net_fits() -> _Fit:
    """Net amounts: the product rounded otherwise, a price rounded first, or the net taken out of the rounded gross amount."""
    n, q, u, per, d, unit = (pl.col(name) for name in ("n", "q", "u", "per", "d", "step"))
    fits = {f"quantity × price, by line, {word}": mode(q * u, per * 10**4 * unit) * unit - d == n for word, mode in MODES.items()}
    for digits in _PRICE_DIGITS:
        for word, mode in MODES.items():
            price = mode(u, pl.lit(10 ** (10 - digits), dtype=pl.Int128))
            spare = digits - 6
            value = whole.half_up(q * price * 10 ** max(-spare, 0), per * 10 ** max(spare, 0) * unit)
            fits[f"price of {digits} digits {word} × quantity"] = value * unit - d == n
    g, r = pl.col("g"), pl.col("r")
    gross = whole.half_up((whole.half_up(q * u, per * 10**4) - d) * (r + ONE), ONE * unit) * unit
    fits["net out of the rounded gross, half up"] = (gross == g) & (whole.half_up(g * ONE, (r + ONE) * unit) * unit == n)
    fits["net out of the rounded gross, less tax"] = (gross == g) & (g - pl.col("t") == n)
    return {name: pl.when(pl.col("is_recomputed")).then(fit) for name, fit in fits.items()}


def _tax_from_net() -> _Fit:
    n, t, r, unit = (pl.col(name) for name in ("n", "t", "r", "step"))
    return {f"net × rate, by line, {word}": mode(n * r, unit * ONE) * unit == t for word, mode in MODES.items()}


def _tax_by_unit() -> _Fit:
    t, q, u, per, r, unit = (pl.col(name) for name in ("t", "q", "u", "per", "r", "step"))
    fits = {}
    for digits in _PRICE_DIGITS:
        for word, mode in MODES.items():
            each = mode(u * r, per * 10 ** (10 - digits))
            tax = whole.half_up(q * each, unit * 10 ** (digits + 4)) * unit
            fits[f"net × rate, by unit of {digits} digits, {word}"] = tax == t
    return fits


def _tax_from_gross() -> _Fit:
    t, g, r, unit = (pl.col(name) for name in ("t", "g", "r", "step"))
    divisor = (r + ONE) * unit
    fits = {f"gross − gross ÷ (1 + rate), by line, {word}": g - mode(g * ONE, divisor) * unit == t for word, mode in MODES.items()}
    return fits | {f"gross × rate ÷ (1 + rate), by line, {word}": mode(g * r, divisor) * unit == t for word, mode in MODES.items()}


def _by_rate(lines: pl.DataFrame) -> pl.DataFrame:
    """Amounts added up per document and tax rate; `near`: each line is within one smallest unit of its own tax."""
    n, t, r, unit = (pl.col(name) for name in ("n", "t", "r", "step"))
    near = ((t - whole.half_up(n * r, unit * ONE) * unit).abs() <= unit).fill_null(value=False).all()
    stated = lines.filter(pl.col("t").is_not_null() & pl.col("r").is_not_null())
    return stated.group_by("document", "r", maintain_order=True).agg(
        pl.col("n", "t").sum(), pl.when(pl.col("g").null_count() == 0).then(pl.col("g").sum()), step=unit.first(), near=near
    )


def _group_from_net() -> _Fit:
    n, t, r, unit = (pl.col(name) for name in ("n", "t", "r", "step"))
    return {f"net × rate, by tax rate, {word}": pl.col("near") & (mode(n * r, unit * ONE) * unit == t) for word, mode in MODES.items()}


def _group_from_gross() -> _Fit:
    t, g, r, unit = (pl.col(name) for name in ("t", "g", "r", "step"))
    return {
        f"gross × rate ÷ (1 + rate), by tax rate, {word}": pl.col("near") & (mode(g * r, (r + ONE) * unit) * unit == t)
        for word, mode in MODES.items()
    }


def _by_document(lines: pl.DataFrame) -> pl.DataFrame:
    """Whether the tax of the whole document is rounded once, by document."""
    n, t, r, unit = (pl.col(name) for name in ("n", "t", "r", "step"))
    stated = lines.lazy().filter(t.is_not_null() & r.is_not_null())
    near = ((t - whole.half_up(n * r, unit * ONE) * unit).abs() <= unit).fill_null(value=False).all()
    summed = stated.group_by("document").agg(t.sum(), product=(n * r).sum(), step=unit.first(), near=near)
    fits = {f"net × rate, by document, {word}": pl.col("near") & (mode(pl.col("product"), unit * ONE) * unit == t) for word, mode in MODES.items()}
    return summed.select("document", **fits).collect(engine=IN_ORDER)
