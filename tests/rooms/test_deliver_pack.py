"""Evidence packs: whole, sealed, chained; every tampering is found by both verifiers, and they agree on what they found."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packed import both, manifests_anew, standalone

from recon.deliver.bag import Bag, read_manifest
from recon.deliver.inspect_pack import inspect
from recon.deliver.pack import PackTerms, pack
from recon.deliver.seal import canonical, make_keys, parse, read_key, sealed, trusted_key
from recon.domain import places
from recon.domain.errors import InputsRefused, TermsRefused

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_fresh_pack_is_sound_for_everybody(attacked):
    _, bag, public, head = attacked
    assert both(bag, [public], head) == set()
    assert both(bag) == set()
    assert inspect(bag).remarks == {("key_not_vouched", public), ("not_signed_off", bag.name), ("unstamped", bag.name)}
    assert subprocess.run(["sha256sum", "--quiet", "-c", "manifest-sha256.txt"], cwd=bag, check=False).returncode == 0
    for script in ("verify.py", "recount.py"):
        done = subprocess.run([sys.executable, "-I", bag / "data/09_reperform" / script], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_it_holds_what_an_auditor_needs(attacked):
    bag = attacked[1]
    assert {path.name for path in (bag / "data").iterdir()} >= {
        "00_README.html", "01_report", "02_ipe", "03_inputs", "04_rules", "05_results", "06_dispositions", "08_run", "09_reperform"
    }  # fmt: skip
    sheet = json.loads((bag / "data/02_ipe/ipe_001_supplier_invoice_line.json").read_text())
    assert (sheet["rows"], sheet["sha256"], sheet["proof"]) == (1000, "ab" * 32, "none")
    assert "completeness not proven" in sheet["proof_in_words"]
    sources = json.loads((bag / "data/03_inputs/sources.json").read_text())
    assert [source["included"] for source in sources] == [False, False]
    changes = json.loads((bag / "data/04_rules/change_log.json").read_text())
    assert changes["changes"] == []
    record = json.loads((bag / "data/08_run/run.json").read_text())
    assert record["program_sha256"] == json.loads((bag / "data/04_rules/rules.lock.json").read_text())["program_sha256"]
    assert len(record["program_sha256"]) == 64
    assert changes["compared_with"] is not None


# ── tampering ────────────────────────────────────────────────────────────────────────────────────────────────
RESULT = "data/05_results/exceptions.csv"


def edit(bag, _):
    with (bag / RESULT).open("ab") as file:
        file.write(b"one more\n")


def same_size_edit(bag, _):
    data = bytearray((bag / RESULT).read_bytes())
    data[len(data) // 2] ^= 1
    (bag / RESULT).write_bytes(data)


def remanifest(bag, how=same_size_edit):
    """What a careful forger does: change a file and write both manifests anew."""
    how(bag, None)
    manifests_anew(bag)


def swap(bag, _):
    one, two = bag / "data/05_results/balances.csv", bag / RESULT
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def delete(bag, _):
    (bag / RESULT).unlink()


def add(bag, _):
    (bag / "data/05_results/more.csv").write_text("x\n")


def add_beside_the_tags(bag, _):
    (bag / "note.txt").write_text("x\n")


def link(bag, _):
    copy = bag.parent / "elsewhere.csv"
    copy.write_bytes((bag / RESULT).read_bytes())
    (bag / RESULT).unlink()
    (bag / RESULT).symlink_to(copy)


def link_a_folder(bag, _):
    elsewhere = bag.parent.parent / "results"
    shutil.move(bag / "data/05_results", elsewhere)
    (bag / "data/05_results").symlink_to(elsewhere)


def rename_case(bag, _):
    (bag / RESULT).rename(bag / "data/05_results/Exceptions.csv")


def name_outside(bag, _):
    with (bag / "manifest-sha256.txt").open("a") as file:
        file.write(f"{'0' * 64}  data/../../outside.txt\n")


def garble_manifest(bag, _):
    with (bag / "manifest-sha256.txt").open("a") as file:
        file.write("nothing\n")


def drop_from_manifest(bag, _):
    path = bag / "manifest-sha256.txt"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if RESULT not in line))


def delete_the_seal(bag, _):
    bag.with_name(bag.name + ".seal.json").unlink()


def other_version(bag, _):
    (bag / "bagit.txt").write_text("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")


def forged_seal(bag, _):
    """New manifests, and the digests in the seal corrected, without the key."""
    remanifest(bag)
    place = bag.with_name(bag.name + ".seal.json")
    facts = json.loads(place.read_bytes())
    facts["record"]["tagmanifest_sha256"] = hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    place.write_bytes(canonical(facts) + b"\n")


def resealed(bag, key, signature=True):
    """A whole new seal by a key, chained to the seal before, also put into the chain."""
    lines = (bag.parent / "chain.jsonl").read_bytes().split(b"\n")
    tags = hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    old = parse(lines[1]).record
    results = hashlib.sha256(
        "".join(sorted(f"{d}  {p}\n" for p, d in read_manifest(bag / "manifest-sha256.txt")[0].items() if p.startswith("data/05_results/"))).encode()
    )
    facts = {name: old[name] for name in ("pack", "counts", "sealed_at")} | {"tagmanifest_sha256": tags, "results_sha256": results.hexdigest()}
    seal = sealed(facts, parse(lines[0]), key if signature else None)
    bag.with_name(bag.name + ".seal.json").write_bytes(seal.line + b"\n")
    return lines, seal


def sealed_by_another(bag, _):
    """A forger with a key of their own who writes the whole chain anew from here."""
    remanifest(bag)
    make_keys(bag.parent.parent / "forger")
    lines, seal = resealed(bag, read_key(bag.parent.parent / "forger"))
    (bag.parent / "chain.jsonl").write_bytes(b"\n".join([lines[0], seal.line, *lines[2:]]))


def sealed_without_key(bag, _):
    remanifest(bag)
    lines, seal = resealed(bag, None, signature=False)
    (bag.parent / "chain.jsonl").write_bytes(b"\n".join([lines[0], seal.line, *lines[2:]]))


def sealed_again_by_an_insider(bag, key):
    """Somebody who holds the key: the seal is good, but the chain after it no longer follows."""
    remanifest(bag)
    lines, seal = resealed(bag, key)
    (bag.parent / "chain.jsonl").write_bytes(b"\n".join([lines[0], seal.line, *lines[2:]]))


def cut_chain(bag, _):
    lines = (bag.parent / "chain.jsonl").read_bytes().split(b"\n")
    (bag.parent / "chain.jsonl").write_bytes(b"\n".join(lines[:2]) + b"\n")


def cut_out_of_chain(bag, _):
    lines = (bag.parent / "chain.jsonl").read_bytes().split(b"\n")
    (bag.parent / "chain.jsonl").write_bytes(b"\n".join([lines[0], lines[2]]) + b"\n")


def reorder_chain(bag, _):
    lines = (bag.parent / "chain.jsonl").read_bytes().split(b"\n")
    (bag.parent / "chain.jsonl").write_bytes(b"\n".join([lines[1], lines[0], lines[2]]) + b"\n")


def delete_chain(bag, _):
    (bag.parent / "chain.jsonl").unlink()


def edit_chain(bag, _):
    path = bag.parent / "chain.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"rows_read":2000', b'"rows_read":2001', 1))


def roll_back(bag, _):
    """The older pack under the newer one's name."""
    older = next(p for p in bag.parent.iterdir() if p.is_dir() and p != bag)
    shutil.rmtree(bag)
    shutil.copytree(older, bag)


