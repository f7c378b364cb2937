"""Audit samples of a published run that anybody can draw again: same population, same purpose, same beacon, same items.

The seed is the first eight bytes of SHA-256(digest of the population file ‖ purpose ‖ beacon); the beacon is a value that the reviewer
fixes once the population is sealed, so that nobody can shop for a seed. No library's random numbers are used.

- random: items ranked by SHA-256(seed ‖ key), the smallest first.
- systematic: sorted by key, every k-th item, k = N/n, from a start in (0, k].
- stratified: every item of at least `certain_from`; the rest in strata of money, n shared by their value, at random within each.
- mus: items of at least the interval are certain; the others are hit by start + j · interval along their amounts in the order of keys.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain import manifest
from recon.domain.errors import InputsRefused, TermsRefused, did_you_mean
from recon.domain.money import MONEY
from recon.record.sample_sizes import attribute_size, confidence_factor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

METHODS: Final = ("random", "systematic", "stratified", "mus")
#: population -> (file of results/, columns of its key, column of its value)
POPULATIONS: Final = {
    "exceptions": ("exceptions.parquet", ("exception_id",), "amount_at_risk_base"),
    "order_lines": ("order_lines.parquet", ("cycle", "company_code", "order_number", "order_line_no"), "ordered_amount"),
    "invoice_lines": ("invoice_lines.parquet", ("cycle", "company_code", "party_id", "invoice_number", "invoice_line_no"), "invoiced_amount"),
    "settlements": ("settlements.parquet", ("cycle", "company_code", "party_id", "payment_number", "invoice_number"), "amount"),
    "balances": ("balances.parquet", ("cycle", "kind", "company_code", "document_number", "document_line_no"), "amount_base"),
}
_SCALE: Final = 6  # money in whole millionths
_STRATA: Final = 5


@dataclass(frozen=True)
class Plan:
    """What is drawn, and by what."""

    population: str
    method: str
    purpose: str
    beacon: str
    size: int | None = None
    interval: Decimal | None = None  # of mus, in money
    certain_from: Decimal | None = None  # of stratified, in money
    where: tuple[str, str] | None = None  # only rows whose column has this value
    model: str | None = None  # how size or interval were found, in words


@dataclass(frozen=True)
class Drawn:
    """The selection with its hits, and the facts by which it can be drawn again."""

    rows: pl.DataFrame
    facts: dict[str, Any]


def planned(words: Mapping[str, str | int | None]) -> Plan:
    """The plan of a command's words. Size or interval are found from `confidence`, `tolerable` and `expected` where these are given.

    Of `mus`, amounts are in the money of the population; the interval is tolerable / F. Raises TermsRefused for words that are no numbers.
    """
    method, size = str(words["method"]), words["size"]
    terms: dict[str, Any] = {name: words[name] for name in ("population", "method", "purpose", "beacon")}
    terms["certain_from"] = _decimal("certain-from", words["certain_from"])
    terms["where"] = _pair(words["where"])
    confidence, tolerable, expected = (_decimal(name, words[name]) for name in ("confidence", "tolerable", "expected"))
    if confidence is None or tolerable is None:
        if method == "mus":
            raise TermsRefused(
                "monetary unit sampling needs its interval found", expected="--confidence with --tolerable AMOUNT, and --expected AMOUNT"
            )
        return Plan(**terms, size=int(size) if size else None)
    if method == "mus":
        if tolerable <= 0:
            raise TermsRefused("the tolerable amount is not above 0", got=str(tolerable))
        factor = confidence_factor(float(confidence), float((expected or 0) / tolerable))
        interval = (tolerable / factor).quantize(Decimal(1).scaleb(-_SCALE), ROUND_FLOOR)
        model = f"gamma: F = {factor} at {confidence}, expected / tolerable = {expected} / {tolerable}; interval = tolerable / F, rounded down"
        return Plan(**terms, interval=interval, model=model)
    found = attribute_size(float(confidence), float(tolerable), int(expected or 0))
    model = f"binomial: smallest n with P(at most {int(expected or 0)} deviations; n, {tolerable}) <= 1 - {confidence}"
    return Plan(**terms, size=int(size) if size else found, model=model)


def _decimal(name: str, text: str | int | None) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise TermsRefused(f"--{name} is not a number", expected="a decimal number such as 0.95", got=str(text))
    return value


def _pair(text: str | int | None) -> tuple[str, str] | None:
    if text is None:
        return None
    column, sign, value = str(text).partition("=")
    if not sign:
        raise TermsRefused("--where names no value", expected="COLUMN=VALUE", got=str(text))
    return column, value


def draw(run: Path, plan: Plan) -> Drawn:
    """Draw a sample of the published run. Raises TermsRefused for a plan that cannot be carried out, InputsRefused when the file changed."""
    if plan.population not in POPULATIONS:
        hint = did_you_mean(plan.population, set(POPULATIONS))
        raise TermsRefused("there is no such population", expected=" | ".join(POPULATIONS), got=plan.population, todo=hint)
    name, key, value = POPULATIONS[plan.population]
    path = run / "results" / name
    digest = _digest(run, f"results/{name}")
    everything = pl.read_parquet(path)
    named = everything.with_columns(key=_key(key), value=pl.col(value).cast(MONEY)).filter(_where(plan, everything))
    population = named.sort("key").with_columns(key=_numbered())
    seed = hashlib.sha256(f"{digest}\0{plan.purpose}\0{plan.beacon}".encode()).digest()[:8]
    rows = _METHODS[plan.method](population, plan, seed)
    facts = {
        "algorithm": "recon-sample-1",
        "population": plan.population,
        "population_file": f"results/{name}",
        "population_sha256": digest,
        "where": dict([plan.where]) if plan.where else {},
        "items": population.height,
        "book_value": _plain(_total(population)),
        "items_not_positive": population.filter(~(pl.col("value") > 0).fill_null(value=False)).height,
        "method": plan.method,
        "size": plan.size,
        "interval": _plain(plan.interval),
        "certain_from": _plain(plan.certain_from),
        "model": plan.model,
        "purpose": plan.purpose,
        "beacon": plan.beacon,
        "seed_hex": seed.hex(),
        "selected": rows.height,
        "selected_value": _plain(_total(rows)),
    }
    first = ["place", "reason", "hits", "hit_position", "value", "key"]
    return Drawn(rows.select(*first, *everything.columns), facts)


def written(drawn: Drawn, folder: Path) -> list[Path]:
    """Write `selection_<purpose>.csv` and `plan_<purpose>.json`. Raises TermsRefused when one stands there: a drawing is never written over."""
    purpose = file_word(drawn.facts["purpose"])
    folder.mkdir(parents=True, exist_ok=True)
    selection, plan = folder / f"selection_{purpose}.csv", folder / f"plan_{purpose}.json"
    for path in (selection, plan):
        if path.exists():
            raise TermsRefused("there is a drawing for this purpose already", where=str(path), todo="name another purpose or another folder")
    drawn.rows.write_csv(selection, line_terminator="\n")
    selected = manifest.fingerprint(selection)
    plan.write_text(json.dumps({**drawn.facts, "selection_sha256": selected}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return [selection, plan]


def file_word(purpose: str) -> str:
    """A purpose as part of a file's name."""
    return "".join(c if c.isalnum() else "-" for c in purpose).strip("-") or "sample"


