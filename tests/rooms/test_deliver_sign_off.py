"""Sign-offs of packs: sealed as they were said, by the signer's own key; a preparer does not review; every tampering is found by both verifiers."""

from __future__ import annotations

import hashlib
import json

import pytest
from packed import both, rewritten

from recon.deliver.inspect_pack import inspect
from recon.deliver.seal import make_keys, newest, read_key, sealed
from recon.deliver.sign_off import sign_off
from recon.domain.errors import InputsRefused, TermsRefused


@pytest.fixture
def signed(attacked, tmp_path):
    """The attacked shelf, its middle pack prepared by Ann and reviewed by Bob: (folder, pack, keys, Bob's key)."""
    packs, bag, public, _ = attacked
    keys = [public, make_keys(tmp_path / "ann"), make_keys(tmp_path / "bob")]
    sign_off(bag, "prepared", "Ann Li", "complete as far as I know", read_key(tmp_path / "ann"))
    sign_off(bag, "reviewed", "Bob  Wu 吴", "agreed with the\nexceptions listed", read_key(tmp_path / "bob"))
    return packs, bag, keys, read_key(tmp_path / "bob")


def lines_of(packs):
    return [line for line in (packs / "chain.jsonl").read_bytes().split(b"\n") if line]


def write(packs, lines):
    (packs / "chain.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def test_who_signed_stands_in_the_chain_with_what_they_saw(signed):
    packs, bag, keys, _ = signed
    assert both(bag, keys, hashlib.sha256(lines_of(packs)[-1]).hexdigest()) == set()
    told = {where for check, where in inspect(bag, keys).remarks if check == "signed_off"}
    assert sorted(word.split(" · ")[0] for word in told) == ["prepared", "reviewed"]
    assert any(" · Bob Wu 吴 · " in word and word.endswith("agreed with the exceptions listed") for word in told)
    record = json.loads(lines_of(packs)[-1])["record"]
    summary = json.loads((bag / "data/05_results/summary.json").read_bytes())
    assert record["saw"] == {"verdict": summary["verdict"], "exceptions": summary["exceptions"]["count"]}
    other = next(path for path in packs.iterdir() if path.is_dir() and path != bag)
    assert ("not_signed_off", other.name) in inspect(other, keys).remarks
    assert both(other, keys) == set()


def test_a_preparer_does_not_review(signed, shelf, tmp_path):
    _, bag, _, _ = signed
    make_keys(tmp_path / "third")
    for name, key in (("ＡＮＮ  li", "third"), ("Carl", "ann")):
        with pytest.raises(TermsRefused, match="cannot review"):
            sign_off(bag, "approved", name, "fine", read_key(tmp_path / key))
    with pytest.raises(TermsRefused, match="cannot review"):  # nor does the key that sealed it
        sign_off(bag, "reviewed", "Carl", "fine", read_key(shelf[0] / "key"))
    with pytest.raises(TermsRefused, match="cannot review"):  # nor does a reviewer prepare afterwards
        sign_off(bag, "prepared", "bob wu 吴", "fine", read_key(tmp_path / "third"))
    sign_off(bag, "approved", "Carl", "fine", read_key(tmp_path / "third"))
    for name, words in (("", "fine"), ("Dora", " "), ("Dora\x1b[2J", "fine")):
        with pytest.raises(TermsRefused, match="a sign-off needs"):
            sign_off(bag, "approved", name, words, read_key(tmp_path / "third"))


def test_what_is_not_sealed_is_not_signed_off(attacked, tmp_path):
    _, bag, _, _ = attacked
    bag.with_name(bag.name + ".seal.json").unlink()
    make_keys(tmp_path / "ann")
    with pytest.raises(InputsRefused, match="has no seal"):
        sign_off(bag, "prepared", "Ann", "fine", read_key(tmp_path / "ann"))


# ── tampering ────────────────────────────────────────────────────────────────────────────────────────────────
def other_words(packs, bag, _):
    lines = lines_of(packs)
    write(packs, [*lines[:-1], rewritten(lines[-1], conclusion="agreed without reservation")])


def other_words_beside_too(packs, bag, key):
    other_words(packs, bag, key)
    next(packs.glob("*.sign-off-5.seal.json")).write_bytes(lines_of(packs)[-1] + b"\n")


def other_name(packs, bag, _):
    lines = lines_of(packs)
    write(packs, [*lines[:-1], rewritten(lines[-1], name="Zoe")])


def cut(packs, bag, _):
    write(packs, lines_of(packs)[:-1])


def cut_from_the_middle(packs, bag, _):
    lines = lines_of(packs)
    write(packs, [*lines[:3], lines[4]])


def of_another_pack(packs, bag, key):
    """A true sign-off of another pack, put under this one's name by who holds the reviewer's key."""
    seal = newest(packs)
    other = next(path.name for path in packs.iterdir() if path.is_dir() and path != bag)
    facts = {name: seal.record[name] for name in ("kind", "role", "name", "conclusion", "signed_at", "saw")}
    digest = hashlib.sha256((packs / f"{other}.seal.json").read_bytes().rstrip(b"\n")).hexdigest()
    write(packs, [*lines_of(packs), sealed(facts | {"pack": bag.name, "seal_sha256": digest}, seal, key).line])


def of_other_figures(packs, bag, key):
    """The reviewer saw fewer exceptions than the pack holds."""
    seal = newest(packs)
    facts = {name: seal.record[name] for name in ("pack", "seal_sha256", "kind", "role", "name", "conclusion", "signed_at")}
    write(packs, [*lines_of(packs), sealed(facts | {"saw": {"verdict": "clean", "exceptions": 0}}, seal, key).line])


def without_a_key(packs, bag, _):
    seal = newest(packs)
    facts = {name: seal.record[name] for name in ("pack", "seal_sha256", "kind", "role", "conclusion", "signed_at", "saw")}
    write(packs, [*lines_of(packs), sealed(facts | {"name": "The Chairman"}, seal, None).line])


def of_an_unknown_role(packs, bag, key):
    seal = newest(packs)
    facts = {name: seal.record[name] for name in ("pack", "seal_sha256", "kind", "name", "conclusion", "signed_at", "saw")}
    write(packs, [*lines_of(packs), sealed(facts | {"role": "auditor"}, seal, key).line])


def by_the_preparer_too(packs, bag, key):
    seal = newest(packs)
    facts = {name: seal.record[name] for name in ("pack", "seal_sha256", "kind", "conclusion", "signed_at", "saw")}
    write(packs, [*lines_of(packs), sealed(facts | {"role": "approved", "name": "ann li"}, seal, key).line])


ATTACKS = {
    other_words: {"forged", "chain_cut"},
    other_words_beside_too: {"forged"},
    other_name: {"forged", "chain_cut"},
    cut: {"chain_cut"},
    cut_from_the_middle: {"chain_broken", "chain_cut"},
    of_another_pack: {"signed_other"},
    of_other_figures: {"signed_other"},
    without_a_key: {"unsigned"},
    of_an_unknown_role: {"signed_other"},
    by_the_preparer_too: {"same_person"},
}


@pytest.mark.parametrize(("attack", "expected"), ATTACKS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_tampering_with_sign_offs_is_found_by_both_verifiers(signed, attack, expected):
    packs, bag, keys, key = signed
    attack(packs, bag, key)
    assert expected <= {check for check, _ in both(bag, keys)}


def test_a_sign_off_that_is_gone_everywhere_is_found_by_the_head_kept_elsewhere(signed):
    packs, bag, keys, _ = signed
    head = hashlib.sha256(lines_of(packs)[-1]).hexdigest()
    cut(packs, bag, None)
    next(packs.glob("*.sign-off-5.seal.json")).unlink()
    assert both(bag, keys) == set()
    assert both(bag, keys, head) == {("chain_cut", "chain.jsonl")}


def test_words_that_move_a_terminal_are_shown_harmless(signed):
    packs, bag, _, key = signed
    seal = newest(packs)
    facts = {name: seal.record[name] for name in ("pack", "seal_sha256", "kind", "role", "conclusion", "signed_at", "saw")}
    write(packs, [*lines_of(packs), sealed(facts | {"name": "x\x1b[2J\n"}, seal, key).line])
    both(bag)
    assert not any("\x1b" in sentence or "\n" in sentence for sentence in inspect(bag).remark_sentences())
