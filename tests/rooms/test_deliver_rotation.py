"""Rotation of sealing keys: both keys sign it, either vouches for the whole chain, the old one is at its end; every tampering is found by both verifiers."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest
from click.testing import CliRunner
from packed import both, rewritten

from recon.cli import cli
from recon.deliver.inspect_pack import inspect
from recon.deliver.pack import PackTerms, pack
from recon.deliver.rotation import rotate
from recon.deliver.seal import canonical, make_keys, newest, parse, public_hex, read_key, sealed
from recon.deliver.sign_off import sign_off
from recon.domain.errors import TermsRefused


def lines_of(packs):
    return [line for line in (packs / "chain.jsonl").read_bytes().split(b"\n") if line]


def write(packs, lines):
    (packs / "chain.jsonl").write_bytes(b"\n".join(lines) + b"\n")


@pytest.fixture
def keys(shelf, tmp_path):
    """Name -> private key: the one that sealed the shelf, the one that takes over, a thief's, a signer's."""
    for name in ("new", "thief", "ann"):
        make_keys(tmp_path / name)
    return {"old": read_key(shelf[0] / "key")} | {name: read_key(tmp_path / name) for name in ("new", "thief", "ann")}


@pytest.fixture
def rotated(attacked, shelf, keys):
    """The attacked shelf, its key replaced, and a pack sealed by the new one: (folder, old pack, new pack, old key, new key)."""
    packs, bag, public, _ = attacked
    rotate(packs, keys["old"], keys["new"], "yearly  change")
    newer = pack(shelf[0] / "runs" / "5", packs, (), PackTerms(key=keys["new"], reason="after the change")).folder
    return packs, bag, newer, public, public_hex(keys["new"])


def checks(findings):
    return {check for check, _ in findings}


def test_either_key_vouches_for_the_whole_chain(rotated):
    packs, bag, newer, old, new = rotated
    head = hashlib.sha256(lines_of(packs)[-1]).hexdigest()
    for place in (bag, newer):
        for key in (old, new):
            assert both(place, [key], head) == set(), (place, key)
        assert checks(both(place, ["ab" * 32])) == {"other_key"}
        (told,) = [where for check, where in inspect(place).remarks if check == "key_rotated"]
        assert told.startswith(f"{old} · {new} · ")
        assert told.endswith(" · yearly change")
    assert {where for check, where in inspect(newer).remarks if check == "key_not_vouched"} == {old, new}


def test_keys_may_follow_keys(rotated, keys, tmp_path):
    packs, bag, newer, old, new = rotated
    third = make_keys(tmp_path / "third")
    rotate(packs, keys["new"], read_key(tmp_path / "third"), "again")
    for key in (old, new, third):
        assert both(bag, [key]) == both(newer, [key]) == set()


def test_what_changed_is_told_against_the_pack_before_not_the_rotation(rotated, shelf):
    changes = json.loads((rotated[2] / "data/04_rules/change_log.json").read_text(encoding="utf-8"))
    assert changes["compared_with"] == shelf[1][2]


def test_the_old_key_is_at_its_end(rotated, shelf, keys):
    packs, bag, *_ = rotated
    before = lines_of(packs)
    with pytest.raises(TermsRefused, match="this key was replaced"):
        pack(shelf[0] / "runs" / "7", packs, (), PackTerms(key=keys["old"], reason="more"))
    with pytest.raises(TermsRefused, match="this key was replaced"):
        sign_off(bag, "prepared", "Ann", "fine", keys["old"])
    with pytest.raises(TermsRefused, match="this key was replaced"):
        rotate(packs, keys["old"], keys["thief"], "mine")
    assert lines_of(packs) == before


def test_a_rotation_that_means_nothing_is_refused(attacked, shelf, keys, tmp_path):
    packs, bag, _, _ = attacked
    sign_off(bag, "reviewed", "Ann", "fine", keys["ann"])
    for old, new, reason, says in (
        ("thief", "new", "x", "sealed nothing here"),
        ("old", "old", "x", "used here already"),
        ("old", "ann", "x", "used here already"),
        ("old", "new", " ", "needs a reason"),
        ("old", "new", "x\x1b[2J", "needs a reason"),
    ):
        with pytest.raises(TermsRefused, match=says):
            rotate(packs, keys[old], keys[new], reason)
    with pytest.raises(TermsRefused, match="sealed nothing here"):
        rotate(tmp_path / "empty", keys["old"], keys["new"], "x")
    assert both(bag) == set()


def test_a_new_key_makes_no_new_person(rotated, keys):
    """Who sealed with the old key cannot review with the new one; where somebody does it all the same, both verifiers find it."""
    packs, bag, _, old, _ = rotated
    with pytest.raises(TermsRefused, match="cannot review"):
        sign_off(bag, "reviewed", "Carl", "fine", keys["new"])
    summary = json.loads((bag / "data/05_results/summary.json").read_bytes())
    seal = parse((packs / f"{bag.name}.seal.json").read_bytes().rstrip(b"\n"))
    said = {
        "kind": "sign_off",
        "pack": bag.name,
        "seal_sha256": seal.digest,
        "role": "reviewed",
        "name": "Carl",
        "conclusion": "fine",
        "signed_at": "x",
    }
    saw = {"verdict": summary["verdict"], "exceptions": summary["exceptions"]["count"]}
    write(packs, [*lines_of(packs), sealed(said | {"saw": saw}, newest(packs), keys["new"]).line])
    assert checks(both(bag, [old])) == {"same_person"}


# ── tampering ────────────────────────────────────────────────────────────────────────────────────────────────
def rotation_facts(record):
    return {name: record[name] for name in ("kind", "pack", "new_public_key", "new_key_id", "new_key_signature", "reason", "rotated_at")}


def other_reason(packs, _):
    lines = lines_of(packs)
    write(packs, [*lines[:3], rewritten(lines[3], reason="stolen"), *lines[4:]])


def other_new_key(packs, keys):
    """The old key's holder puts another key in the new one's place, whose own signature is missing."""
    lines = lines_of(packs)
    facts = rotation_facts(parse(lines[3]).record) | {"new_public_key": public_hex(keys["thief"])}
    write(packs, [*lines[:3], sealed(facts, parse(lines[2]), keys["old"]).line])


def endorsed_by_nobody(packs, keys):
    """A thief endorses a key of their own in the old key's name."""
    lines = lines_of(packs)
    facts = rotation_facts(parse(lines[3]).record)
    made = sealed(facts, parse(lines[2]), keys["thief"])
    forged = canonical({"record": made.record | {"public_key": public_hex(keys["old"])}, "signature": made.signature})
    write(packs, [*lines[:3], forged])


