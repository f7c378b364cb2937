"""The course of the runs: what a summary remembers, one point per day, a year of month ends at most."""

from __future__ import annotations

from dataclasses import replace

from recon.report import report, summary
from recon.report.trend import POINTS_MOST, point, trend


def test_a_run_remembers_the_one_before_and_what_that_one_remembered(make_workpapers):
    facts = summary(make_workpapers(12))
    assert facts["trend"] == []
    months = [f"2026-{month:02}-28" for month in range(1, 10)]
    remembered = None
    for month in months:
        remembered = facts | {"as_of": month, "trend": trend(remembered, month)}
    assert [one["as_of"] for one in trend(remembered, "2026-10-31")] == months


def test_one_point_per_day_and_none_from_today_on(make_workpapers):
    facts = summary(make_workpapers(3))
    again = facts | {"trend": [point(facts | {"as_of": "2026-09-30"}), point(facts)]}
    assert [one["as_of"] for one in trend(again, "2026-10-31")] == ["2026-09-30"]
    many = facts | {"trend": [point(facts | {"as_of": f"2025-01-{day:02}"}) for day in range(1, 29)]}
    assert len(trend(many, "2026-12-31")) == POINTS_MOST


def test_key_figures_show_their_course_and_the_difference(make_workpapers):
    workpapers = make_workpapers(12)
    earlier = summary(make_workpapers(9)) | {"as_of": "2026-09-30"}
    text = report(replace(workpapers, register=replace(workpapers.register, previous_summary=earlier)), "en")["report/index.html"].decode()
    assert text.count('class="spark"') >= 4
    assert "9 in the previous run" in text
    assert "▲ 3" in text
    assert "since 30 Sept 2026" in text
