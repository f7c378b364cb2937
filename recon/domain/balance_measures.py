"""Measured tables about balances over time: part of `measures`, where their contract is described."""

from __future__ import annotations

from typing import Final

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "roll_forward": (
        "one row per kind of balance, company, party and currency: what was open, came, went and is open, from the first day of the period to the as-of date",
        # opening + added - cleared = closing. returned, discount and write_off are part of cleared. balance: the sum of the open layers,
        # which closing equals; unknown_count: open layers without an amount in company currency, which the sums leave out
        "cycle:id kind:text company_code:id party_id:id party_name:text currency:id opening_amount:money added_amount:money cleared_amount:money"
        " closing_amount:money returned_amount:money discount_amount:money write_off_amount:money balance_amount:money difference_amount:money"
        " opening_amount_base:money added_amount_base:money cleared_amount_base:money closing_amount_base:money balance_amount_base:money"
        " difference_amount_base:money item_count:count unknown_count:count",
    ),
}