ATTACKS: dict[Callable, set[str]] = {
    edit: {"changed"},
    same_size_edit: {"changed"},
    lambda bag, _: remanifest(bag): {"other_content", "not_as_published"},
    lambda bag, _: remanifest(bag, add): {"other_content"},
    lambda bag, _: remanifest(bag, delete): {"other_content", "not_as_published"},
    swap: {"changed"},
    delete: {"missing", "changed"},
    add: {"added"},
    add_beside_the_tags: {"added"},
    link: {"not_a_file"},
    link_a_folder: {"missing", "not_a_file"},
    rename_case: {"missing", "added"},
    name_outside: {"unsafe_name", "changed"},
    garble_manifest: {"manifest_damaged"},
    drop_from_manifest: {"added", "changed", "not_as_published"},
    delete_the_seal: {"unsealed"},
    other_version: {"changed"},
    forged_seal: {"forged", "chain_cut"},
    sealed_by_another: {"other_key", "chain_broken"},
    sealed_without_key: {"unsigned", "chain_broken"},
    sealed_again_by_an_insider: {"not_as_published", "chain_broken"},
    cut_chain: {"chain_cut"},
    cut_out_of_chain: {"chain_broken", "chain_cut"},
    reorder_chain: {"chain_broken"},
    delete_chain: {"chain_cut"},
    edit_chain: {"forged", "chain_broken", "chain_cut"},
    roll_back: {"other_content"},
}


