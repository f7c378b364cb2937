"""What a redacted evidence pack says about the full one: where it stands, and whether it fits the seals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

#: Where a redacted pack says which pack it was made from.
POINTER: Final = "data/00_redacted.json"
_TOLD: Final = ("full_pack", "full_seal_sha256", "full_tagmanifest_sha256", "full_results_sha256")


def told(bag: Path) -> dict[str, Any] | None:
    """The pointer of a redacted pack; nothing where there is none, an empty one where it cannot be read."""
    if not (bag / POINTER).is_file():
        return None
    try:
        facts = json.loads((bag / POINTER).read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def fits(pointer: dict[str, Any] | None, record: dict[str, Any], earlier: list[tuple[str, dict[str, Any]]]) -> bool:
    """Whether the pointer says what the pack's seal says, and an earlier line of the chain (its digest, its record) is the seal it means."""
    redacts = record.get("redacts")
    if pointer is None and redacts is None:
        return True
    named = pointer or {}
    if not isinstance(redacts, dict) or (redacts.get("pack"), redacts.get("seal_sha256")) != tuple(named.get(name) for name in _TOLD[:2]):
        return False
    meant = [seal for digest, seal in earlier if digest == redacts["seal_sha256"] and "kind" not in seal]
    return bool(meant) and tuple(meant[0].get(name) for name in ("pack", "tagmanifest_sha256", "results_sha256")) == (
        named["full_pack"],
        named["full_tagmanifest_sha256"],
        named["full_results_sha256"],
    )
