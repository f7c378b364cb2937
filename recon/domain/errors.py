"""Refusals that teach: what, where, expected, got, what to do. Anything else that is raised is a defect of ours."""

from __future__ import annotations


class ReconError(Exception):
    """A refusal with five parts; `exit_code` is what the command line ends with."""

    exit_code = 4

    def __init__(self, what: str, *, where: str = "", expected: str = "", got: str = "", todo: str = "") -> None:
        self.what, self.where, self.expected, self.got, self.todo = what, where, expected, got, todo
        super().__init__(str(self))

    def parts(self) -> dict[str, str]:
        """The five parts by name, for machines (`--format json`)."""
        return {"what": self.what, "where": self.where, "expected": self.expected, "got": self.got, "what_to_do": self.todo}

    def __str__(self) -> str:
        first = f"{self.where}: {self.what}" if self.where else self.what
        rest = [("expected", self.expected), ("got", self.got), ("what to do", self.todo)]
        return "\n".join([first, *(f"  {label}: {text}" for label, text in rest if text)])


class TermsRefused(ReconError):
    """The engagement, the rule book or the usage is wrong (exit 2)."""

    exit_code = 2


class InputsRefused(ReconError):
    """A file is damaged or does not hold what it must; results would not be trustworthy (exit 3)."""

    exit_code = 3


class TryLater(ReconError):
    """Something outside is busy: a locked folder, a source that does not answer (exit 75)."""

    exit_code = 75


def did_you_mean(word: str, known: list[str] | set[str] | frozenset[str] | tuple[str, ...]) -> str:
    """A sentence fragment naming the nearest known word, or an empty string."""
    from difflib import get_close_matches

    near = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"?' if near else ""
