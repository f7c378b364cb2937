"""Two published runs side by side: what differs, and the nearest reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from recon.deliver import deliver
from recon.domain.errors import InputsRefused
from recon.record import compare
from recon.report import summary
from recon.report.results import tables
from recon.report.summary import encoded


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Publish workpapers under a name, with the files that a comparison reads."""
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)  # many small runs; the disk need not keep them

    def publish(name, workpapers):
        files = tables(workpapers, workpapers.balances.collect())
        kept = {file: files[file] for file in ("results/exceptions.parquet", "results/controls.csv")}
        deliver(kept | {"results/summary.json": encoded(summary(workpapers))}, workpapers, tmp_path / name)
        return tmp_path / name

    return publish


def reasons(facts):
    return {(row["what"], row["document_number"], row["reason"]) for row in facts["exceptions"]}


def test_the_same_run_twice_differs_in_nothing(published, make_workpapers):
    facts, text = compare(published("a", make_workpapers(5)), published("b", make_workpapers(5)))
    assert facts["exceptions"] == facts["inputs"] == facts["rules"] == facts["terms"] == []
    assert text.endswith("the exceptions are the same")


def test_appeared_disappeared_changed(published, make_workpapers):
    a = make_workpapers(6)
    b = make_workpapers(7)
    changed = b.register.exceptions.filter(pl.int_range(pl.len()) > 0)
    changed = changed.with_columns(observed=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("81")).otherwise("observed"))
    facts, text = compare(published("a", a), published("b", replace(b, register=replace(b.register, exceptions=changed))))
    assert facts["counts"] == {"appeared": 1, "disappeared": 1, "changed": 1}
    assert reasons(facts) == {
        ("appeared", "INV-000006", "not_explained"), ("disappeared", "INV-000000", "not_explained"), ("changed", "INV-000001", "not_explained")
    }  # fmt: skip
    assert "supplier_invoice INV-000006/1" in text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda w: replace(w, fingerprints={"rules/controls/quantity/QTY-01_billed.yaml": "00" * 32}), "rule_changed"),
        (lambda w: replace(w, engagement=w.engagement.model_copy(update={"as_of": date(2026, 11, 1)})), "as_of_changed"),
        (lambda w: replace(w, files=(replace(w.files[0], sha256="00" * 32), w.files[1])), "file_changed"),
        (lambda w: replace(w, files=(w.files[0], replace(w.files[1], sha256="00" * 32))), "other_inputs_changed"),
        (lambda w: replace(w, engagement=w.engagement.model_copy(update={"policies": []})), "policies_changed"),
        (
            lambda w: replace(w, outcomes=replace(w.outcomes, controls=w.outcomes.controls.with_columns(status=pl.lit("not_performed")))),
            "control_not_performed",
        ),
    ],
)
def test_the_nearest_reason_is_given(published, make_workpapers, change, reason):
    facts, _ = compare(published("a", make_workpapers(5)), published("b", change(make_workpapers(6))))
    assert reasons(facts) == {("appeared", "INV-000005", reason)}  # a QTY-01


def test_a_changed_limit_explains_its_own_control_only(published, make_workpapers):
    without = make_workpapers(5).engagement.model_copy(update={"parameters": []})
    facts, _ = compare(published("a", make_workpapers(5)), published("b", replace(make_workpapers(7), engagement=without)))
    assert reasons(facts) == {("appeared", "INV-000005", "not_explained"), ("appeared", "INV-000006", "parameters_changed")}


def test_a_damaged_run_is_refused(published, make_workpapers):
    a, b = published("a", make_workpapers(1)), published("b", make_workpapers(1))
    (b / "results" / "exceptions.parquet").unlink()
    with pytest.raises(InputsRefused, match="not as it was published"):
        compare(a, b)
