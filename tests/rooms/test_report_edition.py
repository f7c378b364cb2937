"""Editions that leave the house: made from a published run alone, the same pages as the run's own, and nothing masked left in any file."""

from __future__ import annotations

import base64
import csv
import json
import re
import shutil
import zipfile
import zlib
from typing import TYPE_CHECKING

import polars as pl
import pytest

from recon.deliver import verify
from recon.domain import manifest, places
from recon.domain.errors import InputsRefused, TermsRefused
from recon.pipeline import edition, statements
from recon.record import compare
from recon.report.editions import pages_of

if TYPE_CHECKING:
    from pathlib import Path

PLANTED = places.sample_data() / "planted"


@pytest.fixture(scope="module")
def workpapers(planted):
    return planted


@pytest.fixture(scope="module")
def published(planted_folder, tmp_path_factory) -> Path:
    return shutil.copytree(planted_folder, tmp_path_factory.mktemp("edition") / "run")


@pytest.fixture(scope="module")
def editions(published) -> dict[str, Path]:
    """Audience -> the folder of its edition."""
    made = {audience: published.parent / audience for audience in ("purchasing", "management", "finance")}
    for audience, folder in made.items():
        edition(published, folder, audience=audience)
    return made


def column(file: str, *names: str) -> set[str]:
    with (PLANTED / file).open(encoding="utf-8", newline="") as rows:
        return {row[name] for row in csv.DictReader(rows) for name in names if row.get(name)}


def words(path: Path) -> set[str]:
    """Every word of a file, whatever it is packed in."""
    if path.suffix == ".parquet":
        text = pl.read_parquet(path).write_csv()
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            parts = [book.read(name).decode("utf-8", "replace") for name in book.namelist()]
        # what stands between the tags: names of cells, such as P101, stand inside them
        text = "\n".join(piece for part in parts for piece in re.split(r"<[^>]*>", part))
    else:
        text = path.read_text(encoding="utf-8")
        for packed in re.findall(r'id="block-[\w-]+">(.*?)</script>', text, re.DOTALL):
            text += zlib.decompress(base64.b64decode(json.loads(packed))).decode()
    return set(re.findall(r"\w+", text))


PERSONS = {word for word in column("user.csv", "user_id", "person_id") if len(word) > 3}
ACCOUNTS = column("user.csv", "bank_account") | column("supplier.csv", "bank_account") | column("supplier_payment.csv", "payee_account")


@pytest.mark.parametrize(("audience", "secret"), [("purchasing", PERSONS | ACCOUNTS), ("management", PERSONS | ACCOUNTS), ("finance", PERSONS)])
def test_no_file_of_an_edition_holds_what_is_masked(editions, published, audience, secret):
    assert len(secret) > 20
    assert PERSONS & words(published / "results" / "exceptions.csv")  # the run itself has them
    files = [path for path in editions[audience].rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".html", ".xlsx", ".json"}
    assert {path.name: sorted(found)[:3] for path in files if (found := secret & words(path))} == {}


def test_an_edition_is_the_page_that_the_run_itself_would_have_made(editions, workpapers):
    own = pages_of(workpapers, workpapers.balances.collect(), ("purchasing",), ("en",))
    for name, page in own.items():
        assert (editions["purchasing"] / name).read_bytes() == page, name


def test_an_edition_has_the_rows_of_its_readers_only(editions, published):
    theirs = pl.read_parquet(editions["purchasing"] / "results" / "order_lines.parquet")
    assert 0 < theirs.height < pl.read_parquet(published / "results" / "order_lines.parquet").height
    assert set(theirs["cycle"].cast(pl.String)) == {"procure_to_pay"}
    assert not (editions["management"] / "results" / "exceptions.csv").exists()


def test_the_verdict_is_the_whole_runs(editions, published):
    whole = json.loads((published / "results" / "summary.json").read_text(encoding="utf-8"))
    for folder in editions.values():
        theirs = json.loads((folder / "results" / "summary.json").read_text(encoding="utf-8"))
        assert (theirs["verdict"], theirs["verdict_reasons"]) == (whole["verdict"], whole["verdict_reasons"])


def test_links_of_an_edition_lead_to_files_of_it(editions):
    for folder in editions.values():
        page = (folder / "report" / "index.html").read_text(encoding="utf-8")
        assert [name for name in re.findall(r'href="\.\./([^"#]+)"', page) if not (folder / name).is_file()] == []


def test_an_edition_is_sealed_and_names_its_run(editions, published):
    facts = manifest.read(editions["finance"], editions=True)
    assert facts["edition"] == {"audience": "finance", "masks": ["person"], "run_sha256": manifest.fingerprint(published / "manifest.json")}
    assert verify(editions["finance"]) == []
    (editions["finance"] / "results" / "exceptions.csv").write_text("x", encoding="utf-8")
    assert verify(editions["finance"]) != []


def test_an_edition_is_no_run(editions, published, tmp_path):
    for use in (
        lambda: edition(editions["purchasing"], tmp_path / "again", audience="sales"),
        lambda: compare(published, editions["purchasing"]),
        lambda: statements(editions["purchasing"], tmp_path / "letters"),
    ):
        with pytest.raises(TermsRefused, match="an edition, not a whole run"):
            use()


def test_other_rules_or_a_changed_run_are_refused(published, tmp_path, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr("recon.load.rulebook.rule_fingerprints", lambda: {"rules/controls/apr/APR-01_approval_missing.yaml": "0"})
        with pytest.raises(TermsRefused, match="rule book is not the one"):
            edition(published, tmp_path / "x", audience="sales")
    (published / "results" / "changes.csv").write_text("change\n", encoding="utf-8")
    with pytest.raises(InputsRefused, match="not as it was published"):
        edition(published, tmp_path / "x", audience="sales")
