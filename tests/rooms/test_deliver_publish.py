"""Publishing: whole or not there, an earlier run stands until it is replaced, and any change afterwards shows."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import polars as pl
import pytest

from recon.deliver import claim, deliver, target, verify
from recon.domain.errors import InputsRefused, TermsRefused, TryLater
from recon.domain.manifest import NAME, encode, read
from recon.domain.publication import TableFile
from recon.report import report


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


SMALL = {"results/controls.csv": b"control_id\nQTY-01\n", "report/index.html": b"<p>"}


@pytest.fixture
def published(tmp_path, workpapers):
    deliver(SMALL, workpapers, tmp_path / "run")
    return tmp_path / "run"


def test_a_run_is_whole_and_alone(published):
    assert verify(published) == []
    assert [p.name for p in published.parent.iterdir()] == ["run"]
    facts = read(published)
    assert {entry["path"] for entry in facts["outputs"]} == contents(published).keys() - {"manifest.json"}
    assert facts["inputs"][0]["sha256"] == "ab" * 32
    assert facts["engagement"]["as_of"] == "2026-10-31"
    assert facts["rules"] == {"rules/controls/quantity/QTY-01_billed.yaml": "ef" * 32}
    assert facts["versions"].keys() == {"recon", "polars", "python"}


def test_the_same_run_again_gives_the_same_bytes_wherever_it_is_published(tmp_path, workpapers, make_workpapers):
    for name, again in (("one", workpapers), ("another", make_workpapers())):
        deliver(report(again, "en"), again, tmp_path / name)
        assert verify(tmp_path / name) == []
        (tmp_path / name / "manifest.json").unlink()
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "another")
    assert not [name for name, data in one.items() if str(tmp_path).encode() in data]


def test_an_earlier_run_is_replaced_whole(published, make_workpapers):
    (published / "results" / "own_note.txt").write_text("kept by hand")
    deliver({"results/other.csv": b"new\n"}, make_workpapers(1), published)
    assert verify(published) == []
    assert contents(published).keys() == {"results/other.csv", "manifest.json"}


@pytest.mark.parametrize("exchanges", [True, False])
def test_replacing_works_with_and_without_an_exchange_of_names(published, workpapers, monkeypatch, exchanges):
    if not exchanges:
        monkeypatch.setattr(target, "_exchange", lambda _place, _target: False)
    deliver({"results/a.csv": b"new\n"}, workpapers, published)
    assert contents(published).keys() == {"results/a.csv", "manifest.json"}
    assert [p.name for p in published.parent.iterdir()] == ["run"]


class Interrupting:
    """A publication that is interrupted after its first file."""

    def __init__(self, error):
        self.error = error

    def items(self):
        yield "a.csv", b"a\n"
        raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(28, "No space left on device")])
def test_a_failure_leaves_the_earlier_run_and_nothing_else(published, workpapers, error):
    before = contents(published)
    with pytest.raises((KeyboardInterrupt, MemoryError, TryLater)):
        deliver(Interrupting(error), workpapers, published)
    assert contents(published) == before
    assert [p.name for p in published.parent.iterdir()] == ["run"]


def test_a_failure_in_the_middle_of_a_table_leaves_nothing(tmp_path, workpapers):
    bad = TableFile(pl.LazyFrame({"a": [1]}), ("a", "missing"), ("a",), "csv")
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        deliver({"a.csv": b"a\n", "b.csv": bad}, workpapers, tmp_path / "deep" / "run")
    assert list(tmp_path.iterdir()) == []


def test_what_is_made_on_the_way_is_published_and_sealed(tmp_path, workpapers):
    deliver({"b.csv": b"b\n"}, workpapers, tmp_path / "run", to_make=[lambda: {"c.html": b"c"}, lambda: {"a.xlsx": b"a"}])
    assert verify(tmp_path / "run") == []
    assert [one["path"] for one in json.loads((tmp_path / "run" / NAME).read_text())["outputs"]] == ["a.xlsx", "b.csv", "c.html"]
    assert (tmp_path / "run" / "c.html").read_bytes() == b"c"


def test_a_page_that_cannot_be_made_leaves_the_earlier_run(published, workpapers):
    def failing():
        raise ZeroDivisionError

    before = contents(published)
    with pytest.raises(ZeroDivisionError):
        deliver({"a.csv": b"a\n"}, workpapers, published, to_make=[failing])
    assert contents(published) == before
    assert [p.name for p in published.parent.iterdir()] == ["run"]


def test_a_swap_that_fails_is_undone(published, workpapers, monkeypatch):
    monkeypatch.setattr(target, "_exchange", lambda _place, _target: False)
    rename = Path.rename

    def refusing(self, other):
        if ".partial-" in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", refusing)
    before = contents(published)
    with pytest.raises(TryLater, match="could not be written"):
        deliver({"a.csv": b"a\n"}, workpapers, published)
    assert contents(published) == before


def test_what_a_killed_run_left_is_put_in_order(published):
    published.rename(published.parent / ".run.old-999")
    (published.parent / ".run.partial-999" / "results").mkdir(parents=True)
    with claim(published):
        assert verify(published) == []
    assert [p.name for p in published.parent.iterdir()] == ["run"]


def test_a_folder_that_is_no_run_is_not_touched(tmp_path, workpapers):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "mine", target_is_directory=True)
    for name in ("mine", "file", "link", "file/below"):
        with pytest.raises(TermsRefused) as refused:
            deliver({"a.csv": b"a\n"}, workpapers, tmp_path / name)
        assert str(tmp_path / name) in str(refused.value)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    (tmp_path / "empty").mkdir()
    deliver({"a.csv": b"a\n"}, workpapers, tmp_path / "empty")
    assert verify(tmp_path / "empty") == []


def _claimed_elsewhere(folder, answer):
    try:
        with claim(folder):
            answer.put("got it")
    except TryLater as refused:
        answer.put(refused.exit_code)


def test_two_runs_cannot_hold_one_folder(tmp_path):
    process = multiprocessing.get_context("spawn")
    answer = process.Queue()
    with claim(tmp_path / "run"), claim(tmp_path / "run"):  # again in the same process: the same run
        other = process.Process(target=_claimed_elsewhere, args=(tmp_path / "run", answer))
        other.start()
        assert answer.get(timeout=60) == 75
        other.join()
    other = process.Process(target=_claimed_elsewhere, args=(tmp_path / "run", answer))
    other.start()
    assert answer.get(timeout=60) == "got it"
    other.join()
    assert list(tmp_path.iterdir()) == []


# ── verify ───────────────────────────────────────────────────────────────────────────────────────────────────
def _edit(folder):
    path = folder / "results" / "controls.csv"
    path.write_text(path.read_text() + "x")


def _edit_same_size(folder):
    path = folder / "results" / "controls.csv"
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)


def _link(folder):
    (folder / "results" / "controls.csv").rename(folder.parent / "elsewhere.csv")
    (folder / "results" / "controls.csv").symlink_to(folder.parent / "elsewhere.csv")


def _link_folder(folder):
    (folder / "more").symlink_to(folder.parent, target_is_directory=True)


def _rewrite_manifest(folder):
    path = folder / "manifest.json"
    facts = json.loads(path.read_text())
    facts["engagement"]["entity"] = "somebody else"
    path.write_text(json.dumps(facts))


def _escape(folder):
    facts = read(folder)
    (folder / "manifest.json").write_bytes(encode(facts | {"outputs": [*facts["outputs"], {"path": "../outside", "sha256": "0", "size_bytes": 0}]}))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_edit, "results/controls.csv: changed"),
        (_edit_same_size, "results/controls.csv: changed: same size"),
        (lambda f: (f / "results" / "controls.csv").unlink(), "results/controls.csv: missing"),
        (lambda f: (f / "results" / "extra.csv").write_text("x"), "results/extra.csv: is not part"),
        (_link, "results/controls.csv: is a link"),
        (_link_folder, "more: is not part"),
        (_rewrite_manifest, "manifest.json: the manifest is damaged"),
        (lambda f: (f / "manifest.json").write_text("{"), "manifest.json: the manifest is damaged"),
        (_escape, "../outside: the manifest names a file outside"),
    ],
)
def test_any_change_shows(published, harm, says):
    harm(published)
    found = verify(published)
    assert len(found) == 1
    assert found[0].startswith(says)


def test_a_folder_that_was_never_published_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(TermsRefused, match="not a published run"):
            verify(folder)


def test_a_newer_manifest_is_refused(published):
    facts = read(published)
    (published / "manifest.json").write_bytes(encode(facts | {"format": 99}))
    with pytest.raises(InputsRefused, match="newer recon"):
        read(published)
