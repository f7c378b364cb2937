"""What each approving person decided, up to which amount they may decide, and what else they did in the same chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import allowances
from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import MONEY, RATE, amount, ratio
from recon.match.approvable import TYPES
from recon.match.given import is_given, local_day, shaped, table
from recon.match.rates import company_rates
from recon.match.with_tax import with_gross_amounts

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement

_SUBJECT: Final = ("subject_id", "user_id", "company_code", "document_type", "item_group", "day")
_LIMIT: Final = ("limit_amount", "limit_currency", "is_known", "is_unlimited")


def decided(events: pl.DataFrame, pairs: pl.DataFrame, documents: pl.DataFrame, uncounted: pl.LazyFrame, engagement: Engagement) -> pl.DataFrame:
    """One row per approving event of a person with the document it is about; `event_id` and `document_id` kept.

    Approvals of documents that count for nothing are left out: nothing follows from them; so are those of masters, which have no amount. A document that is not in the
    extract at all leaves its columns null; the amount recorded at the decision still counts.
    """
    approving = events.filter((pl.col("action") == "approve") & ~pl.col("document_type").is_in([c.party_table for c in CYCLES]))
    key = ["company_code", "document_type", "document_number"]
    lost = approving.join(pairs, on="event_id", how="anti").with_columns(
        document_type=pl.col("document_type").replace("credit_note", ORDER_TO_CASH.invoice_type)
    )
    of_uncounted = uncounted.rename({"party_id": "uncounted_party"})
    is_party = pl.col("party_id").is_null() | (pl.col("party_id") == pl.col("uncounted_party"))
    void = lost.lazy().join(of_uncounted, on=key, how="inner").filter(is_party).select("event_id").unique().collect()
    approving = approving.join(void, on="event_id", how="anti")
    described = documents.drop("company_code", "document_type", "document_number", "document_version", "source_file", "source_row").rename(
        {"currency": "document_currency", "party_id": "document_party"}
    )
    rows = approving.join(pairs, on="event_id", how="left", validate="1:m").join(described, on="document_id", how="left", validate="m:1")
    is_alone = pl.len().over("event_id") == 1
    several = rows.filter(~is_alone).sort("event_id", "document_party", "document_date", "alternative_number", "amount_net")
    rows = pl.concat([rows.filter(is_alone), several.unique("event_id", keep="first", maintain_order=True)])
    by_type = pl.col("document_type").replace_strict(TYPES, default=PROCURE_TO_PAY.name, return_dtype=pl.String)
    is_recorded = pl.col("amount_at_action").is_not_null()
    return rows.with_columns(
        cycle=pl.coalesce("cycle", by_type),
        party_id=pl.coalesce("party_id", "document_party"),
        day=local_day("action_at", engagement),
        amount=pl.when(is_recorded).then("amount_at_action").otherwise("amount_net"),
        amount_currency=pl.when(is_recorded)
        .then(pl.coalesce("currency", "document_currency", pl.lit(engagement.currency)))
        .otherwise("document_currency"),
        amount_basis=pl.when(is_recorded).then(pl.lit("recorded")).when(pl.col("amount_net").is_not_null()).then(pl.lit("current")),
    )


def with_limits(rows: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Add the limit of authority at the decision and what the amount exceeds it by.

    A person may decide up to their own limit, up to what the policy gives their roles (the lower of the two where both are
    stated), or, standing in for another, up to the other's limit and the cap of the delegation. The highest of these counts.
    `amount_at_decision` and `currency` are in the limit's currency where a rate is known; without one nothing is compared.
    """
    own = _own_limits(rows.select(pl.col("event_id").alias("subject_id"), "company_code", "document_type", "item_group", "day",
                                  user_id="actor_id").select(_SUBJECT), accepted, engagement)  # fmt: skip
    lent = _lent_limits(rows, accepted, engagement)
    both = pl.concat([own.rename({"subject_id": "event_id"}), lent]).filter("is_known")
    ranked = both.sort("event_id", "is_unlimited", "limit_amount", "limit_currency", descending=[False, True, True, False])
    best = ranked.unique("event_id", keep="first", maintain_order=True)
    is_mixed = both.group_by("event_id").agg(is_mixed=pl.col("limit_currency").drop_nulls().n_unique() > 1)
    rows = rows.join(best, on="event_id", how="left", validate="1:1").join(is_mixed, on="event_id", how="left", validate="1:1")
    is_known = pl.col("is_known").fill_null(value=False) & ~(pl.col("is_mixed").fill_null(value=False) & ~pl.col("is_unlimited"))
    limit = pl.when(is_known & ~pl.col("is_unlimited")).then("limit_amount")
    rows = rows.with_columns(
        limit_is_known=is_known,
        limit_is_unlimited=is_known & pl.col("is_unlimited"),
        effective_limit_amount=limit,
        limit_currency=pl.when(limit.is_not_null()).then("limit_currency"),
    )
    return _compared(rows, accepted, engagement)


