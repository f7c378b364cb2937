"""Both verifiers of evidence packs, asked side by side."""

from __future__ import annotations

import importlib.util
import json

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
