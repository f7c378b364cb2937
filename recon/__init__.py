"""recon: nightly reconciliation and audit of purchasing and sales documents. It only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recon.domain.version import __version__

__all__ = ["Engagement", "Workpapers", "__version__", "publish", "run"]

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Workpapers
    from recon.pipeline import publish, run

_HOMES = {
    "run": "recon.pipeline",
    "publish": "recon.pipeline",
    "Engagement": "recon.domain.engagement",
    "Workpapers": "recon.domain.workpapers",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the four names have four types
    """Import the door's names on first use, so that `recon --help` stays light."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    message = f"module 'recon' has no attribute {name!r}"
    raise AttributeError(message)
