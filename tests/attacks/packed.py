"""Both verifiers of evidence packs, asked side by side."""

from __future__ import annotations

import hashlib
import importlib.util
import json

from recon.deliver.bag import manifest_bytes
from recon.deliver.inspect_pack import MEANINGS, inspect
from recon.deliver.seal import canonical
from recon.domain import places

_spec = importlib.util.spec_from_file_location("standalone", places.pack_files() / "verify.py")
standalone = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(standalone)


def both(bag, keys=(), head=None, authorities=()):
    """What both verifiers find, which must be the same."""
    ours = inspect(bag, keys, head, authorities)
    findings, remarks = standalone.verify(str(bag), keys, head, authorities)
    assert ours.findings == findings
    assert ours.remarks == remarks
    assert {check for check, _ in findings | remarks} <= MEANINGS.keys()
    return findings


def rewritten(line, **facts):
    """A line of the chain with other facts and its old signature."""
    seal = json.loads(line)
    seal["record"].update(facts)
    return canonical(seal)


def manifests_anew(bag):
    """Both manifests written anew over the files as they are now."""
    payload = {p.relative_to(bag).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in (bag / "data").rglob("*") if p.is_file()}
    (bag / "manifest-sha256.txt").write_bytes(manifest_bytes(payload))
    size = sum(p.stat().st_size for p in (bag / "data").rglob("*") if p.is_file())
    lines = [line for line in (bag / "bag-info.txt").read_text().splitlines() if not line.startswith("Payload-Oxum")]
    (bag / "bag-info.txt").write_text("\n".join([*lines, f"Payload-Oxum: {size}.{len(payload)}"]) + "\n")
    tags = {n: hashlib.sha256((bag / n).read_bytes()).hexdigest() for n in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")}
    (bag / "tagmanifest-sha256.txt").write_bytes(manifest_bytes(tags))
