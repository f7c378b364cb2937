"""Separated text: what is read, and the files that are refused with a sentence."""

from __future__ import annotations

import gzip
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from recon.domain.engagement import Engagement
from recon.domain.errors import InputsRefused, TermsRefused
from recon.domain.source import Input, SourceProfile
from recon.load import load, prescan
from recon.load.paths import FileName
from recon.load.text_files import read_text

if TYPE_CHECKING:
    from pathlib import Path

UTF8_THEN_GB = ["utf-8", "gb18030"]


def read(folder: Path, content: bytes, *, name: str = "a.csv", terms: Input | None = None, encodings: list[str] | None = None):
    path = folder / name
    path.write_bytes(content)
    return read_text(FileName(path, name), terms or Input(), encodings or UTF8_THEN_GB)


def rows(folder: Path, content: bytes, **how) -> list[tuple]:
    return read(folder, content, **how).frame.sort("source_row").collect().rows()


def engagement(folder: Path, extracts: dict, **terms) -> Engagement:
    fixed = {"entity": "T", "as_of": date(2026, 10, 31), "period": {"from": date(2026, 10, 1), "to": date(2026, 10, 31)}, "currency": "CNY"}
    return Engagement.model_validate(fixed | {"extracts": extracts, "folder": folder} | terms)


PROFILE = SourceProfile(title="two columns", inputs={"in": Input(ignored=["a", "b"])}, name="two")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n1,2\n3,4\n", [(2, "1", "2"), (3, "3", "4")]),
        (b"a,b\r\n1,2\r\n", [(2, "1", "2")]),
        (b"a,b\n1,2", [(2, "1", "2")]),
        (b"\xef\xbb\xbfa,b\n1,2\n", [(2, "1", "2")]),
        (b"a,b\n000123,1.50\n", [(2, "000123", "1.50")]),
        (b'a,b\n"x, y","say ""hi"""\n', [(2, "x, y", 'say "hi"')]),
        (b"a,b\n1,\n,\n3,4\n", [(2, "1", None), (4, "3", "4")]),
        (b"a,b\n1,2\n\n3,4\n\n\n", [(2, "1", "2"), (4, "3", "4")]),
        (b"a,b\n", []),
        (b"a,b", []),
    ],
)
def test_text_stays_text_with_the_row_a_person_counts(tmp_path, content, expected, monkeypatch):
    assert rows(tmp_path, content) == expected
    assert read(tmp_path, content).rows == len(expected)
    monkeypatch.setattr(prescan, "_ONE_PIECE_BYTES", 0)  # as a large file is looked at
    assert read(tmp_path, content).rows == len(expected)


def test_a_field_may_go_over_lines_and_rows_then_count_records(tmp_path):
    assert rows(tmp_path, b'a,b\n"x\ny, z",2\n3,"4"\n') == [(2, "x\ny, z", "2"), (3, "3", "4")]


def test_a_header_may_go_over_lines_and_below_titles(tmp_path):
    terms = Input(header_row=3)
    found = read(tmp_path, b'Report of October\nprinted today\n"a\nb",c\n1,2\n', terms=terms)
    assert found.columns == ("a b", "c")
    assert found.frame.collect().rows() == [(5, "1", "2")]


def test_a_file_without_header_takes_its_names_from_the_profile(tmp_path):
    terms = Input(columns=["id", "name"], separator="\t")
    assert rows(tmp_path, b"\xef\xbb\xbf1\tx\n2\ty\n", terms=terms) == [(1, "1", "x"), (2, "2", "y")]


@pytest.mark.parametrize(
    ("content", "encodings", "read_as"),
    [
        ("单号,金额\n采购订单,1\n".encode(), UTF8_THEN_GB, "utf-8"),
        ("单号,金额\n采购订单,1\n".encode("gb18030"), UTF8_THEN_GB, "gb18030"),
        ("单号,金额\n采购订单,1\n".encode("gbk"), ["gb18030"], "gb18030"),
        ("\ufeff单号,金额\n采购订单,1\n".encode("utf-16-le"), UTF8_THEN_GB, "utf-16"),
        ("\ufeff单号,金额\n采购订单,1\n".encode("utf-16-be"), UTF8_THEN_GB, "utf-16"),
    ],
)
def test_encodings_in_declared_order_and_the_one_used_is_recorded(tmp_path, content, encodings, read_as):
    found = read(tmp_path, content, encodings=encodings)
    assert found.encoding == read_as
    assert found.columns == ("单号", "金额")
    assert found.frame.collect().rows() == [(2, "采购订单", "1")]


