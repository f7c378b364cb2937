"""A published run -> an evidence pack: a bag that a stranger can read, verify and re-perform, sealed beside itself."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recon.deliver import provenance, redaction
from recon.deliver.bag import Bag, home_of, results_digest
from recon.deliver.ipe import ipe_sheets
from recon.deliver.pack_contents import dispositions, lock_of_rules, pages, run_record
from recon.deliver.parted import by_control, rejects
from recon.deliver.rotation import refuse_retired
from recon.deliver.seal import CHAIN, SUFFIX, Seal, keep, newest, parse, sealed
from recon.deliver.seal import chain as links
from recon.deliver.target import claim, put_in_place, workplace
from recon.domain import manifest, places, retention
from recon.domain.errors import InputsRefused, TermsRefused, TryLater
from recon.domain.redacted import POINTER
from recon.domain.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from recon.deliver.redaction import Original
    from recon.domain.control import Control

_CHANGE_LOG: Final = "data/04_rules/change_log.json"
#: A full pack names persons and accounts: who may read it is for its owner to say.
_OWNER_ONLY: Final = 0o700
_SLUG: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class PackTerms:
    """What may go into a pack beside the run itself."""

    key: Ed25519PrivateKey | None = None  # None: sealed without a signature, and said so
    inputs: Path | None = None  # folder of the engagement file: inputs are copied from there; None: pointers only
    samples: Path | None = None  # folder that `recon sample-items` wrote
    dispositions: Path | None = None  # what people decided about exceptions
    custody: Path | None = None  # what people say about where each input came from
    reason: str | None = None  # why there is another pack of the same run
    original: Original | None = None  # of a redacted pack: the full one; the run is then the edition for outsiders


@dataclass(frozen=True)
class Packed:
    """A finished pack, its seal, and the head of the chain that somebody else should keep."""

    folder: Path
    seal: Seal


def pack(run: Path, folder: Path, controls: Sequence[Control], terms: PackTerms) -> Packed:
    """Build the pack of the published run in `folder`, which holds the packs, their seals and the chain.

    Raises InputsRefused when the run is not as it was published or an input has changed, TermsRefused when the same run has a
    pack already and no reason for another is given, TryLater while another pack is being made there or the disk refuses.
    """
    facts = manifest.read(run, editions=terms.original is not None)
    changed = manifest.differences(run)
    if changed:
        todo = "take the run from a backup, or run the engagement again"
        raise InputsRefused(
            "the run is not as it was published", where=str(run), expected="every file as published", got="; ".join(changed[:5]), todo=todo
        )
    with claim(folder / "chain"):
        refuse_retired(folder, terms.key)
        name = _name(run, folder, facts, terms)
        before = newest(folder)
        target = folder / name
        place = workplace(target)
        try:
            bag = Bag(place)
            lock = lock_of_rules(facts, controls)
            _fill(bag, run, facts, lock, terms)
            if terms.original is None:
                place.chmod(_OWNER_ONLY)
                _write(bag, _CHANGE_LOG, _changes(lock, _bag_before(folder)))
            else:
                bag.write(_CHANGE_LOG, redaction.changes(terms.original))
                bag.write(POINTER, redaction.text(redaction.pointer(terms.original, bag.payload, facts["edition"]["masks"])))
            digest = bag.close(_info(facts, name, terms, place))
            put_in_place(place, target)
            about = redaction.facts(terms.original) if terms.original else {}
            seal = sealed(_sealed_facts(bag, name, digest, facts, place if place.exists() else target) | about, before, terms.key)
            keep(target.with_name(name + SUFFIX), seal.line + b"\n", "xb")
            keep(folder / CHAIN, seal.line + b"\n", "ab")
        except OSError as error:
            todo = "make room or permission there, then pack again; earlier packs stand as they were"
            raise TryLater("the pack could not be written", where=str(folder), got=error.strerror or str(error), todo=todo) from error
        finally:
            shutil.rmtree(place, ignore_errors=True)  # gone already when all went well
    return Packed(target, seal)


# ── contents ─────────────────────────────────────────────────────────────────────────────────────────────────
def _fill(bag: Bag, run: Path, facts: dict[str, Any], lock: dict[str, Any], terms: PackTerms) -> None:
    """Everything but what changed in the rules."""
    for entry in facts["outputs"]:
        if bag.copy(home_of(entry["path"]), run / entry["path"]) != entry["sha256"]:
            raise InputsRefused("a file changed while it was packed", where=str(run / entry["path"]), todo="pack again when nobody works there")
    digest = bag.copy("data/08_run/manifest.json", run / manifest.NAME)
    _write(bag, "data/08_run/run.json", run_record(facts))
    _write(bag, "data/08_run/libraries.json", provenance.lock_beside_run(facts))
    _write(bag, provenance.HOME, provenance.provenance(facts, digest))
    for home, content in chain(by_control(run), rejects(run)):
        bag.write(home, content)
    for name, content in ipe_sheets(run, facts, terms.custody).items():
        bag.write(f"data/02_ipe/{name}", content)
    _write(bag, "data/03_inputs/sources.json", _inputs(bag, facts, terms.inputs))
    for rule in lock["files"]:
        if rule["included"]:
            bag.copy(f"data/04_rules/{rule['path']}", places.rules().parent / rule["path"])
    _write(bag, "data/04_rules/rules.lock.json", lock)
    _write(bag, "data/04_rules/engagement.json", facts["engagement"])
    _fill_decisions(bag, run, terms)
    kept = _retention(facts, terms)
    _write(bag, retention.HOME, kept)
    redacts = terms.original.seal.record if terms.original else None
    for home, content in pages(facts, kept, results_digest(bag.payload), redacts).items():
        bag.write(f"data/{home}", content)


def _retention(facts: dict[str, Any], terms: PackTerms) -> dict[str, Any]:
    """How long the pack is kept. A redacted one is kept as long as the full one, whose reason it withholds with the other terms."""
    if terms.original is None:
        return retention.retained(facts["engagement"])
    stated = json.loads((terms.original.folder / retention.HOME).read_bytes())
    return {name: value for name, value in stated.items() if name != "why"}


def _fill_decisions(bag: Bag, run: Path, terms: PackTerms) -> None:
    """What people decided and drew."""
    for name in ("suppressions.csv", "suppressed.csv"):
        if (run / "results" / name).is_file():
            bag.copy(f"data/06_dispositions/{name}", run / "results" / name)
    decided = redaction.decisions(terms.original) if terms.original else dispositions(terms.dispositions, run)
    bag.write("data/06_dispositions/dispositions.csv", decided)
    if terms.samples:
        for path in sorted(p for p in terms.samples.rglob("*") if p.is_file() and not p.is_symlink()):
            bag.copy(f"data/07_samples/{path.relative_to(terms.samples).as_posix()}", path)


def _inputs(bag: Bag, facts: dict[str, Any], folder: Path | None) -> list[dict[str, Any]]:
    """Every input with its fingerprint; copied when its folder is named, else a pointer that says what to look for."""
    entries = []
    for source in facts["inputs"]:
        entry = {**source, "included": False}
        if folder is not None:
            path = folder / source["name"]
            home = f"data/03_inputs/raw/{source['input']}/{Path(source['name']).name}"
            todo = "name the folder with the inputs of this run, or pack without them"
            if home in bag.payload:
                home = f"data/03_inputs/raw/{source['input']}/{source['sha256'][:8]}_{Path(source['name']).name}"
            if not path.is_file():
                raise InputsRefused("an input of the run is not there", where=str(path), expected=f"sha256 {source['sha256']}", todo=todo)
            digest = bag.copy(home, path)
            if digest != source["sha256"]:
                raise InputsRefused(
                    "an input is not the one the run read", where=str(path), expected=f"sha256 {source['sha256']}", got=digest, todo=todo
                )
            entry |= {"included": True, "path": home}
        entries.append(entry)
    return entries


def _changes(lock: dict[str, Any], before: Path | None) -> dict[str, Any]:
    """What changed in rules and terms since the pack before; nothing to compare with is said, not shown as no change."""
    path = before / "data/04_rules/rules.lock.json" if before else None
    if path is None or not path.is_file():
        return {"compared_with": None, "changes": []}
    old = json.loads(path.read_text(encoding="utf-8"))
    was, now = ({rule["path"]: rule["sha256"] for rule in one["files"]} for one in (old, lock))
    kinds = {
        name: "added" if name not in was else "removed" if name not in now else "changed"
        for name in was.keys() | now.keys()
        if was.get(name) != now.get(name)
    }
    changes = [{"file": name, "change": kind} for name, kind in sorted(kinds.items())]
    if old["parameters_sha256"] != lock["parameters_sha256"]:
        changes.append({"file": "parameters, policies and choice of controls of the engagement", "change": "changed"})
    if old.get("program_sha256") and old["program_sha256"] != lock["program_sha256"]:
        changes.append({"file": f"recon itself, from {old['recon']} to {lock['recon']}", "change": "changed"})
    return {"compared_with": before.name if before else None, "changes": changes}


def _write(bag: Bag, path: str, facts: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    bag.write(path, (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode())


# ── names and seals ──────────────────────────────────────────────────────────────────────────────────────────
def _name(run: Path, folder: Path, facts: dict[str, Any], given: PackTerms) -> str:
    """entity, day and what was published; another pack of the same run ends with -A1, -A2."""
    terms = facts["engagement"]
    entity = _SLUG.sub("-", terms["entity"]).strip("-")[:40] or "entity"
    digest = manifest.fingerprint(run / manifest.NAME)[:8]
    name = f"{given.original.folder.name}-redacted" if given.original else f"{entity}_{terms['as_of']}_{digest}"
    if not (folder / name).exists():
        return name
    if not given.reason:
        todo = "say with --reason why there is another one; the first is never altered"
        raise TermsRefused("this run has a pack already", where=str(folder / name), todo=todo)
    number = 1
    while (folder / f"{name}-A{number}").exists():
        number += 1
    return f"{name}-A{number}"


def _bag_before(folder: Path) -> Path | None:
    """The pack that was sealed last; sign-offs and rotations of keys are lines of the chain too."""
    packs = [seal.record["pack"] for line in links(folder) if (seal := parse(line)) and "kind" not in seal.record]
    return folder / packs[-1] if packs else None


def _info(facts: dict[str, Any], name: str, terms: PackTerms, place: Path) -> dict[str, str]:
    """What `bag-info.txt` says about the pack, beside its size."""
    amended = {"Amendment-Reason": terms.reason} if terms.reason else {}
    if terms.original:
        amended["Redacted-From"] = terms.original.folder.name
    return {
        "Source-Organization": facts["engagement"]["entity"],
        "External-Identifier": name,
        "Bagging-Date": _made_at(place).date().isoformat(),
        "Bag-Software-Agent": f"recon {__version__}",
        "Retain-Until": _retention(facts, terms)["keep_until"],
        **amended,
    }


def _sealed_facts(bag: Bag, name: str, tagmanifest_sha256: str, facts: dict[str, Any], place: Path) -> dict[str, Any]:
    return {
        "pack": name,
        "tagmanifest_sha256": tagmanifest_sha256,
        "results_sha256": results_digest(bag.payload),
        "counts": {
            "files": len(bag.payload),
            "size_bytes": bag.size_bytes,
            "inputs": len(facts["inputs"]),
            "rows_read": sum(i["rows"] for i in facts["inputs"]),
        },
        "sealed_at": _made_at(place).isoformat(timespec="seconds"),
    }


def _made_at(place: Path) -> datetime:
    """The time by the file system's clock."""
    return datetime.fromtimestamp(place.stat().st_mtime, UTC)