@pytest.mark.parametrize(("attack", "expected"), ATTACKS.items(), ids=lambda v: getattr(v, "__name__", ""))
def test_tampering_is_found_by_both_verifiers(attacked, shelf, attack, expected):
    _, bag, public, head = attacked
    attack(bag, read_key(shelf[0] / "key"))
    assert expected <= {check for check, _ in both(bag, [public], head)}
    done = subprocess.run(
        [sys.executable, "-I", places.pack_files() / "verify.py", bag, "--key", public, "--head", head], capture_output=True, check=False
    )
    assert done.returncode == 1


def test_a_chain_rewritten_by_who_holds_the_key_is_found_by_the_head_kept_elsewhere(attacked, shelf):
    packs, bag, public, head = attacked
    key = read_key(shelf[0] / "key")
    lines, seal = resealed(bag, key)
    last = sealed(
        {n: parse(lines[2]).record[n] for n in ("pack", "counts", "sealed_at", "tagmanifest_sha256", "results_sha256")} | {"sealed_at": "2030-01-01"},
        seal,
        key,
    )
    (packs / "chain.jsonl").write_bytes(b"\n".join([lines[0], seal.line, last.line]) + b"\n")
    packs.joinpath(f"{last.record['pack']}.seal.json").write_bytes(last.line + b"\n")
    assert both(bag, [public]) == set()
    assert both(bag, [public], head) == {("chain_cut", "chain.jsonl")}