# ── the population ───────────────────────────────────────────────────────────────────────────────────────────
def _digest(run: Path, name: str) -> str:
    """The population file's digest as the run published it, which it must still have."""
    published = {entry["path"]: entry["sha256"] for entry in manifest.read(run)["outputs"]}
    digest = manifest.fingerprint(run / name)
    if published.get(name) != digest:
        todo = "take the run from a backup, or run the engagement again"
        raise InputsRefused(
            "the population is not as it was published", where=str(run / name), expected=str(published.get(name)), got=digest, todo=todo
        )
    return digest


def _key(columns: tuple[str, ...]) -> pl.Expr:
    """The parts of a key, joined by a sign that no number has; an unknown part is empty."""
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in columns], separator="\x1f")


def _numbered() -> pl.Expr:
    """Rows of one key are told apart by their place among them, which is that of the published file."""
    place = pl.int_range(pl.len()).over("key")
    return pl.when(pl.len().over("key") > 1).then(pl.concat_str("key", pl.lit("\x1f#"), place + 1)).otherwise("key")


def _where(plan: Plan, rows: pl.DataFrame) -> pl.Expr:
    if plan.where is None:
        return pl.lit(value=True)
    column, value = plan.where
    if column not in rows.columns:
        raise TermsRefused(
            "the population has no such column", expected=", ".join(rows.columns), got=column, todo=did_you_mean(column, set(rows.columns))
        )
    return pl.col(column).cast(pl.String) == value


# ── methods ──────────────────────────────────────────────────────────────────────────────────────────────────
def _random(population: pl.DataFrame, plan: Plan, seed: bytes) -> pl.DataFrame:
    return _selected(_ranked(population, seed).head(_size(plan, population)), "random")


def _ranked(population: pl.DataFrame, seed: bytes) -> pl.DataFrame:
    ranks = [hashlib.sha256(seed + key.encode()).hexdigest() for key in population["key"].to_list()]
    return population.with_columns(pl.Series("rank", ranks, dtype=pl.String)).sort("rank")