def in_terms_of_limits(
    rows: pl.DataFrame, documents: pl.DataFrame, measured: tuple[Accepted, MeasuredLines, Settlement], engagement: Engagement
) -> pl.DataFrame:
    """The decisions with their amounts in the terms in which APR-03 says that limits are set: without or with tax, at which day's rate.

    Adds takes_decision and decision_rate: whether the rate of the day of the decision is to be taken, and which that is. With tax: an
    amount that nobody recorded is the document's gross amount, and one that was recorded and equals the net amount was recorded without tax.
    An amount whose tax is not known is not known.
    """
    accepted, lines, settlement = measured
    asks_gross = allowances.ever_says(engagement, "amount_basis_policy", "gross")
    asks_day = allowances.ever_says(engagement, "fx_policy", "decision")
    if not asks_gross and not asks_day:
        return rows.with_columns(decision_rate=pl.lit(None, dtype=RATE), takes_decision=pl.lit(value=False))
    rows = allowances.with_limits(rows.lazy(), engagement, "amount_basis_policy", "fx_policy").collect()
    if asks_gross:
        gross = with_gross_amounts(documents, accepted, lines, settlement).select("document_id", "amount_gross")
        rows = rows.join(gross, on="document_id", how="left", validate="m:1", maintain_order="left")
        is_net = (pl.col("amount") == pl.col("amount_net")) & (pl.col("amount_currency") == pl.col("document_currency")).fill_null(value=False)
        is_gross = (pl.col("amount_basis_policy") == "gross") & ((pl.col("amount_basis") == "current") | is_net).fill_null(value=False)
        rows = rows.with_columns(
            amount=pl.when(is_gross).then("amount_gross").otherwise("amount"),
            amount_basis=pl.when(is_gross).then(pl.lit("with tax")).otherwise("amount_basis"),
        ).drop("amount_gross")
    of_day = rows.select(currency="amount_currency", fx_rate=pl.lit(None, dtype=RATE), rate_day="day")
    at_decision = pl.when(pl.col("fx_policy") == "decision").then(company_rates(of_day, accepted, engagement.currency))
    return rows.with_columns(decision_rate=at_decision, takes_decision=pl.col("fx_policy") == "decision").drop("amount_basis_policy", "fx_policy")


