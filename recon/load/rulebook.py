"""The rule book: controls, source profiles and expectations, read from their folders and checked against each other."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from recon.domain import places
from recon.domain.control import Control, Planned, PlannedControls
from recon.domain.errors import TermsRefused, did_you_mean
from recon.load.yaml_files import read_terms, read_unchanged_terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from recon.domain.engagement import Engagement
    from recon.domain.expectation import TableExpectations
    from recon.domain.framework import Framework
    from recon.domain.source import SourceProfile


#: Which files of controls passed every check when this version was made.
CHECKED: Final = "checked.txt"


def read_controls(folder: Path) -> list[Control]:
    """Every control under `folder`, sorted by id. Raises TermsRefused for a file not named after its control and an id that stands twice."""
    controls: dict[str, Control] = {}
    for path in sorted(folder.rglob("*.yaml")):
        origin = path.relative_to(folder.parent).as_posix()
        control = read_unchanged_terms(path, Control, origin=origin)
        if path.name.split("_")[0].removesuffix(".yaml") != control.id:
            raise TermsRefused("the file is not named after its control", where=origin, expected=f"{control.id}_<slug>.yaml", got=path.name)
        if control.id in controls:
            raise TermsRefused(f"the id {control.id} stands in two files", where=origin, got=controls[control.id].origin, todo="give one another id")
        controls[control.id] = control
    return [controls[id_] for id_ in sorted(controls)]


def already_checked(controls: Sequence[Control]) -> frozenset[str]:
    """Ids of shipped controls whose file is, byte for byte, the one that passed every check when this version was made (`checked.txt`)."""
    passed = places.rules() / CHECKED
    if not passed.is_file():
        return frozenset()
    known = {name: digest for digest, _, name in (line.partition("  ") for line in passed.read_text(encoding="utf-8").splitlines())}
    files = {c.id: places.rules() / c.origin for c in controls if c.origin in known}
    return frozenset(
        id_ for id_, file in files.items() if hashlib.sha256(file.read_bytes()).hexdigest() == known[file.relative_to(places.rules()).as_posix()]
    )


def as_checked(controls: Sequence[Control]) -> str:
    """What `checked.txt` says of these controls: a line per file, as sha256sum writes and reads them."""
    return "".join(f"{hashlib.sha256((places.rules() / c.origin).read_bytes()).hexdigest()}  {c.origin}\n" for c in controls)


def read_planned(path: Path) -> list[Planned]:
    """Controls of the catalogue that this version does not perform, by id; none where there is no such file."""
    if not path.is_file():
        return []
    return sorted(read_unchanged_terms(path, PlannedControls).controls, key=lambda planned: planned.id)


def read_frameworks(folder: Path) -> list[Framework]:
    """Every framework under `folder`, by id. Raises TermsRefused where a file is not named after its framework."""
    from recon.domain.framework import Framework

    frameworks = []
    for path in sorted(folder.glob("*.yaml")):
        found = read_unchanged_terms(path, Framework)
        if found.id != path.stem:
            raise TermsRefused("the file is not named after its framework", where=f"frameworks/{path.name}", expected=f"{found.id}.yaml")
        frameworks.append(found)
    return frameworks


def read_profile(name_or_path: str, engagement_folder: Path) -> SourceProfile:
    """The source profile of that name under rules/sources/, or the file at that path.

    A text with a slash or ending in .yaml is a path; relative ones start at the engagement's folder.
    """
    if "/" in name_or_path or name_or_path.endswith((".yaml", ".yml")):
        path = engagement_folder / name_or_path
        return _profile(path, name_or_path)
    folder = places.rules() / "sources"
    path = folder / f"{name_or_path}.yaml"
    if not path.is_file():
        known = sorted(p.stem for p in folder.glob("*.yaml"))
        hint = did_you_mean(name_or_path, known)
        todo = hint or "name one of them, or the path of your own profile"
        raise TermsRefused(f'there is no source profile "{name_or_path}"', where="source", expected=", ".join(known), todo=todo)
    return _profile(path, f"sources/{path.name}")


def _profile(path: Path, origin: str) -> SourceProfile:
    from recon.domain.source import SourceProfile

    return read_terms(path, SourceProfile, name=path.stem, origin=origin)


def list_profiles(folder: Path) -> list[dict[str, Any]]:
    """Name, title and inputs of every profile in the folder, by name."""
    profiles = [_profile(path, f"sources/{path.name}") for path in sorted(folder.glob("*.yaml"))]
    return [{"source": p.name, "title": p.title, "about": p.about, "inputs": sorted(p.inputs)} for p in profiles]


def read_expectations(folder: Path) -> Mapping[str, TableExpectations]:
    """Expectations about whole tables by table. Raises TermsRefused where a file is not named after its table."""
    from recon.domain.expectation import TableExpectations

    expectations: dict[str, TableExpectations] = {}
    for path in sorted(folder.glob("*.yaml")):
        found = read_terms(path, TableExpectations)
        if found.table != path.stem:
            raise TermsRefused("the file is not named after its table", where=f"expectations/{path.name}", expected=f"{found.table}.yaml")
        expectations[found.table] = found
    return expectations


def fingerprints(engagement: Engagement, profile: SourceProfile) -> dict[str, str]:
    """sha256 of every rule file, and of the engagement file and the profile where they lie outside the rule book."""
    files = _rule_files()
    files[engagement.origin] = engagement.folder / engagement.origin
    if profile.origin != f"sources/{profile.name}.yaml":
        files[profile.origin] = engagement.folder / profile.origin
    return _digests(files)


def rule_fingerprints() -> dict[str, str]:
    """sha256 of every rule file, as `fingerprints` names them."""
    return _digests(_rule_files())


def _rule_files() -> dict[str, Path]:
    rules = places.rules()
    return {f"rules/{path.relative_to(rules).as_posix()}": path for path in sorted(rules.rglob("*.yaml"))}


def _digests(files: Mapping[str, Path]) -> dict[str, str]:
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if path.is_file()}
