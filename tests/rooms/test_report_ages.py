"""The buckets of age that an engagement states: in the open layers, in words of both languages, and refused where they do not follow one another."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from pydantic import ValidationError

from recon.domain import ages
from recon.evaluate import wording
from recon.match.open_layers import aged
from recon.report import ages as told
from recon.report.words import speak


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(-3, "0-15"), (0, "0-15"), (15, "0-15"), (16, "16-45"), (45, "16-45"), (46, "over 45"), (4000, "over 45")],
)
def test_the_last_day_belongs_to_its_bucket(engagement_of, days, bucket):
    terms = engagement_of(age_buckets={"last_days": [15, 45], "why": "credit terms"})
    layers = pl.LazyFrame(
        {"posting_date": [None], "document_date": [date(2026, 10, 31) - timedelta(days)]}, schema_overrides={"posting_date": pl.Date}
    )
    assert aged(layers, terms).collect()["age_bucket"].to_list() == [bucket]


def test_without_buckets_of_its_own_an_engagement_has_the_usual_ones(engagement_of):
    assert ages.buckets(engagement_of().age_days) == ("0-30", "31-60", "61-90", "91-180", "181-365", "over 365")


@pytest.mark.parametrize(
    ("last_days", "said"),
    [
        ([30, 30], "overlap"),
        ([60, 30], "follow one another"),
        ([-1], "0 to 36500"),
        ([36501], "0 to 36500"),
        ([], "at least 1"),
        (list(range(13)), "at most 12"),
    ],
)
def test_buckets_that_do_not_follow_one_another_are_refused(engagement_of, last_days, said):
    with pytest.raises(ValidationError, match=said):
        engagement_of(age_buckets={"last_days": last_days, "why": "x"})


@pytest.mark.parametrize(
    ("language", "words"), [("en", ["up to 15 days", "16–45 days", "over 45 days"]), ("zh", ["15 天以内", "16–45 天", "45 天以上"])]
)
def test_every_bucket_is_read_in_words_and_stands_in_its_order(language, words):
    codes = pl.Series("age_bucket", ["over 45", "0-15", "16-45", "0-15", None])
    assert list(told.spoken(told.present(codes), speak(language)).values()) == words
    said = pl.DataFrame({"age_bucket": ["0-15", "16-45", "over 45"]}).select(wording.column("age_bucket", {"age_bucket": pl.String()}, language))
    assert said.to_series().to_list() == words
