"""What the steps of the variance bridge are called, the parts of the price difference, and how far a line is. `_` marks a sentence for the catalogue."""

from __future__ import annotations

from typing import Final


def _(text: str) -> str:
    return text


VARIANCES: Final = {
    "quantity_variance": _("Quantity"),
    "price_variance": _("Price"),
    "fx_variance": _("Exchange rate"),
    "rounding_variance": _("Rounding"),
    "tax_variance": _("Tax"),
    "charge_variance": _("Charges"),
}
#: What the price difference is made of; the parts add up to it on every line.
PRICE_PARTS: Final = {
    "price_factor_variance": _("Price: another unit of measure"),
    "price_unit_variance": _("Price: per ten, hundred or thousand"),
    "price_retroactive_variance": _("Price: of another day of the order"),
    "price_discount_variance": _("Price: discount"),
    "price_remainder_variance": _("Price: unexplained"),
}
#: How far an order line is served, billed and paid: what the columns are called.
HOW_FAR: Final = {
    "fulfilled_quantity_status": _("Served in quantity"),
    "invoiced_quantity_status": _("Billed in quantity"),
    "fulfilled_amount_status": _("Served in value"),
    "invoiced_amount_status": _("Billed in value"),
    "paid_amount_status": _("Paid of what is billed"),
}