def _compared(rows: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """The amount in the limit's currency: as it is, in company currency, or from there at the limit currency's rate of the same day."""
    base, wanted, held = pl.lit(engagement.currency), pl.col("limit_currency"), pl.col("amount_currency")
    is_document = held == pl.col("document_currency")
    by_decision = pl.col("takes_decision")
    rate = pl.when(by_decision).then("decision_rate").when(is_document).then("fx_rate")
    day = pl.when(by_decision).then("day").otherwise("document_date")
    of_limit = rows.select(currency="limit_currency", fx_rate=pl.lit(None, dtype=RATE), rate_day=day)
    rows = rows.with_columns(limit_rate=company_rates(of_limit, accepted, engagement.currency))
    at_home = pl.when(held == base).then(pl.lit(1, dtype=RATE)).otherwise(rate)
    crossed = ratio(pl.col("amount"), at_home, pl.col("limit_rate"), 6)
    converted = pl.when(wanted == held).then("amount").when(wanted == base).then(amount(pl.col("amount"), rate)).otherwise(crossed)
    rows = rows.with_columns(converted=converted.cast(MONEY))
    excess = (pl.col("converted") - pl.col("effective_limit_amount")).cast(MONEY)
    is_moved = pl.col("converted").is_not_null()
    own_rate = (
        pl.when(by_decision & (wanted == held))
        .then("decision_rate")
        .when(wanted == pl.col("document_currency"))
        .then("fx_rate")
        .otherwise("limit_rate")
    )
    excess_base = pl.when(wanted == base).then(excess).otherwise(amount(excess, own_rate))
    return rows.with_columns(
        amount_at_decision=pl.when(is_moved).then("converted").otherwise("amount"),
        currency=pl.when(is_moved).then("limit_currency").otherwise("amount_currency"),
        excess_amount=excess,
        excess_amount_base=excess_base,
    )


def _own_limits(subjects: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """subject_id with the limit a user has by themselves: their own, their roles' by the policy, the lower of both."""
    users = table(accepted, "user").select(
        "user_id", "roles", user_limit="approval_limit", user_currency=pl.col("limit_currency").fill_null(engagement.currency)
    )
    rows = subjects.join(users.collect(), on="user_id", how="left", validate="m:1")
    rows = rows.join(_role_limits(rows, accepted, engagement), on="subject_id", how="left", validate="1:1")
    has_own, has_role = pl.col("user_limit").is_not_null(), pl.col("role_is_known").fill_null(value=False)
    is_capped = has_role & ~pl.col("role_is_unlimited") & (pl.col("role_currency") == pl.col("user_currency"))
    lower = pl.when(is_capped).then(pl.min_horizontal("user_limit", "role_limit")).otherwise("user_limit")
    return rows.select(
        "subject_id",
        limit_amount=pl.when(has_own).then(lower).otherwise("role_limit").cast(MONEY),
        limit_currency=pl.when(has_own).then("user_currency").otherwise("role_currency"),
        is_known=has_own | has_role,
        is_unlimited=~has_own & pl.col("role_is_unlimited").fill_null(value=False),
    )


def _role_limits(rows: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """The highest amount the policy lets one of a user's roles approve; an empty one is unlimited where the policy states amounts at all."""
    columns = {
        "subject_id": pl.UInt32(),
        "role_limit": MONEY,
        "role_currency": pl.String(),
        "role_is_known": pl.Boolean(),
        "role_is_unlimited": pl.Boolean(),
    }
    if not is_given(accepted, "approval_policy", "max_amount"):
        return pl.DataFrame(schema=columns)
    roles = rows.filter(pl.col("roles").is_not_null()).with_columns(role=pl.col("roles").str.extract_all(r"[^,;，；]+")).explode("role")
    bands = table(accepted, "approval_policy").filter(pl.col("required_role").is_not_null()).select(
        "document_type", "max_amount", "valid_from", "valid_to",
        role=pl.col("required_role").str.strip_chars().str.to_uppercase(),
        band_company="company_code",
        band_group="item_group",
        role_currency=pl.col("currency").fill_null(engagement.currency),
    )  # fmt: skip
    held = roles.with_columns(role=pl.col("role").str.strip_chars().str.to_uppercase()).join(
        bands.collect(), on=["document_type", "role"], how="inner"
    )
    held = held.filter(
        (pl.col("band_company").is_null() | (pl.col("band_company") == pl.col("company_code")))
        & (pl.col("band_group").is_null() | (pl.col("band_group") == pl.col("item_group")))
        & (pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("day")))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("day")))
    )
    limits = held.group_by("subject_id").agg(
        role_limit=pl.col("max_amount").max(),
        role_currency=pl.col("role_currency").min(),
        role_is_known=pl.col("role_currency").n_unique() == 1,
        role_is_unlimited=pl.col("max_amount").is_null().any(),
    )
    return shaped(limits, columns)


def _lent_limits(rows: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """event_id with the limits lent to the actor on that day; where the event says for whom they acted, only that person's."""
    lent = table(accepted, "delegation").select("from_user", "to_user", "valid_from", "valid_to", cap="limit_amount").collect()
    deputies = rows.select("event_id", "actor_id", "on_behalf_of", "company_code", "document_type", "item_group", "day").join(
        lent, left_on="actor_id", right_on="to_user", how="inner"
    )
    deputies = deputies.filter(
        (pl.col("on_behalf_of").is_null() | (pl.col("on_behalf_of") == pl.col("from_user")))
        & (pl.col("valid_from") <= pl.col("day"))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("day")))
    ).with_row_index("subject_id")
    limits = _own_limits(deputies.with_columns(user_id="from_user").select(_SUBJECT), accepted, engagement)
    capped = deputies.select("subject_id", "event_id", "cap").join(limits, on="subject_id", how="left", validate="1:1")
    is_open = pl.col("is_unlimited") & pl.col("cap").is_not_null()
    return capped.select(
        "event_id",
        limit_amount=pl.when(is_open).then("cap").otherwise(pl.min_horizontal("limit_amount", "cap")).cast(MONEY),
        limit_currency=pl.when(is_open).then(pl.coalesce("limit_currency", pl.lit(engagement.currency))).otherwise("limit_currency"),
        is_known="is_known",
        is_unlimited=pl.col("is_unlimited") & pl.col("cap").is_null(),
    )


def decision_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in the columns of approval_decision, sorted by document and moment."""
    columns = schema("approval_decision")
    order = ["cycle", "company_code", "document_type", "document_number", "party_id", "action_at", "step", "actor_id", "event_id"]
    return shaped(rows.sort(order), columns)