@pytest.mark.parametrize("seed", range(40))
def test_one_bit_anywhere_is_found(attacked, seed):
    packs, bag, public, head = attacked
    files = sorted(p for p in packs.rglob("*") if p.is_file() and (bag in p.parents or p.name.startswith((bag.name, "chain"))) and p.stat().st_size)
    path = files[(seed * 7919) % len(files)]
    data = bytearray(path.read_bytes())
    place = int.from_bytes(hashlib.sha256(str(seed).encode()).digest(), "big") % (len(data) * 8)
    data[place // 8] ^= 1 << (place % 8)
    path.write_bytes(data)
    assert both(bag, [public], head), path


def test_ed25519_agrees_with_the_vectors_of_rfc_8032_and_with_the_library():
    vectors = [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]  # fmt: skip
    for key, message, signature in vectors:
        good = [bytes.fromhex(part) for part in (key, message, signature)]
        assert standalone.signed(*good)
        for place in range(3):
            if not good[place]:
                continue
            bad = list(good)
            bad[place] = bytes([bad[place][0] ^ 1]) + bad[place][1:]
            assert not standalone.signed(*bad)


# ── making packs ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_that_changed_is_not_packed(shelf, tmp_path):
    run = shutil.copytree(shelf[0] / "runs" / "3", tmp_path / "run")
    (run / "results" / "controls.csv").write_text("x")
    with pytest.raises(InputsRefused, match="not as it was published"):
        pack(run, tmp_path / "packs", (), PackTerms())
    assert not list(tmp_path.glob("packs/*"))


def test_the_same_run_needs_a_reason_for_another_pack(shelf, tmp_path):
    run, folder = shelf[0] / "runs" / "3", tmp_path / "packs"
    first = pack(run, folder, (), PackTerms()).folder
    with pytest.raises(TermsRefused, match="has a pack already"):
        pack(run, folder, (), PackTerms())
    second = pack(run, folder, (), PackTerms(reason="a decision was added")).folder
    assert second.name == first.name + "-A1"
    assert "Amendment-Reason: a decision was added\n" in (second / "bag-info.txt").read_text()
    assert both(second) == set()
    assert {check for check, _ in inspect(second).remarks} == {"unsigned", "not_signed_off", "unstamped"}


def test_the_results_of_the_same_run_have_the_same_digest(shelf, tmp_path):
    one = pack(shelf[0] / "runs" / "3", tmp_path / "a", (), PackTerms()).seal.record["results_sha256"]
    assert one == pack(shelf[0] / "runs" / "3", tmp_path / "b", (), PackTerms()).seal.record["results_sha256"]
    assert one != pack(shelf[0] / "runs" / "5", tmp_path / "b", (), PackTerms()).seal.record["results_sha256"]


def test_another_program_is_told_beside_changed_rules(shelf, tmp_path):
    packs = shutil.copytree(shelf[0] / "packs", tmp_path / "packs")
    from recon.load import rulebook

    lock = packs / shelf[1][2] / "data/04_rules/rules.lock.json"
    lock.write_text(json.dumps(json.loads(lock.read_text()) | {"program_sha256": "0" * 64}))
    made = pack(shelf[0] / "runs" / "3", packs, rulebook.read_controls(places.rules() / "controls"), PackTerms(reason="again")).folder
    told = json.loads((made / "data/04_rules/change_log.json").read_text())["changes"]
    assert [change["change"] for change in told if change["file"].startswith("recon itself")] == ["changed"]


def test_inputs_are_copied_only_when_they_are_those_of_the_run(shelf, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("supplier_invoice_line.csv", "purchase_order_line.csv"):
        (tmp_path / "in" / name).write_text("other")
    with pytest.raises(InputsRefused, match="not the one the run read"):
        pack(shelf[0] / "runs" / "3", tmp_path / "packs", (), PackTerms(inputs=tmp_path / "in"))
    assert not (tmp_path / "packs").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, None),
        ({"exception_id": "nobody"}, "no such exception"),
        ({"disposition": "fine"}, "no decision"),
        ({"decided_by": ""}, "who, when and why"),
        ({"reviewed_by": "ann"}, "second person"),
    ],
)
def test_decisions_are_checked(shelf, tmp_path, change, message):
    run = shelf[0] / "runs" / "3"
    first = next(line.split(",") for line in (run / "results/exceptions.csv").read_text().splitlines() if ",high," in line)
    row = {
        "exception_id": first[0],
        "disposition": "justified",
        "reason": "agreed",
        "evidence": "mail",
        "decided_by": "ann",
        "decided_on": "2026-11-01",
        "reviewed_by": "bob",
    }
    (tmp_path / "d.csv").write_text(",".join(row) + "\n" + ",".join((row | change).values()) + "\n")
    if message is None:
        made = pack(run, tmp_path / "packs", (), PackTerms(dispositions=tmp_path / "d.csv")).folder
        assert "justified" in (made / "data/06_dispositions/dispositions.csv").read_text()
    else:
        with pytest.raises(InputsRefused, match=message):
            pack(run, tmp_path / "packs", (), PackTerms(dispositions=tmp_path / "d.csv"))


def test_keys_are_for_their_owner_and_never_written_over(tmp_path, monkeypatch):
    monkeypatch.setenv("RECON_KEY_PASSPHRASE", "long and winding")
    public = make_keys(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert trusted_key(str(tmp_path / "k.pub")) == trusted_key(public) == public
    assert read_key(tmp_path / "k").public_key().public_bytes_raw().hex() == public
    with pytest.raises(TermsRefused, match="cannot be written"):
        make_keys(tmp_path / "k")
    monkeypatch.delenv("RECON_KEY_PASSPHRASE")
    with pytest.raises(TermsRefused, match="cannot be opened"):
        read_key(tmp_path / "k")
    with pytest.raises(TermsRefused, match="not a public key"):
        trusted_key("abc")


def test_hostile_names_in_a_bag_come_back(tmp_path):
    names = ["data/a%b.txt", "data/a\nb.txt", "data/a%0Ab.txt", "data/采购.txt", "data/a b.txt"]
    bag = Bag(tmp_path)
    for name in names:
        bag.write(name, name.encode())
    bag.close({})
    assert read_manifest(tmp_path / "manifest-sha256.txt") == (bag.payload, True)
    assert set(standalone.listed(str(tmp_path), "manifest-sha256.txt", set())) == set(names)


def test_what_is_no_pack_is_refused(tmp_path):
    with pytest.raises(TermsRefused, match="not an evidence pack"):
        inspect(tmp_path)
    assert Path(tmp_path).exists()
