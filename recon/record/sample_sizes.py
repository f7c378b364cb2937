"""How many items an audit sample needs, and what a sample says: the formulae of ISA 530 practice, with numbers that tables confirm.

Confidence and rates are floats here: they are statistics about figures, never figures. Money enters and leaves as Decimal.
Models: attribute sampling by the binomial (or, for a small population, the hypergeometric) distribution; monetary unit sampling by the
gamma distribution; bounds by Clopper-Pearson and Stringer.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from recon.domain.errors import TermsRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STEPS: Final = 200
_FACTOR_DIGITS: Final = Decimal("0.000001")


def attribute_size(confidence: float, tolerable_rate: float, expected_deviations: int = 0, population: int | None = None) -> int:
    """The smallest sample that shows, with so many deviations in it, a rate below `tolerable_rate`.

    With `population` the draw is without replacement (hypergeometric): the tolerable number of deviations in it is rounded up.
    """
    _refuse_share("confidence", confidence)
    _refuse_share("tolerable rate", tolerable_rate)
    risk = 1 - confidence
    if population is None:
        return _first(lambda n: _binomial(expected_deviations, n, tolerable_rate) <= risk, expected_deviations + 1)
    deviating = math.ceil(round(population * tolerable_rate, 9))
    return _first(lambda n: n >= population or _hypergeometric(expected_deviations, n, deviating, population) <= risk, expected_deviations + 1)


def upper_rate(confidence: float, deviations: int, size: int) -> float:
    """Clopper-Pearson: the highest rate that so many deviations in a sample of this size still allow."""
    _refuse_share("confidence", confidence)
    if deviations >= size:
        return 1.0
    return _solve(lambda rate: _binomial(deviations, size, rate) - (1 - confidence), 0.0, 1.0)


def confidence_factor(confidence: float, expected_share: float) -> Decimal:
    """F of monetary unit sampling: Gamma.cdf(F; 1 + F·EM/TM) = confidence; `expected_share` is EM/TM. Rounded up to six digits."""
    _refuse_share("confidence", confidence)
    if not 0 <= expected_share < 1:
        todo = "a sample cannot show that the error is tolerable when the expected one is not below it"
        raise TermsRefused(
            "the expected error is not below the tolerable", expected="expected / tolerable from 0 to below 1", got=str(expected_share), todo=todo
        )
    factor = _solve(lambda f: confidence - _gamma(1 + f * expected_share, f), 1e-9, 10_000.0)
    return Decimal(factor).quantize(_FACTOR_DIGITS, ROUND_CEILING)


def monetary_unit_size(book_value: Decimal, tolerable: Decimal, factor: Decimal) -> int:
    """N = ceil(BV · F / TM), exact."""
    return math.ceil(book_value * factor / tolerable)


def stringer_bound(confidence: float, size: int, taints: Sequence[float], model: str = "binomial") -> float:
    """The upper bound of overstatement as a share of the book value. `taints` are (book - audit) / book of the items in error.

    `model`: `binomial` (Clopper-Pearson limits) or `poisson` (gamma limits divided by the size).
    """
    limits = [_limit(confidence, found, size, model) for found in range(len(taints) + 1)]
    steps = [after - before for before, after in pairwise(limits)]
    return limits[0] + sum(taint * step for taint, step in zip(sorted(taints, reverse=True), steps, strict=True))


def _limit(confidence: float, deviations: int, size: int, model: str) -> float:
    if model == "binomial":
        return upper_rate(confidence, deviations, size)
    return _solve(lambda mean: confidence - _gamma(deviations + 1, mean), 1e-9, 10_000.0) / size


# ── distributions ────────────────────────────────────────────────────────────────────────────────────────────
def _binomial(most: int, size: int, rate: float) -> float:
    """P(at most so many of `size` deviate)."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return float(most >= size)
    logs = (_log_choose(size, i) + i * math.log(rate) + (size - i) * math.log1p(-rate) for i in range(min(most, size) + 1))
    return min(1.0, math.fsum(math.exp(log) for log in logs))


def _hypergeometric(most: int, size: int, deviating: int, population: int) -> float:
    """P(at most so many of the `deviating` are among `size` drawn without replacement), exact."""
    lowest = max(0, size - (population - deviating))
    ways = sum(math.comb(deviating, i) * math.comb(population - deviating, size - i) for i in range(lowest, min(most, deviating, size) + 1))
    return ways / math.comb(population, size)


def _gamma(shape: float, value: float) -> float:
    """The distribution function of the gamma distribution of scale 1, by its series."""
    if value <= 0:
        return 0.0
    term = total = 1.0 / shape
    step = shape
    while term > total * 1e-17:
        step += 1
        term *= value / step
        total += term
    return min(1.0, math.exp(shape * math.log(value) - value - math.lgamma(shape)) * total)


def _log_choose(size: int, chosen: int) -> float:
    return math.lgamma(size + 1) - math.lgamma(chosen + 1) - math.lgamma(size - chosen + 1)


def _solve(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses zero."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return high


def _first(fits: Callable[[int], bool], start: int) -> int:
    """The smallest size that fits; what fits once fits for every larger size."""
    high = max(start, 1)
    while not fits(high):
        high *= 2
    low = max(start, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def _refuse_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise TermsRefused(f"the {name} is not a share", expected="a number between 0 and 1, such as 0.95", got=str(value))
