"""Every figure of the page read back and compared with `results/`: what a reader sees is what machines read."""

from __future__ import annotations

import base64
import csv
import html
import json
import re
import zlib
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def folder(planted_folder: Path) -> Path:
    return planted_folder


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report" / "index.html").read_text(encoding="utf-8")


def results(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "results" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def section(text: str, name: str) -> str:
    return re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL).group()


def rows(part: str) -> list[list[str]]:
    """The cells of the table rows of a part of the page, as plain words."""
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", part, re.DOTALL)
    return [
        [html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in found
    ]


def block(text: str, name: str) -> pl.DataFrame:
    packed = re.search(rf'<script type="application/json" id="block-{name}">(.*?)</script>', text, re.DOTALL).group(1)
    unpacked = json.loads(zlib.decompress(base64.b64decode(json.loads(packed))))
    return pl.DataFrame({
        c["name"]: c["values"] if "values" in c else [None if code is None else c["keys"][code] for code in c["codes"]] for c in unpacked["columns"]
    })  # fmt: skip


def figure(shown: str) -> Decimal:
    return Decimal(shown.replace(",", ""))


def rounded(exact: str) -> Decimal:
    return Decimal(exact).quantize(CENT, ROUND_HALF_UP)


def test_key_figures(folder, text):
    summary = json.loads((folder / "results" / "summary.json").read_text(encoding="utf-8"))
    tiles = re.findall(r'<span class="figure">([\d,.-]+)</span>', section(text, "figures"))
    balances = [rounded(summary["balances"][kind]["amount_base"]) for kind in summary["balances"] if kind in ("fulfilled_not_invoiced", "open_payable", "open_receivable")]  # fmt: skip
    performed = len([row for row in results(folder, "controls.csv") if row["status"] in ("clean", "exceptions", "nothing_to_test")])
    expected = [summary["exceptions"]["count"], rounded(summary["exceptions"]["amount_once_base"]), performed, summary["rows"]["read"], *balances]
    assert [figure(tile) for tile in tiles[: len(expected)]] == expected
    assert summary["exceptions"]["count"] == len(results(folder, "exceptions.csv"))


def test_the_control_matrix(folder, text):
    shown = {row[0]: row for row in rows(section(text, "controls")) if re.fullmatch(r"[A-Z]{3}-\d\d", row[0])}
    stated = {row["control_id"]: row for row in results(folder, "controls.csv")}
    assert shown.keys() == stated.keys()
    for control_id, row in stated.items():
        cells = shown[control_id]
        assert figure(cells[4]) == int(row["population"]), control_id
        assert figure(cells[6]) == int(row["exceptions"]), control_id
        assert figure(cells[7]) == int(row["not_testable"]), control_id
        assert cells[8] == "–" if row["amount_at_risk_base"] == "" else figure(cells[8]) == rounded(row["amount_at_risk_base"]), control_id


def test_the_tie_out(folder, text):
    doors: dict[str, list[int]] = {}
    for row in results(folder, "tie_out.csv"):
        sums = doors.setdefault(row["doorway"], [0, 0, 0])
        for place, name in enumerate(("rows_in", "rows_out", "rows_set_aside")):
            sums[place] += int(row[name])
    shown = {
        row[0].lower(): [int(figure(cell)) for cell in row[2:5]]
        for row in rows(section(text, "tie-out"))
        if row[0].lower() in doors and len(row) == 6
    }
    assert shown == doors


def test_every_exception(folder, text):
    stated = pl.read_csv(folder / "results" / "exceptions.csv", infer_schema=False)
    shown = block(text, "exceptions").join(stated, on="exception_id", how="inner", suffix="_stated")
    assert shown.height == stated.height
    for name in ("control_id", "severity", "document_number", "message", "source_file", "first_seen"):
        assert shown[name].equals(shown[f"{name}_stated"].alias(name)), name
    for name in ("amount_at_risk_base", "amount_at_risk", "source_row", "age_days"):
        assert [None if v is None else figure(v) for v in shown[name]] == [None if v is None else Decimal(v) for v in shown[f"{name}_stated"]], name


def test_every_open_layer(folder, text):
    stated = results(folder, "balances.csv")
    shown = block(text, "balances")
    assert shown.height == len(stated)
    assert sum(figure(v) for v in shown["amount_base"].drop_nulls()) == sum(Decimal(row["amount_base"]) for row in stated if row["amount_base"])


def test_the_bridge_adds_up(folder, text):
    lines = pl.read_parquet(folder / "results" / "invoice_lines.parquet")
    parts = [name for name in lines.columns if re.fullmatch("price_.+_variance", name)]
    names = [name for name in lines.columns if name.endswith("_variance") and name not in parts]
    known = lines.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in names))
    shown = block(text, "bridge")
    for name in (*names, *parts):
        assert sum(figure(v) for v in shown[name].drop_nulls()) == known[name].sum(), name
    assert sum(figure(v) for name in parts for v in shown[name].drop_nulls()) == known["price_variance"].sum() != 0
    assert sum(figure(v) for v in shown["total"]) == sum(known[name].sum() for name in names)
    together = {
        row["cycle"][0]: sum(row[name][0] for name in names)
        for row in known.group_by("cycle").agg(pl.col(names).sum()).partition_by("cycle", as_dict=False)
    }
    for total in together.values():
        assert f"{total.quantize(CENT, ROUND_HALF_UP):,}" in section(text, "bridge")


def test_timelines(folder, text):
    stated = pl.read_parquet(folder / "results" / "order_events.parquet")
    beside = [file.read_text(encoding="utf-8") for file in sorted((folder / "report" / "orders").glob("*.html"))]
    shown = pl.concat([block(page, "events") for page in (text, *beside)])
    assert shown.height == stated.height
    lines = pl.read_parquet(folder / "results" / "order_lines.parquet")
    orders = pl.concat([block(page, "orders") for page in (text, *beside)])
    assert set(zip(orders["cycle"], orders["company_code"], orders["order_number"], strict=True)) == set(
        lines.select("cycle", "company_code", "order_number").iter_rows()
    ), "every order of a small company is followed"
    assert sum(figure(v) for v in shown["amount"].drop_nulls()) == stated["amount"].sum()
    assert shown["source_row"].drop_nulls().len() == stated["source_row"].drop_nulls().len()


def test_parties(folder, text):
    stated = {(row["cycle"], row["party_id"]): row for row in results(folder, "party_records.csv")}
    for cycle in ("procure_to_pay", "order_to_cash"):
        shown = block(text, f"cards-{cycle.replace('_', '-')}")
        assert shown.height == len([key for key in stated if key[0] == cycle])
        for row in shown.to_dicts():
            record = stated[cycle, row["party_id"]]
            assert figure(row["order_line_count"]) == int(record["order_line_count"])
            due, in_full = int(record["due_line_count"]), int(record["on_time_in_full_line_count"])
            share = None if not due else (Decimal(in_full) * 100 / due).quantize(Decimal("0.1"), ROUND_HALF_UP)
            assert (None if row["on_time_in_full_percent"] is None else figure(row["on_time_in_full_percent"])) == share
