"""Audit samples: sizes as tables and other programs give them, selections that twenty lines of anything draw again."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from decimal import Decimal

import polars as pl
import pytest

from recon.deliver import deliver
from recon.domain.errors import InputsRefused, TermsRefused
from recon.record.drawing import draw, planned, written
from recon.record.sample_results import evaluate_sample
from recon.record.sample_sizes import attribute_size, confidence_factor, monetary_unit_size, stringer_bound, upper_rate
from recon.report import report


# ── sizes ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("confidence", "rate", "expected", "population", "size"),
    [
        (0.95, 0.10, 0, None, 29), (0.95, 0.07, 0, None, 42), (0.95, 0.05, 0, None, 59), (0.95, 0.03, 0, None, 99), (0.95, 0.01, 0, None, 299),
        (0.90, 0.10, 0, None, 22), (0.90, 0.09, 0, None, 25), (0.90, 0.05, 0, None, 45), (0.95, 0.05, 1, None, 93), (0.90, 0.05, 1, None, 77),
        (0.95, 0.05, 0, 52, 33), (0.95, 0.05, 0, 250, 51), (0.95, 0.05, 0, 1000, 57), (0.95, 0.05, 4, None, 181),
    ],
)  # fmt: skip
def test_attribute_sizes(confidence, rate, expected, population, size):
    assert attribute_size(confidence, rate, expected, population) == size


@pytest.mark.parametrize("rate", [0.01, 0.02, 0.05, 0.1, 0.2])
def test_without_expected_deviations_the_size_is_the_closed_form(rate):
    assert attribute_size(0.95, rate) == math.ceil(math.log(0.05) / math.log(1 - rate))


def test_upper_limits():
    assert round(upper_rate(0.95, 1, 60), 4) == 0.0766
    assert round(upper_rate(0.90, 0, 25), 3) == 0.088
    assert round(upper_rate(0.95, 0, 25), 3) == 0.113
    assert upper_rate(0.95, 5, 5) == 1.0


@pytest.mark.parametrize(
    ("confidence", "factors"), [(0.95, ["3.00", "3.68", "4.62", "5.99", "8.09", "11.54"]), (0.90, ["2.30", "2.77", "3.41", "4.33", "5.72", "7.98"])]
)
def test_confidence_factors(confidence, factors):
    assert [str(round(confidence_factor(confidence, tenths / 10), 2)) for tenths in range(6)] == factors


def test_monetary_unit_sizes():
    assert monetary_unit_size(Decimal(300_000), Decimal(15_000), confidence_factor(0.95, 0.4)) == 162
    assert monetary_unit_size(Decimal(100), Decimal(5), confidence_factor(0.95, 0.2)) == 93


@pytest.mark.parametrize(
    ("taints", "model", "bound"),
    [([], "binomial", 0.0487), ([], "poisson", 0.0499), ([0.05, 0.2], "binomial", 0.0555), ([0.2, 0.05], "poisson", 0.0570)],
)
def test_stringer_bounds(taints, model, bound):
    assert round(stringer_bound(0.95, 60, taints, model), 4) == bound


def test_sizes_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    for share in (0, 0.05, 0.15, 0.33, 0.6, 0.8):
        factor = float(confidence_factor(0.95, share))
        assert abs(stats.gamma.cdf(factor, 1 + factor * share) - 0.95) < 1e-6
    for deviations, size in ((0, 10), (3, 59), (17, 200)):
        assert abs(upper_rate(0.9, deviations, size) - stats.beta.ppf(0.9, deviations + 1, size - deviations)) < 1e-9


@pytest.mark.parametrize("bad", [lambda: attribute_size(1.5, 0.05), lambda: attribute_size(0.95, 0), lambda: confidence_factor(0.95, 1)])
def test_nonsense_is_refused(bad):
    with pytest.raises(TermsRefused):
        bad()


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def run(tmp_path_factory, make_workpapers):
    made = make_workpapers(400)
    folder = tmp_path_factory.mktemp("sampled") / "run"
    deliver(report(made, "en"), made, folder)
    return folder


WORDS = {"population": "exceptions", "method": "random", "purpose": "test of details", "beacon": "DAX 2026-11-02 close 24,113.62", "size": 25,
         "confidence": None, "tolerable": None, "expected": "0", "certain_from": None, "where": None}  # fmt: skip


def drawn(run, **words):
    return draw(run, planned(WORDS | words))


def items(run):
    """(key, value in whole millionths) of the population, by the published CSV and the standard library."""
    with (run / "results/exceptions.csv").open(encoding="utf-8", newline="") as file:
        return sorted((row["exception_id"], int(Decimal(row["amount_at_risk_base"]) * 10**6)) for row in csv.DictReader(file))


def seed_of(run, purpose=WORDS["purpose"], beacon=WORDS["beacon"]):
    digest = hashlib.sha256((run / "results/exceptions.parquet").read_bytes()).hexdigest()
    return hashlib.sha256(f"{digest}\0{purpose}\0{beacon}".encode()).digest()[:8]


def start_of(seed, below):
    return int.from_bytes(hashlib.sha256(seed + b"start").digest(), "big") % below


def test_a_random_sample_is_drawn_again_by_a_few_lines(run):
    seed = seed_of(run)
    ranked = sorted((hashlib.sha256(seed + key.encode()).hexdigest(), key) for key, _ in items(run))
    found = drawn(run)
    assert found.rows["key"].to_list() == [key for _, key in ranked[:25]]
    assert found.facts["seed_hex"] == seed.hex()
    assert found.facts["items"] == 400
    assert found.rows["key"].to_list() == found.rows["exception_id"].to_list()


def test_a_systematic_sample_is_drawn_again_by_a_few_lines(run):
    keys = [key for key, _ in items(run)]
    start = 1 + start_of(seed_of(run), len(keys))
    expected = [keys[math.ceil((start + step * len(keys)) / 25) - 1] for step in range(25)]
    assert drawn(run, method="systematic").rows["key"].to_list() == expected


def test_a_monetary_unit_sample_is_drawn_again_by_a_few_lines(run):
    words = {"method": "mus", "confidence": "0.95", "tolerable": "200000", "expected": "40000"}
    found = drawn(run, **words)
    step = int(Decimal(found.facts["interval"]) * 10**6)
    assert Decimal(found.facts["interval"]) == (Decimal(200_000) / confidence_factor(0.95, 0.2)).quantize(Decimal("0.000001"), "ROUND_FLOOR")
    point, hits, total = 1 + start_of(seed_of(run), step), {}, 0
    for key, units in items(run):
        if units <= 0 or units >= step:
            continue
        while point <= total + units:
            hits.setdefault(key, []).append(point - total)
            point += step
        total += units
    certain = {key for key, units in items(run) if units >= step}
    assert set(found.rows.filter(pl.col("reason") == "certain")["key"]) == certain
    hit = found.rows.filter(pl.col("reason") == "hit")
    assert dict(zip(hit["key"], hit["hit_position"], strict=True)) == {key: positions[0] for key, positions in hits.items()}
    assert hit["hits"].to_list() == [len(hits[key]) for key in hit["key"]]
    assert hits


def test_a_stratified_sample_takes_the_top_whole_and_every_stratum(run):
    found = drawn(run, method="stratified", certain_from="600000", size=250)
    certain = {key for key, units in items(run) if units >= 600_000 * 10**6}
    assert set(found.rows.filter(pl.col("reason") == "certain")["key"]) == certain
    strata = found.rows.filter(pl.col("reason") != "certain").group_by("reason").len()
    assert strata.height == 5
    assert found.rows.height == 250 == found.rows["key"].n_unique()


def test_purpose_and_beacon_choose_other_items(run):
    first = set(drawn(run).rows["key"])
    assert set(drawn(run).rows["key"]) == first
    assert set(drawn(run, beacon="other").rows["key"]) != first
    assert set(drawn(run, purpose="other").rows["key"]) != first


def test_the_population_may_be_a_part(run):
    found = drawn(run, where="control_id=PRC-01", size=1000)
    assert set(found.rows["control_id"]) == {"PRC-01"}
    assert found.rows.height == found.facts["items"] == 80


@pytest.mark.parametrize("population", ["order_lines", "invoice_lines", "balances"])
def test_other_populations(run, population):
    found = drawn(run, population=population, size=7)
    assert found.rows.height == 7 == found.rows["key"].n_unique()


def test_size_follows_from_confidence(run):
    found = drawn(run, size=None, confidence="0.95", tolerable="0.05")
    assert found.rows.height == 59
    assert "binomial" in found.facts["model"]


def test_a_drawing_is_written_once_with_its_plan(run, tmp_path):
    selection, plan = written(drawn(run), tmp_path)
    facts = json.loads(plan.read_text())
    assert facts["selection_sha256"] == hashlib.sha256(selection.read_bytes()).hexdigest()
    assert len(selection.read_text().splitlines()) == 26
    with pytest.raises(TermsRefused, match="a drawing for this purpose"):
        written(drawn(run), tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        {"population": "nothing"}, {"size": None}, {"method": "mus"}, {"method": "stratified"}, {"where": "x"}, {"where": "x=1"}, {"confidence": "high", "tolerable": "0.05"},
        {"method": "mus", "confidence": "0.95", "tolerable": "0"},
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_carried_out_is_refused(run, words):
    with pytest.raises(TermsRefused):
        drawn(run, **words)


def test_a_population_that_changed_is_refused(run, tmp_path):
    import shutil

    copy = shutil.copytree(run, tmp_path / "run")
    with (copy / "results/exceptions.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputsRefused, match="not as it was published"):
        drawn(copy)


# ── evaluation ───────────────────────────────────────────────────────────────────────────────────────────────
def answered(folder, drawn, answer):
    """The answers to a drawing as a file: `answer` gives audit_value and deviates of a row."""
    lines = [",".join([row["place"], *answer(row), ""]) for row in drawn]
    (folder / "audited.csv").write_text("place,audit_value,deviates,remark\n" + "\n".join(lines) + "\n")
    return folder / "audited.csv"


def taken(run, folder, **words):
    drawn = draw(run, planned(WORDS | words))
    selection, _ = written(drawn, folder)
    return list(csv.DictReader(selection.open(encoding="utf-8")))


def test_deviations_allow_the_rate_that_tables_give(run, tmp_path):
    rows = taken(run, tmp_path, method="random", size=60, purpose="vouching")
    assert len(rows) == 60
    audited = answered(tmp_path, rows, lambda row: ("", "yes" if row["place"] == "7" else "no"))
    facts, path = evaluate_sample(tmp_path, "vouching", audited, Decimal("0.95"))
    (stratum,) = facts["strata"]
    assert (stratum["items"], stratum["deviations"]) == (60, 1)
    assert stratum["upper_rate"].startswith("0.076")  # 1 of 60: 7.66 %
    assert json.loads(path.read_text()) == facts
    with pytest.raises(TermsRefused, match="evaluated already"):
        evaluate_sample(tmp_path, "vouching", audited, Decimal("0.95"))


def test_amounts_of_error_follow_stringer(run, tmp_path):
    rows = taken(run, tmp_path, method="mus", confidence="0.95", tolerable="30000000", purpose="value")
    hit = [row for row in rows if row["reason"] == "hit"]
    assert hit
    interval = Decimal(json.loads((tmp_path / "plan_value.json").read_text())["interval"])
    tainted = {hit[0]["place"]: Decimal("0.8")}
    audited = answered(tmp_path, rows, lambda row: (str(Decimal(row["value"]) * tainted.get(row["place"], Decimal(1))), ""))
    facts, _ = evaluate_sample(tmp_path, "value", audited, Decimal("0.95"))
    hits = sum(int(row["hits"]) for row in hit)
    twice = int(hit[0]["hits"])
    assert facts["hits"] == hits
    assert Decimal(facts["overstatement_projected"]) == (Decimal("0.2") * interval * twice).quantize(Decimal("0.01"))
    bound = stringer_bound(0.95, hits, [0.2] * twice, "poisson") * hits * float(interval)
    assert abs(float(facts["overstatement_upper_limit"]) - bound) < 0.02
    assert Decimal(facts["overstatement_upper_limit"]) > 3 * interval * Decimal("0.99") * Decimal("0.99")  # not below basic precision
    assert facts["understatements"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:-1], "no answer"),
        (lambda lines: [*lines, lines[-1]], "answered twice"),
        (lambda lines: [*lines, "999,,no,"], "no item of the sample"),
        (lambda lines: [*lines[:-1], lines[-1].replace("no", "maybe")], "says neither"),
        (lambda lines: [*lines[:-1], lines[-1].replace(",no,", ",,")], "says neither"),
        (lambda lines: [*lines[:-1], lines[-1].replace(",,no,", ",ten,,")], "no number"),
        (lambda lines: [line.replace("place", "row") for line in lines], "columns are others"),
    ],
)
def test_what_is_not_answered_is_not_evaluated(run, tmp_path, change, message):
    rows = taken(run, tmp_path, method="random", size=5, purpose="p")
    audited = answered(tmp_path, rows, lambda row: ("", "no"))
    audited.write_text("\n".join(change(audited.read_text().splitlines())) + "\n")
    with pytest.raises(InputsRefused, match=message):
        evaluate_sample(tmp_path, "p", audited, Decimal("0.95"))
    assert not (tmp_path / "evaluation_p.json").exists()


def test_a_changed_selection_is_not_evaluated(run, tmp_path):
    rows = taken(run, tmp_path, method="random", size=5, purpose="p")
    audited = answered(tmp_path, rows, lambda row: ("", "no"))
    (tmp_path / "selection_p.csv").write_text((tmp_path / "selection_p.csv").read_text().replace("random", "hand"))
    with pytest.raises(InputsRefused, match="not as it was drawn"):
        evaluate_sample(tmp_path, "p", audited, Decimal("0.95"))
    with pytest.raises(TermsRefused, match="no drawing"):
        evaluate_sample(tmp_path, "other", audited, Decimal("0.95"))
