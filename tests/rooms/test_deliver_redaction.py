"""Redacted packs: nothing masked is left in any file, both verifiers hold them to the full pack's seal, and names cannot be tried."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import zipfile

import polars as pl
import pytest
from click.testing import CliRunner
from packed import both, standalone

from recon.cli import cli
from recon.deliver.bag import manifest_bytes
from recon.deliver.inspect_pack import inspect
from recon.deliver.pack import PackTerms
from recon.deliver.seal import make_keys, parse, read_key, sealed
from recon.domain import places
from recon.domain.errors import InputsRefused, TermsRefused
from recon.load import read_engagement
from recon.pipeline import pack, redacted_pack, run

PLANTED = places.sample_data() / "planted"
DECIDED = "exception_id,disposition,reason,evidence,decided_by,decided_on,reviewed_by"


@pytest.fixture(scope="module")
def made(tmp_path_factory, planted_folder):
    """(folder, run, full pack, redacted pack, public key)"""
    place = tmp_path_factory.mktemp("redaction")
    shutil.copytree(planted_folder, place / "run")
    rows = list(csv.DictReader((place / "run/results/exceptions.csv").open(encoding="utf-8")))
    about_users = [row["exception_id"] for row in rows if row["document_type"] == "user"]
    (place / "decided.csv").write_text(
        f"{DECIDED}\n{about_users[0]},justified,EMP-100003 explained it,mail of BUY01,ACC01,2026-11-01,MGR01\n", encoding="utf-8"
    )
    public = make_keys(place / "key")
    terms = PackTerms(key=read_key(place / "key"))
    full = pack(place / "run", place / "packs", PackTerms(key=terms.key, inputs=PLANTED, dispositions=place / "decided.csv")).folder
    return place, place / "run", full, redacted_pack(place / "run", full, terms).folder, public


def column(file, *names):
    with (PLANTED / file).open(encoding="utf-8", newline="") as rows:
        return {row[name] for row in csv.DictReader(rows) for name in names if row.get(name)}


PERSONS = {word for word in column("user.csv", "user_id", "person_id") if len(word) > 3}
ACCOUNTS = column("user.csv", "bank_account") | column("supplier.csv", "bank_account") | column("supplier_payment.csv", "payee_account")


def words(path):
    """Every word of a file, whatever it is packed in."""
    if path.suffix == ".parquet":
        text = pl.read_parquet(path).write_csv()
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            text = "\n".join(piece for name in book.namelist() for piece in re.split(r"<[^>]*>", book.read(name).decode("utf-8", "replace")))
    else:
        text = path.read_text(encoding="utf-8")
        import base64
        import zlib

        for packed in re.findall(r'id="block-[\w-]+">(.*?)</script>', text, re.DOTALL):
            text += zlib.decompress(base64.b64decode(json.loads(packed))).decode()
    return set(re.findall(r"\w+", text))


def test_nothing_that_is_masked_is_left(made):
    _, _, full, redacted, _ = made
    secret = PERSONS | ACCOUNTS
    assert len(secret) > 40
    assert secret & words(full / "data/05_results/exceptions.csv")
    left = {str(path.relative_to(redacted)): sorted(found)[:3] for path in redacted.rglob("*") if path.is_file() and (found := secret & words(path))}
    assert left == {}
    claimants = re.compile("|".join(column("expense_claim_line.csv", "claimant_id")).encode())  # with a hyphen, so no word
    assert not [path for path in redacted.rglob("*") if path.is_file() and path.suffix != ".parquet" and claimants.search(path.read_bytes())]
    assert not (redacted / "data/03_inputs/raw").exists()
    decided = (redacted / "data/06_dispositions/dispositions.csv").read_text(encoding="utf-8").splitlines()
    assert decided[0] == DECIDED
    assert decided[1].partition(",")[2] == "justified,•••,•••,•••,2026-11-01,•••"
    shown = {row["exception_id"] for row in csv.DictReader((redacted / "data/05_results/exceptions.csv").open(encoding="utf-8"))}
    assert decided[1].partition(",")[0] in shown


def test_it_is_sound_and_points_to_the_full_pack(made):
    place, _, full, redacted, public = made
    assert redacted.name == f"{full.name}-redacted"
    assert both(full, [public]) == both(redacted, [public]) == set()
    told = json.loads((redacted / "data/00_redacted.json").read_text(encoding="utf-8"))
    line = (place / "packs" / f"{full.name}.seal.json").read_bytes().rstrip(b"\n")
    assert told["full_pack"] == full.name
    assert told["full_seal_sha256"] == hashlib.sha256(line).hexdigest()
    assert told["full_results_sha256"] == parse(line).record["results_sha256"]
    assert told["masks"] == ["bank_account", "person"]
    for path in told["as_in_full"]:
        assert (full / path).read_bytes() == (redacted / path).read_bytes(), path
    assert "data/05_results/tie_out.csv" in told["as_in_full"]
    assert "data/05_results/exceptions.csv" in told["masked"]
    assert any(path.startswith("data/03_inputs/raw/") for path in told["withheld"])
    everything = {path.relative_to(redacted).as_posix() for path in (redacted / "data").rglob("*") if path.is_file()} - {"data/00_redacted.json"}
    assert {*told["as_in_full"], *told["masked"], *told["only_here"]} >= everything
    done = CliRunner().invoke(cli, ["verify", str(redacted), "--key", public])
    assert done.exit_code == 0, done.output


def test_the_results_of_a_redacted_pack_can_be_counted_again(made):
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-I", made[3] / "data/09_reperform/recount.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_trying_every_name_against_the_ids_of_masked_editions_finds_nobody(made):
    """What an outsider can do: take each exception's fields, put each user's name where a person may stand, and hash."""
    _, _, full, redacted, _ = made
    whole = pl.read_parquet(full / "data/05_results/exceptions.parquet")
    masked = pl.read_parquet(redacted / "data/05_results/exceptions.parquet")
    assert whole.height == masked.height
    people = PERSONS | column("user.csv", "user_name") | column("expense_claim_line.csv", "claimant_id") | column("approval_event.csv", "actor_id")
    tried = guessed(whole, people)
    users = set(whole.filter(document_type="user")["exception_id"])
    assert tried >= users  # the attack works where nothing is masked
    assert tried & set(masked["exception_id"]) == set()
    personal = whole.filter(document_type="user")["exception_id"]
    assert personal.len() > 5
    assert set(personal) & set(masked["exception_id"]) == set()
    for control in ("APR-03", "APR-04", "SOD-02"):
        ids = set(whole.filter(control_id=control)["exception_id"])
        assert ids, control
        assert ids & set(masked["exception_id"]) == set(), control
    same = whole.filter(control_id="QTY-01")["exception_id"].sort()
    assert masked.filter(control_id="QTY-01")["exception_id"].sort().equals(same)  # nobody is named there: ids are kept


def guessed(rows, people):
    """Ids of exceptions about a user: every user, with all that else is known of each row."""
    names = ("control_id", "company_code", "cycle", "document_line_no", "order_number", "order_line_no", "observed", "limit")
    found = set()
    for control, company, cycle, line, order, order_line, observed, limit in rows.filter(document_type="user").select(names).unique().rows():
        for person in people:
            parts = [control, company, cycle, None, "user", person, line, order, order_line]
            key = "|".join((part or "").replace("|", "||") for part in parts)
            found |= {
                hashlib.sha256(f"{key}|{apart}{twin}".encode()).hexdigest()[:20]
                for apart in ("", "/", "expense_claim", "expense_claim/", f"{observed}", f"{observed}/", f"expense_claim/{limit}.000000/")
                for twin in ("", "|#2")
            }
    return found


def test_aliases_stay_with_the_run(made, tmp_path):
    place, run_folder, full, redacted, _ = made
    from recon.pipeline import edition

    edition(run_folder, tmp_path / "again", audience="outsiders", language="both")
    for name in ("exceptions.csv", "exceptions.parquet"):
        assert (tmp_path / "again/results" / name).read_bytes() == (redacted / "data/05_results" / name).read_bytes()
    key = json.loads((run_folder / "manifest.json").read_text(encoding="utf-8"))["told"]["alias_key"]
    assert len(key) == 64
    assert key in (full / "data/08_run/manifest.json").read_text(encoding="utf-8")
    assert all(key not in path.read_text(encoding="utf-8", errors="replace") for path in redacted.rglob("*") if path.is_file())
    engagement = read_engagement(PLANTED / "engagement.yaml", as_of=None).model_copy(update={"second_opinion": False})
    assert run(engagement, history=place / "run").alias_key == key


def test_only_the_sound_full_pack_of_this_run_is_redacted(made, tmp_path):
    place, run_folder, full, redacted, _ = made
    with pytest.raises(TermsRefused, match="not the full pack of this run"):
        redacted_pack(run_folder, redacted, PackTerms())
    packs = shutil.copytree(place / "packs", tmp_path / "packs")
    (packs / full.name / "data/05_results/controls.csv").write_text("x", encoding="utf-8")
    with pytest.raises(InputsRefused, match="not as it was sealed"):
        redacted_pack(run_folder, packs / full.name, PackTerms())
    with pytest.raises(TermsRefused, match="has a pack already"):
        redacted_pack(run_folder, full, PackTerms())


# ── tampering ────────────────────────────────────────────────────────────────────────────────────────────────
def resealed(bag, key, **facts):
    """What an insider with the key does: new manifests, a new seal, a new end of the chain."""
    payload = {p.relative_to(bag).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in (bag / "data").rglob("*") if p.is_file()}
    (bag / "manifest-sha256.txt").write_bytes(manifest_bytes(payload))
    size = sum(p.stat().st_size for p in (bag / "data").rglob("*") if p.is_file())
    lines = [line for line in (bag / "bag-info.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("Payload-Oxum")]
    (bag / "bag-info.txt").write_text("\n".join([*lines, f"Payload-Oxum: {size}.{len(payload)}"]) + "\n", encoding="utf-8")
    tags = {n: hashlib.sha256((bag / n).read_bytes()).hexdigest() for n in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")}
    (bag / "tagmanifest-sha256.txt").write_bytes(manifest_bytes(tags))
    chain = (bag.parent / "chain.jsonl").read_bytes().split(b"\n")
    own = {"tagmanifest_sha256": hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()}
    own["results_sha256"] = standalone.results_digest(payload)
    record = {**parse(chain[1]).record, **own, **facts}
    seal = sealed({n: v for n, v in record.items() if v is not None}, parse(chain[0]), key)
    bag.with_name(bag.name + ".seal.json").write_bytes(seal.line + b"\n")
    (bag.parent / "chain.jsonl").write_bytes(b"\n".join([chain[0], seal.line]) + b"\n")


def pointer(bag, **facts):
    path = bag / "data/00_redacted.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | facts), encoding="utf-8")


def edited(bag, key):
    pointer(bag, full_results_sha256="0" * 64)


def edited_and_sealed(bag, key):
    pointer(bag, full_results_sha256="0" * 64)
    resealed(bag, key)


def other_full_pack(bag, key):
    pointer(bag, full_pack="another")
    resealed(bag, key, redacts={"pack": "another", "seal_sha256": json.loads((bag / "data/00_redacted.json").read_text())["full_seal_sha256"]})


def digest_of_nothing(bag, key):
    pointer(bag, full_seal_sha256="0" * 64)
    resealed(bag, key, redacts={"pack": parse((bag.parent / "chain.jsonl").read_bytes().split(b"\n")[0]).record["pack"], "seal_sha256": "0" * 64})


def pointer_gone(bag, key):
    (bag / "data/00_redacted.json").unlink()
    resealed(bag, key)


def pointer_unreadable(bag, key):
    (bag / "data/00_redacted.json").write_text("[", encoding="utf-8")
    resealed(bag, key)


def seal_says_nothing(bag, key):
    resealed(bag, key, redacts=None)


def full_pack_cut_out_of_the_chain(bag, key):
    line = (bag.parent / "chain.jsonl").read_bytes().split(b"\n")[1]
    (bag.parent / "chain.jsonl").write_bytes(line + b"\n")


ATTACKS = {
    edited: {"changed"},
    edited_and_sealed: {"other_original"},
    other_full_pack: {"other_original"},
    digest_of_nothing: {"other_original"},
    pointer_gone: {"other_original"},
    pointer_unreadable: {"other_original"},
    seal_says_nothing: {"other_original"},
    full_pack_cut_out_of_the_chain: {"other_original", "chain_broken", "chain_cut"},
}


@pytest.mark.parametrize(("attack", "expected"), ATTACKS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_tampering_with_what_it_points_to_is_found_by_both_verifiers(made, tmp_path, attack, expected):
    place, _, _, redacted, public = made
    bag = shutil.copytree(place / "packs", tmp_path / "packs") / redacted.name
    attack(bag, read_key(place / "key"))
    assert expected <= {check for check, _ in both(bag, [public])}
    assert inspect(bag, [public]).sentences()