def test_gb18030_is_not_tried_where_it_is_not_declared(tmp_path):
    with pytest.raises(InputsRefused, match="cannot be read in any declared encoding") as refused:
        read(tmp_path, "单号,金额\n采购,1\n".encode("gb18030"), encodings=["utf-8"])
    assert "byte 0" in refused.value.got


def test_utf16_without_a_mark_is_never_guessed(tmp_path):
    with pytest.raises(InputsRefused):
        read(tmp_path, "a,b\n1,2\n".encode("utf-16-le"), encodings=["utf-8", "utf-16-le", "gb18030"])


def test_packed_files_are_unpacked(tmp_path):
    assert rows(tmp_path, gzip.compress(b"a,b\n1,2\n"), name="a.csv.gz") == [(2, "1", "2")]


@pytest.mark.parametrize(
    ("content", "says", "where"),
    [
        (b"", "the file is empty", "a.csv"),
        (b"a,b,c\n1,2,3\n4,5\n6,7,8\n", "a record has too few fields", "a.csv:3"),
        (b"a,b,c\n1,2,3\n4,5,6,7\n", "a record has too many fields", "a.csv:3"),
        (b"a,b,c\n1,2,3\n4,5", "the last record is cut off", "a.csv:3"),
        (b'a,b\n1,"2\n3,4\n', "the file ends inside a quoted field", "a.csv:2"),
        (b'a,b\n1,5" pipe and "more\n', "a quote stands in the middle of a field", "a.csv:2"),
        (b'a,b\n"x"y,2\n', "a quote stands in the middle of a field", "a.csv:2"),
        (b"a,b\n1,\0\n", "the file holds a zero byte", "a.csv: byte 6"),
        (b"a,a\n1,2\n", "two columns have the same name", "a.csv:1: column 2"),
        (b"a,\n1,2\n", "a column has no name", "a.csv:1: column 2"),
        (b",\n1,2\n", "the header row is empty", "a.csv:1"),
        (b"a,b\r1,2\r", "the lines end in a bare carriage return", "a.csv"),
        (b"a;b\n1;2,3\n", "a record has too many fields", "a.csv:2"),
    ],
)
def test_damaged_files_are_refused_with_the_first_offending_line(tmp_path, content, says, where):
    with pytest.raises(InputsRefused) as refused:
        read(tmp_path, content)
    assert refused.value.what.startswith(says)
    assert refused.value.where == where


def test_ragged_rows_are_found_among_quoted_and_spanning_ones(tmp_path):
    with pytest.raises(InputsRefused, match="too few") as refused:
        read(tmp_path, b'a,b\n"x\n,y",2\n"z"\n"q","r"\n')
    assert refused.value.where == "a.csv:4"


def test_a_damaged_packed_file_is_refused(tmp_path):
    with pytest.raises(InputsRefused, match="packed file is damaged"):
        read(tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * 5000)[:-20], name="a.csv.gz")


# ── the verb: several files, repeats, provenance ─────────────────────────────────────────────────────────
def test_a_list_and_a_glob_are_stacked_with_their_names(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "m10.csv").write_text("b,a\n2,1\n")
    (tmp_path / "sub" / "m09.csv").write_text("a,b\n3,4\n")
    found = load(engagement(tmp_path, {"in": "sub/*.csv"}), PROFILE)
    frame = found.inputs["in"].frame.sort("source_file", "source_row").collect()
    assert frame.select("a", "b", "source_file", "source_row").rows() == [("3", "4", "sub/m09.csv", 2), ("1", "2", "sub/m10.csv", 2)]
    assert [f.name for f in found.files] == ["sub/m09.csv", "sub/m10.csv"]
    assert found.tie_out.select("rows_in", "rows_out", "rows_set_aside", "holds").rows() == [(2, 2, 0, True)]


