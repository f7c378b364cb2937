"""The order in which the steps of one order are allowed to happen, as a rule book or an engagement writes it.

`created > first_approved > first_paid, last_fulfilled > last_paid`: chains with commas between them; a step must not happen before
any step to its left in its chain. A step that did not happen, or that the extracts do not tell, is left out. `none` allows every order.
"""

from __future__ import annotations

from typing import Final

from recon.domain.errors import TermsRefused, did_you_mean

#: What a step may be: of documents that may come more than once the first or the last.
KINDS: Final = ("created", "sent", "approved", "fulfilled", "inspected", "confirmed", "invoiced", "paid")
ONCE: Final = ("created", "sent")
STEPS: Final = tuple(name for kind in KINDS for name in ((kind,) if kind in ONCE else (f"first_{kind}", f"last_{kind}")))
EVERYTHING: Final = "none"


def chains(text: str) -> tuple[tuple[str, ...], ...]:
    """The chains of an allowed order, each from its first step to its last."""
    if text.strip() == EVERYTHING:
        return ()
    return tuple(tuple(step.strip() for step in chain.split(">")) for chain in text.split(","))


def kind_of(step: str) -> str:
    """What happens in a step: fulfilled, of its first or last occurrence."""
    return step.removeprefix("first_").removeprefix("last_")


def refuse_unreadable(name: str, text: str, where: str) -> None:
    """Refuse words that are no steps, chains of one step and steps that stand twice in a chain. Raises TermsRefused."""
    expected = f'steps with > between them and chains with commas, such as "created > first_approved"; the steps are {", ".join(STEPS)}; or none'
    for chain in chains(text):
        for step in chain:
            if step not in STEPS:
                raise TermsRefused(f'{name} does not know the step "{step}"', where=where, expected=expected, todo=did_you_mean(step, set(STEPS)))
        if len(chain) == 1 or len(set(chain)) < len(chain):
            raise TermsRefused(
                f"a chain of {name} orders nothing", where=where, expected=expected, got=" > ".join(chain), todo="write two different steps at least"
            )
