"""The quick reader says what the careful reader says, or leaves the file to it."""

from __future__ import annotations

import pytest

from recon.domain import places
from recon.domain.control import Control, PlannedControls
from recon.domain.errors import TermsRefused
from recon.load.yaml_files import _plain, read_unchanged_terms, read_yaml
from recon.load.yaml_quick import Doubt, read_quickly

SHIPPED = sorted([*places.rules().rglob("*.yaml"), *places.sample_data().rglob("*.yaml")])


def quickly(path):
    try:
        return read_quickly(path.read_text(encoding="utf-8"))
    except Doubt:
        return Doubt


@pytest.mark.parametrize("path", [path for path in SHIPPED if quickly(path) is not Doubt], ids=lambda path: path.stem)
def test_both_readers_read_the_shipped_files_alike(path):
    assert repr(quickly(path)) == repr(_plain(read_yaml(path)))


def test_hardly_any_shipped_file_is_left_to_the_careful_reader():
    assert sum(quickly(path) is Doubt for path in SHIPPED) <= len(SHIPPED) // 20


@pytest.mark.parametrize(
    "text",
    [
        "a: 0x1F", "a: 0o17", "a: 010", "a: 1_000", "a: 1e3", "a: +1", "a: .5", "a: 5.", "a: .inf", "a: .NaN", "a: 12:30:45", "a: yes", "a: Off", "a: True",
        "a: NULL", "a: 2026-1-5", "a: 2026-01-05T10:00:00Z", "a: 2026-02-30", "a: =", "a: &x 1", "a: !!str 1", "a: !x 1", "a: [*x]", "<<: {b: 1}",
        "a: 1\na: 2", "1: a", "true: a", "[a]: b", "a: [", "a: 1\n---\nb: 2",
    ],
)  # fmt: skip
def test_what_could_mean_two_things_is_left_to_the_careful_reader(text):
    with pytest.raises(Doubt):
        read_quickly(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a:",
        "a: ~",
        "a: 1",
        "a: -1.50",
        "a: '1'",
        'a: "yes"',
        "a: 2026-10-31",
        "a: 3-way",
        "a: over 10 %",
        "a: x & y",
        "a: |\n  b\n  c\n",
        "- 1\n- b: [2, c]",
        "a: 48h",
    ],
)
def test_what_is_read_quickly_is_what_the_careful_reader_reads(text, tmp_path):
    path = tmp_path / "terms.yaml"
    path.write_text(text, encoding="utf-8")
    assert repr(read_quickly(text)) == repr(_plain(read_yaml(path)))


def test_a_file_is_read_again_when_a_byte_of_it_changed(tmp_path):
    file = tmp_path / "planned.yaml"
    file.write_text("controls: []\n", encoding="utf-8")
    first = read_unchanged_terms(file, PlannedControls)
    assert read_unchanged_terms(file, PlannedControls) is first
    file.write_text("controls: [{}]\n", encoding="utf-8")
    with pytest.raises(TermsRefused, match="missing"):
        read_unchanged_terms(file, PlannedControls)
    file.write_text("controls: []\n", encoding="utf-8")
    assert read_unchanged_terms(file, PlannedControls) is first
    file.unlink()
    with pytest.raises(TermsRefused, match="does not exist"):
        read_unchanged_terms(file, PlannedControls)


def test_a_file_read_as_something_else_is_other_terms(tmp_path):
    text = (places.rules() / "controls" / "qty").glob("QTY-01_*.yaml")
    file = tmp_path / "QTY-01_x.yaml"
    file.write_bytes(next(text).read_bytes())
    one, other = (read_unchanged_terms(file, Control, origin=origin) for origin in ("a", "b"))
    assert (one.origin, other.origin) == ("a", "b")
