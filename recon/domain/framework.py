"""A framework of internal control: what it asks for, and which controls speak about that."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import Field

from recon.domain.control import Words
from recon.domain.engagement import Terms


class Requirement(Terms):
    """One thing that a framework asks for, with the ids of controls, or patterns of them, that test it."""

    id: str
    title: Words
    controls: list[str] = Field(min_length=1)

    def speaks_of(self, control_id: str) -> bool:
        """Whether a control tests this requirement."""
        return any(fnmatchcase(control_id, pattern) for pattern in self.controls)


class Framework(Terms):
    """A file under rules/frameworks/."""

    id: str
    title: Words
    about: Words
    requirements: list[Requirement] = Field(min_length=1)
