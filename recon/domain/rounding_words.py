"""Which rounding conventions may explain a difference of tax, as a rule book or an engagement writes it (TAX-07, `convention_set`).

Words with commas between them, of three kinds: what tax is taken from, what it is rounded for, and how. A convention is in the set where its
word of each kind is; a kind of which no word is named is open. `all` is every convention, `none` is none.
"""

from __future__ import annotations

from typing import Final

from recon.domain.errors import TermsRefused, did_you_mean

ALL: Final = "all"
NONE: Final = "none"
#: kind -> word -> how names of conventions (`match/conventions.py`) say it
KINDS: Final[dict[str, dict[str, str]]] = {
    "basis": {"net_rate": "net × rate,", "gross_less_net": "gross − gross ÷ (1 + rate),", "gross_rate": "gross × rate ÷ (1 + rate),"},
    "level": {"unit": ", by unit", "line": ", by line", "rate_group": ", by tax rate", "document": ", by document"},
    "mode": {"half_up": ", half up", "half_even": ", half even", "down": ", down"},
}
WORDS: Final = tuple(word for words in KINDS.values() for word in words)


def allows(text: str, name: str) -> bool:
    """Whether the set holds the convention of this name."""
    if text.strip() in (ALL, NONE):
        return text.strip() == ALL
    said = {word.strip() for word in text.split(",")}
    for words in KINDS.values():
        asked = [part for word, part in words.items() if word in said]
        if asked and not any(part in name for part in asked):
            return False
    return True


def refuse_unreadable(name: str, text: str, where: str) -> None:
    """Refuse words that are no part of a convention, or that stand twice. Raises TermsRefused."""
    said = [word.strip() for word in text.split(",")]
    if said in ([ALL], [NONE]):
        return
    expected = "all, none, or words with commas between them: " + "; ".join(f"{kind} {', '.join(words)}" for kind, words in KINDS.items())
    for word in said:
        if word not in WORDS:
            raise TermsRefused(f'{name} does not know the word "{word}"', where=where, expected=expected, todo=did_you_mean(word, set(WORDS)))
    if len(set(said)) < len(said):
        raise TermsRefused(f"a word stands twice in {name}", where=where, expected=expected, got=text, todo="write each word once")