def test_the_same_content_under_two_names_is_kept_once_and_told(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "copy.csv").write_text("a,b\n1,2\n3,4\n")
    found = load(engagement(tmp_path, {"in": ["a.csv", "copy.csv"]}), PROFILE)
    assert found.inputs["in"].frame.collect().height == 2
    assert [(f.name, f.repeats) for f in found.files] == [("a.csv", None), ("copy.csv", "a.csv")]
    assert found.tie_out.select("rows_in", "rows_out", "rows_set_aside").rows() == [(4, 2, 2)]


def test_a_file_that_differs_in_one_byte_is_no_repeat(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text("a,b\n1,3\n")
    found = load(engagement(tmp_path, {"in": ["a.csv", "b.csv"]}), PROFILE)
    assert found.inputs["in"].frame.collect().height == 2
    assert all(f.repeats is None for f in found.files)


def test_the_fingerprint_is_of_the_file_on_disk(tmp_path):
    import hashlib

    (tmp_path / "a.csv").write_bytes("a,b\n订单,2\n".encode("gb18030"))
    (facts,) = load(engagement(tmp_path, {"in": "a.csv"}), PROFILE).files
    assert facts.sha256 == hashlib.sha256((tmp_path / "a.csv").read_bytes()).hexdigest()
    assert (facts.encoding, facts.rows) == ("gb18030", 1)


def test_the_engagement_overrides_the_encoding(tmp_path):
    (tmp_path / "a.csv").write_bytes("a,b\n訂單,2\n".encode("big5hkscs"))
    (facts,) = load(engagement(tmp_path, {"in": "a.csv"}, encoding="big5hkscs"), PROFILE).files
    assert facts.encoding == "big5hkscs"


def test_headers_only_reads_no_rows(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    found = load(engagement(tmp_path, {"in": "a.csv"}), PROFILE, headers_only=True)
    assert found.inputs["in"].frame.collect().height == 0
    assert found.inputs["in"].columns == ("a", "b")


@pytest.mark.parametrize(
    ("extracts", "error", "says"),
    [
        ({"in": "missing.csv"}, InputsRefused, "does not exist"),
        ({"in": "none-*.csv"}, InputsRefused, "no file fits"),
        ({"in": "."}, InputsRefused, "a folder"),
        ({"in": ["a.csv", "./a.csv"]}, TermsRefused, "named twice"),
        ({"inn": "a.csv"}, TermsRefused, "neither an input"),
        ({"item": "a.csv"}, InputsRefused, "inputs that the profile needs"),
        ({"in": ["a.csv", "other.csv"]}, InputsRefused, "different columns"),
    ],
)
def test_what_cannot_be_found_or_stacked_is_refused(tmp_path, extracts, error, says):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "other.csv").write_text("a,c\n1,2\n")
    with pytest.raises(error, match=says):
        load(engagement(tmp_path, extracts), PROFILE)


def test_a_misspelt_file_name_gets_a_suggestion(tmp_path):
    (tmp_path / "invoices.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputsRefused) as refused:
        load(engagement(tmp_path, {"in": "invoice.csv"}), PROFILE)
    assert refused.value.todo == 'Did you mean "invoices.csv"?'


def test_reading_does_not_depend_on_how_rows_are_split_into_files(tmp_path):
    lines = [f"{i},{i * i}" for i in range(50)]
    (tmp_path / "whole.csv").write_text("\n".join(["a,b", *lines]) + "\n")
    (tmp_path / "p1.csv").write_text("\n".join(["a,b", *lines[:20]]) + "\n")
    (tmp_path / "p2.csv").write_text("\n".join(["a,b", *lines[20:]]) + "\n")
    whole = load(engagement(tmp_path, {"in": "whole.csv"}), PROFILE).inputs["in"].frame.select("a", "b").collect()
    parts = load(engagement(tmp_path, {"in": "p*.csv"}), PROFILE).inputs["in"].frame.select("a", "b").collect()
    assert whole.sort(pl.col("a").cast(pl.Int64)).equals(parts.sort(pl.col("a").cast(pl.Int64)))
