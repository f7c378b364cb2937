"""Records of suppliers, or of customers, that may be one party twice. Whole: a twin stands anywhere in the master."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.domain.money import RATE
from recon.match.given import is_given, table
from recon.match.numbers import compacted
from recon.match.party_accounts import party_account
from recon.match.party_masters import period_spend, shaped_parties
from recon.match.party_names import alike_pieces, bare_name

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Names less alike than so many hundredths are not alike.
LEAST_LIKE: Final = 90
_PROVINCES: Final = (
    "北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "海南",
    "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾", "内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门",
)  # fmt: skip
_REGION: Final = rf"^(?:中国)?(?:(?:{'|'.join(_PROVINCES)})(?:省|市|自治区|特别行政区)?)?"
_PARTY: Final = ["cycle", "party_id"]


def party_twin(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`party_twin`, sorted: one row per active supplier and customer, with the records that it repeats.

    Of records that agree the one with most business in the period is the first (then the older one, then the smaller id); only the others repeat it.
    Records of one group do not repeat each other. match_count: of tax number and account; null where neither, nor name and city, can be compared.
    """
    given = [cycle for cycle in CYCLES if is_given(accepted, cycle.party_table)]
    if not given:
        return shaped_parties("party_twin", [], accepted, engagement)
    parties = pl.concat([_active(c, accepted) for c in given]).join(period_spend(accepted, engagement), on=_PARTY, how="left", validate="1:1")
    order = [pl.col("spend_amount_base").fill_null(0).abs(), "created_at", "party_id"]
    ranked = parties.sort(order, descending=[True, False, False], nulls_last=True).collect().with_row_index("rank")
    shared = _shared_accounts(accepted, engagement)
    ranked = ranked.join(shared, on=_PARTY, how="left", validate="1:1").with_columns(
        account=pl.when(pl.col("cycle") == PROCURE_TO_PAY.name).then("shared_account").otherwise("own_account")
    )
    links = pl.concat([_equal(ranked, "tax", "tax id"), _equal(ranked, "account", "bank account"), _named(ranked)], how="diagonal")
    best = links.sort("match", "other_rank").group_by(*_PARTY, maintain_order=True).agg(
        other_party_id=pl.col("other").first(),
        match_count=pl.col("match").filter(pl.col("match") != "name").n_unique().cast(pl.Int64),
        name_similarity=pl.col("likeness").max(),
        shared_attributes=pl.col("match").unique().sort().str.join(", "),
    )  # fmt: skip
    comparable = pl.any_horizontal(pl.col("tax").is_not_null(), pl.col("own_account").is_not_null(), pl.col("shared_account").is_not_null())
    named = pl.col("bare").is_not_null() & pl.col("city").is_not_null()
    told = ranked.join(best, on=_PARTY, how="left", validate="1:1").with_columns(
        match_count=pl.when(comparable | named).then(pl.col("match_count").fill_null(0)),
        name_similarity=pl.when(named).then(pl.coalesce("name_similarity", pl.lit(0, dtype=RATE))),
    )
    return shaped_parties("party_twin", [told.lazy().drop("spend_amount_base", "has_bills")], accepted, engagement)


def _active(cycle: Cycle, accepted: Accepted) -> pl.LazyFrame:
    """Active records with what is compared of them; `owner`: the group, else the record itself."""
    city = pl.col("city").str.normalize("NFKC").str.to_lowercase().str.strip_chars().str.replace("市$", "")
    rows = table(accepted, cycle.party_table).filter(pl.col("is_active").fill_null(value=True)).with_columns(city=city)
    local = pl.col("party_name").str.normalize("NFKC").str.replace(_REGION, "").str.strip_prefix(pl.col("city").fill_null("")).str.replace("^市", "")
    return rows.select(
        "party_id", "party_name", "group_id", "party_type", "created_at", "city", "source_file", "source_row", cycle=pl.lit(cycle.name),
        tax=compacted(pl.col("tax_id")), own_account=compacted(pl.col("bank_account")), bare=bare_name(local),
        owner=pl.coalesce(pl.lit("group ") + pl.col("group_id"), pl.lit("party ") + pl.col("party_id")),
    )  # fmt: skip


def _shared_accounts(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """cycle, party_id, shared_account: who holds an account together, of suppliers whom PTY-04 would ask about; the holders name it."""
    held = (
        party_account(accepted, engagement)
        .filter(pl.col("other_count") > 0)
        .select(*_PARTY, shared_account=pl.col("account_tail") + pl.col("holders"))
    )
    return held.sort(*_PARTY, "shared_account").unique(_PARTY, keep="first", maintain_order=True).collect()


def _equal(ranked: pl.DataFrame, column: str, match: str) -> pl.DataFrame:
    """cycle, party_id, other, other_rank, match: each record with the first one that has the same, where that is of another owner."""
    known = ranked.filter(pl.col(column).is_not_null()).sort("rank")
    key = ["cycle", column]
    first = known.unique(key, keep="first", maintain_order=True).select(*key, other="party_id", other_rank="rank", other_owner="owner")
    met = known.join(first, on=key, how="left", validate="m:1").filter(
        (pl.col("owner") != pl.col("other_owner")) & (pl.col("rank") > pl.col("other_rank"))
    )
    return met.select(*_PARTY, "other", "other_rank", match=pl.lit(match), likeness=pl.lit(None, dtype=RATE))


def _named(ranked: pl.DataFrame) -> pl.DataFrame:
    """The same of records in one city with names alike: each record with the first one of them, and how much it is like the one most like it."""
    known = ranked.filter(pl.col("bare").is_not_null() & pl.col("city").is_not_null()).select(*_PARTY, "city", "bare", "owner", "rank")
    others = _first_two_owners(known).select("cycle", "city", other="party_id", other_bare="bare", other_owner="owner", other_rank="rank")
    found = []
    for alike in alike_pieces(known["bare"], known["bare"], LEAST_LIKE):
        met = known.join(alike.rename({"other": "other_bare"}), left_on="bare", right_on="one", how="inner").join(
            others, on=["cycle", "city", "other_bare"], how="inner"
        )  # fmt: skip
        met = met.filter((pl.col("owner") != pl.col("other_owner")) & (pl.col("rank") > pl.col("other_rank")))
        found.append(_first_of(met.select(*_PARTY, "other", "other_rank", "likeness")))
    return _first_of(pl.concat(found)).with_columns(match=pl.lit("name"))


def _first_two_owners(known: pl.DataFrame) -> pl.DataFrame:
    """Of records of one name in one city the first, and the first of another owner: no other can be the first that somebody repeats."""
    key, ranked = ["cycle", "city", "bare"], known.sort("rank")
    first = ranked.unique(key, keep="first", maintain_order=True)
    rest = ranked.join(first.select(*key, first_owner="owner"), on=key, how="inner", validate="m:1").filter(pl.col("owner") != pl.col("first_owner"))
    return pl.concat([first, rest.unique(key, keep="first", maintain_order=True).select(first.columns)])


def _first_of(met: pl.DataFrame) -> pl.DataFrame:
    """Of each record's pairs the one with the first other, with the largest likeness of all of them."""
    first = pl.col("other", "other_rank").sort_by("other_rank").first()
    return met.group_by(_PARTY).agg(first, pl.col("likeness").max())
