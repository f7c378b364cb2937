"""Where the rule book, the templates and the sample data lie: beside the package in a wheel, at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def _place(name: str) -> Path:
    bundled = _PACKAGE / "bundled" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name


def rules() -> Path:
    """Folder of controls, source profiles, expectations and framework mappings."""
    return _place("rules")


def templates() -> Path:
    """Folder of the report's templates."""
    return _place("reports") / "templates"


def pack_files() -> Path:
    """Folder of the pages and the stand-alone checkers that go into evidence packs."""
    return _place("reports") / "pack"


def locked_packages() -> Path:
    """The locked list of packages a run needs; not there where recon was installed by other means."""
    return _place("requirements") / "run.txt"


def sample_data() -> Path:
    """Folder of the two sample companies."""
    return _place("sample_data")