def appended(packs, key, new):
    """A rotation as the program would write it, without what it refuses."""
    before = newest(packs)
    words = {
        "kind": "key_rotation",
        "public_key": public_hex(key),
        "new_public_key": public_hex(new),
        "prev_record_sha256": before.digest,
        "reason": "mine",
        "rotated_at": "2030-01-01",
    }
    facts = {name: words[name] for name in ("kind", "new_public_key", "reason", "rotated_at")} | {"pack": "", "new_key_id": ""}
    write(packs, [*lines_of(packs), sealed(facts | {"new_key_signature": new.sign(canonical(words)).hex()}, before, key).line])


def second_successor(packs, keys):
    """Who stole the old key after its end endorses a key of their own, and seals with it."""
    appended(packs, keys["old"], keys["thief"])


def back_to_the_old_key(packs, keys):
    appended(packs, keys["new"], keys["old"])


def seal_with_the_old_key(packs, keys):
    last = newest(packs)
    facts = {name: last.record[name] for name in ("pack", "tagmanifest_sha256", "results_sha256", "counts", "sealed_at")}
    write(packs, [*lines_of(packs), sealed(facts, last, keys["old"]).line])


def cut_the_rotation(packs, _):
    lines = lines_of(packs)
    write(packs, [*lines[:3], *lines[4:]])


def cut_from_the_rotation_on(packs, _):
    write(packs, lines_of(packs)[:3])


def keys_that_are_no_text(packs, _):
    lines = lines_of(packs)
    write(packs, [*lines[:3], rewritten(lines[3], public_key=[1], new_public_key={"a": 1}, new_key_signature=7), *lines[4:]])


ATTACKS = {
    other_reason: {"forged", "rotation_forged", "other_key", "chain_cut"},
    other_new_key: {"rotation_forged", "chain_cut"},
    endorsed_by_nobody: {"forged", "rotation_forged", "chain_cut"},
    second_successor: {"retired_key", "rotation_forged"},
    back_to_the_old_key: {"rotation_forged"},
    seal_with_the_old_key: {"retired_key"},
    cut_the_rotation: {"chain_broken", "chain_cut", "other_key"},
    cut_from_the_rotation_on: {"chain_cut"},
    keys_that_are_no_text: {"forged", "rotation_forged", "chain_cut"},
}


@pytest.mark.parametrize(("attack", "expected"), ATTACKS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_tampering_with_a_rotation_is_found_by_both_verifiers(rotated, keys, attack, expected):
    packs, bag, newer, old, _ = rotated
    attack(packs, keys)
    for place in (bag, newer):
        assert expected <= checks(both(place, [old]))
    both(newer)  # and they agree where no key is named


def test_a_thief_gains_no_trust_by_a_rotation_of_their_own(rotated, keys):
    packs, bag, _, old, new = rotated
    second_successor(packs, keys)
    seal_by_thief = newest(packs)
    facts = {"pack": bag.name, "tagmanifest_sha256": "0" * 64, "results_sha256": "0" * 64, "counts": {}, "sealed_at": "x"}
    write(packs, [*lines_of(packs), sealed(facts, seal_by_thief, keys["thief"]).line])
    place = len(lines_of(packs))
    for named in ([old], [new], [old, new]):
        assert ("other_key", f"chain.jsonl:{place}") in both(bag, named)


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────
def test_the_command_replaces_a_key_and_tells_the_new_head(attacked, shelf, tmp_path, monkeypatch):
    packs, bag, public, _ = attacked
    with monkeypatch.context() as patched:
        patched.setenv("RECON_KEY_PASSPHRASE", "of the new key")
        new = make_keys(tmp_path / "new")
    monkeypatch.setenv("RECON_NEW_KEY_PASSPHRASE", "of the new key")
    old_key = shutil.copy(shelf[0] / "key", tmp_path / "old")
    words = ["rotate-key", str(packs), "--key", str(old_key), "--new-key", str(tmp_path / "new"), "--reason", "its holder left"]
    done = CliRunner().invoke(cli, [*words, "--format", "json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert (told["public_key"], told["new_public_key"], told["reason"]) == (public, new, "its holder left")
    assert both(bag, [new], told["head"]) == set()
    again = CliRunner().invoke(cli, words)
    assert isinstance(again.exception, TermsRefused)
    assert again.exception.what == "this key was replaced"