def _systematic(population: pl.DataFrame, plan: Plan, seed: bytes) -> pl.DataFrame:
    """Start and steps in parts of 1/n, so that k = N/n need not be whole."""
    size = _size(plan, population)
    start = 1 + _from_seed(seed, population.height)  # of N parts of k
    places = [(start + step * population.height - 1) // size for step in range(size)]
    return _selected(population[places], "systematic")


def _stratified(population: pl.DataFrame, plan: Plan, seed: bytes) -> pl.DataFrame:
    """Whole above `certain_from`; below, five strata of equal value, filled in turn of their size, at random within each."""
    if plan.certain_from is None:
        raise TermsRefused("a stratified sample needs the amount from which every item is taken", expected="--certain-from AMOUNT")
    certain = (pl.col("value").abs() >= plan.certain_from).fill_null(value=False)
    top, rest = population.filter(certain), population.filter(~certain)
    left = max(_size(plan, population) - top.height, 0)
    ordered = rest.sort(pl.col("value").abs(), "key", nulls_last=True).with_columns(sum=pl.col("value").abs().fill_null(0).cum_sum())
    total = ordered["sum"].tail(1).sum() or Decimal(1)
    ordered = ordered.with_columns(stratum=((pl.col("sum") * _STRATA / total).cast(pl.Int64)).clip(0, _STRATA - 1))
    drawn = [_selected(top, "certain")]
    strata = [part for (_,), part in sorted(ordered.partition_by("stratum", as_dict=True).items())]
    for place, part in enumerate(strata):
        share = min(part.height, -(-left // (len(strata) - place)))
        left -= share
        drawn.append(_selected(_ranked(part.drop("sum", "stratum"), seed).head(share), f"stratum {place + 1} of {len(strata)}"))
    return pl.concat([part.select(drawn[0].columns) for part in drawn]).with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def _monetary_unit(population: pl.DataFrame, plan: Plan, seed: bytes) -> pl.DataFrame:
    """Money in whole millionths. Items that are not positive are a population of their own and are not drawn here."""
    if plan.interval is None or plan.interval <= 0:
        raise TermsRefused("monetary unit sampling needs an interval", expected="an amount above 0", got=str(plan.interval))
    step = int(plan.interval.scaleb(_SCALE))
    units = (pl.col("value").cast(pl.Decimal(38, _SCALE)) * 10**_SCALE).cast(pl.Int128).alias("units")
    positive = population.filter((pl.col("value") > 0).fill_null(value=False)).with_columns(units)
    certain, rest = positive.filter(pl.col("units") >= step), positive.filter(pl.col("units") < step)
    start = 1 + _from_seed(seed, step)
    ends = pl.col("units").cum_sum()
    before = (ends - pl.col("units") - start).floordiv(step)
    hit = rest.with_columns(
        hits=((ends - start).floordiv(step) - before).cast(pl.Int64), hit_position=(before + 1) * step + start - (ends - pl.col("units"))
    )
    drawn = hit.filter(pl.col("hits") > 0).with_columns(hit_position=pl.col("hit_position").cast(pl.Int64))
    whole = _selected(certain.drop("units"), "certain")
    parts = _selected(drawn.drop("units"), "hit", keep=True)
    return pl.concat([whole, parts.select(whole.columns)]).with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


_METHODS: Final = {"random": _random, "systematic": _systematic, "stratified": _stratified, "mus": _monetary_unit}


def _selected(rows: pl.DataFrame, reason: str, *, keep: bool = False) -> pl.DataFrame:
    """Place in the drawing, why, how often hit and where (in millionths of money from the start of the item; mus only)."""
    facts = [pl.lit(1, dtype=pl.Int64).alias("hits"), pl.lit(None, dtype=pl.Int64).alias("hit_position")]
    placed = rows.with_columns(pl.lit(reason).alias("reason"), pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("place"), *([] if keep else facts))
    return placed.drop("rank", strict=False)


def _size(plan: Plan, population: pl.DataFrame) -> int:
    if plan.size is None or plan.size < 1:
        raise TermsRefused("the size of the sample is not known", expected="--size N, or --confidence with --tolerable")
    return min(plan.size, population.height)


def _from_seed(seed: bytes, below: int) -> int:
    return int.from_bytes(hashlib.sha256(seed + b"start").digest(), "big") % below if below else 0


def _total(rows: pl.DataFrame) -> Decimal:
    return Decimal(str(rows["value"].sum()))


def _plain(value: Decimal | int | None) -> str | None:
    return None if value is None else format(Decimal(value).normalize(), "f")
