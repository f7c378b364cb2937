"""Exact arithmetic of kernels: decimals as whole numbers of their last digit, 128 bits wide, guarded before they could wrap.

Decimal products are checked digit by digit and cost several times as much. Here the largest factors are looked at once, the
products are then plain whole numbers, and every result is rounded once, half away from zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

_ZERO: Final = pl.lit(0, dtype=pl.Int128)
_ROOM: Final = 2**126


def units(column: str | pl.Expr) -> pl.Expr:
    """A Decimal column as the whole number of its last digits."""
    return (pl.col(column) if isinstance(column, str) else column).to_physical()


def times(left: pl.Expr, right: pl.Expr, drop: int) -> pl.Expr:
    """The product of two whole numbers with its last `drop` digits rounded away."""
    return _rounded(left * right, 10**drop)


def over(whole: pl.Expr, divisor: pl.Expr) -> pl.Expr:
    """A whole number divided by a positive one, rounded; null for a divisor of 0."""
    safe = pl.when(divisor != 0).then(divisor)
    size = whole.abs()
    rest = size % safe
    rounded = size // safe + (rest >= safe - rest).cast(pl.Int128)
    return pl.when(whole < 0).then(_ZERO - rounded).otherwise(rounded)


def _rounded(whole: pl.Expr, step: int) -> pl.Expr:
    if step == 1:
        return whole
    rounded = (whole.abs() + step // 2) // step
    return pl.when(whole < 0).then(_ZERO - rounded).otherwise(rounded)


def half_up(whole: pl.Expr, step: pl.Expr | int) -> pl.Expr:
    """A whole number in steps of a positive one, rounded half away from zero."""
    return _signed(whole, (whole.abs() + step // 2) // step)


def half_even(whole: pl.Expr, step: pl.Expr | int) -> pl.Expr:
    """A whole number in steps of a positive one, rounded half to even."""
    size, rest = whole.abs() // step, whole.abs() % step
    up = (rest > step - rest) | ((rest == step - rest) & (size % 2 == 1))
    return _signed(whole, size + up.cast(pl.Int128))


def down(whole: pl.Expr, step: pl.Expr | int) -> pl.Expr:
    """A whole number in steps of a positive one, what is left over cut off."""
    return _signed(whole, whole.abs() // step)


def _signed(whole: pl.Expr, size: pl.Expr) -> pl.Expr:
    return pl.when(whole < 0).then(_ZERO - size).otherwise(size)


def guard(frame: pl.DataFrame, products: Iterable[tuple[str, ...]]) -> None:
    """Refuse rows whose products would not fit. Raises OverflowError naming the columns.

    The largest factors of each column are looked at first. Only where those would not fit together, each row is: a dear machine and
    a million screws in one night are no reason to refuse either.
    """
    for names in products:
        largest = 1
        for name in names:
            value = frame.select(units(name).abs().max()).item()
            largest *= max(int(value or 0), 1)
        if largest >= _ROOM and frame.select(_too_large(names).any()).item():
            message = f"the figures in {' x '.join(names)} are too large to be multiplied exactly"
            raise OverflowError(message)


def _too_large(names: tuple[str, ...]) -> pl.Expr:
    """Whether the product of a row's figures leaves the room there is: what is left of it after each factor, in whole numbers."""
    room = pl.lit(_ROOM, dtype=pl.Int128)
    for name in names:
        room = room // pl.max_horizontal(units(name).abs().fill_null(1), pl.lit(1, dtype=pl.Int128))
    return room == 0


def square_root(numbers: pl.Series) -> pl.Series:
    """The largest whole numbers whose squares do not exceed these (Int128, not negative); null stays null.

    Newton's step falls until it has arrived: each round halves what is left, for all numbers at once.
    """
    one = pl.Series([1], dtype=pl.Int128)
    root = pl.select(pl.max_horizontal(pl.lit(numbers), pl.lit(one))).to_series().alias(numbers.name) if len(numbers) else numbers
    while len(numbers):
        following = (root + numbers // root) // 2
        if not (following < root).any():
            break
        root = pl.select(pl.min_horizontal(pl.lit(root), pl.lit(following))).to_series().alias(numbers.name)
    return pl.select(pl.when(pl.lit(numbers) == 0).then(pl.lit(0, dtype=pl.Int128)).otherwise(pl.lit(root))).to_series().alias(numbers.name)
