"""Parties by tax id, by another id (`party_cross_reference`) or by name, where a document names one that the master does not have.

The tax id is the id that the document writes, or what the headers of its invoices state; the name is that id, what its orders call the party, or the payer of
money of which no customer is known. A name is compared without its legal form (`party_names.same_name`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import scopes
from recon.domain.cycles import CYCLES, ORDER_TO_CASH
from recon.domain.engagement import POLICIES
from recon.match.given import is_given, table
from recon.match.known_by import FOUND, LINE, only, placed
from recon.match.numbers import compacted
from recon.match.party_names import same_name

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

POLICY: Final = "party_known_by"
_WHO: Final = ["company_code", "party_id", "name"]
_LOST: Final = {
    "table": pl.String(),
    "column": pl.String(),
    LINE: pl.UInt32(),
    **dict.fromkeys([*_WHO, "number", "cycle"], pl.String()),
}


def parties_on_file(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """FOUND of document rows whose party the master does not have and whose tax id, other id or name is exactly one party's."""
    rules = [rule for rule in engagement.policy_rules() if POLICY in rule.settings]
    found = [pl.DataFrame(schema=FOUND)]
    if not any(rule.settings[POLICY] != POLICIES[POLICY][0] for rule in rules) and not is_given(accepted, "party_cross_reference"):
        return found[0]
    for cycle in (cycle for cycle in CYCLES if is_given(accepted, cycle.party_table)):
        ways = scopes.resolve(_lost(accepted, cycle).lazy(), rules, {POLICY: POLICIES[POLICY][0]}).collect()
        subjects = ways.select(*_WHO, POLICY).unique().sort(pl.all()).with_row_index("id")
        known = subjects.join(only(_met(subjects, accepted, cycle), "target"), on="id", how="inner", validate="1:1")
        rows = ways.join(known.select(*_WHO, "target", "reason"), on=_WHO, how="inner", validate="m:1", nulls_equal=True)
        told = _without_collisions(rows, accepted, cycle).with_columns(written=pl.coalesce("party_id", "name"))
        found.append(told.drop("number").rename({"target": "number"}).select(FOUND.keys()))
    return pl.concat(found)


def _lost(accepted: Accepted, cycle: Cycle) -> pl.DataFrame:
    """Rows of documents whose party the master does not have; `name` where they name a payer and no party. `number`: of the invoice that a row is of."""
    master = table(accepted, cycle.party_table).select("party_id").unique()
    bills, stems = (
        [cycle.invoice_type, *(["credit_note"] if cycle is ORDER_TO_CASH else [])],
        [cycle.order_type, cycle.fulfilment_type, cycle.payment_type],
    )
    of_bill, nothing = pl.col("invoice_number"), pl.lit(None, dtype=pl.String)
    numbers = dict.fromkeys((cycle.invoice_table, cycle.invoice_header_table, cycle.allocation_table), of_bill)
    numbers |= dict.fromkeys((cycle.order_table, cycle.fulfilment_table, cycle.payment_table), nothing)
    numbers["approval_event"] = pl.when(pl.col("document_type").is_in(bills)).then("document_number")
    frames = []
    for name, number in numbers.items():
        column = "party_id" if name == "approval_event" else cycle.party
        frame, payer = placed(accepted, name), nothing
        if name == "approval_event":
            frame = frame.filter(pl.col("document_type").is_in([*bills, *stems]))
        if name == "cash_receipt":
            payer = pl.when(pl.col(column).is_null()).then("payer_name")
        slim = frame.select(
            LINE, "company_code", party_id=column, name=payer, number=number, table=pl.lit(name), column=pl.lit(column), cycle=pl.lit(cycle.name),
        )  # fmt: skip
        if is_given(accepted, name):
            frames.append(slim.filter(pl.col("party_id").is_not_null() | pl.col("name").is_not_null()).join(master, on="party_id", how="anti"))
    return pl.concat([pl.DataFrame(schema=_LOST), *(frame.select(_LOST.keys()) for frame in pl.collect_all(frames))])


def _met(subjects: pl.DataFrame, accepted: Accepted, cycle: Cycle) -> pl.DataFrame:
    """The parties of the master that the keys of a subject name: id, written, target, step, reason. A name yields to a tax id that says otherwise."""
    master = table(accepted, cycle.party_table).select(
        target="party_id", tax=compacted(pl.col("tax_id")), plain=same_name(pl.col("party_name"))
    ).collect()  # fmt: skip
    stated = _stated_tax_ids(accepted, cycle)
    taxed = _evidence(subjects.filter(pl.col(POLICY) != "id"), stated).with_columns(tax=compacted(pl.col("said")))
    named = _evidence(subjects.filter(pl.col(POLICY) == "name"), _stated_names(accepted, cycle)).with_columns(plain=same_name(pl.col("said")))
    of_headers = subjects.join(stated, on=["company_code", "party_id"]).select("id", of_header=compacted(pl.col("said"))).unique()
    by_name = named.join(master, on="plain")
    denied = by_name.join(of_headers, on="id").filter(pl.col("of_header") != pl.col("tax")).select("id", "target").unique()
    other = table(accepted, "party_cross_reference").filter(pl.col("party_role") == cycle.party_table)
    mapped = other.select(code=compacted(pl.col("other_party_id")), target="party_id").drop_nulls().unique().collect()
    steps = [
        (taxed.join(master, on="tax"), "party: tax id"),
        (subjects.select("id", said="party_id", code=compacted(pl.col("party_id"))).join(mapped, on="code"), "party: other id"),
        (by_name.join(denied, on=["id", "target"], how="anti"), "party: name"),
    ]
    return pl.concat(
        [f.select("id", "target", written="said", step=pl.lit(turn, dtype=pl.Int8), reason=pl.lit(why)) for turn, (f, why) in enumerate(steps)]
    )


def _evidence(subjects: pl.DataFrame, stated: pl.DataFrame) -> pl.DataFrame:
    """The id and what is `said` of each subject: its own id or name, and what its documents state."""
    own = subjects.select("id", said=pl.coalesce("party_id", "name"))
    of_documents = subjects.join(stated, on=["company_code", "party_id"], how="inner").select("id", "said")
    return pl.concat([own, of_documents]).drop_nulls().unique()


def _stated_tax_ids(accepted: Accepted, cycle: Cycle) -> pl.DataFrame:
    """company_code, party_id, said: the party's tax ids on the headers of its invoices."""
    column = "buyer_tax_id" if cycle is ORDER_TO_CASH else "supplier_tax_id"
    return table(accepted, cycle.invoice_header_table).select("company_code", party_id=cycle.party, said=column).drop_nulls().unique().collect()


def _stated_names(accepted: Accepted, cycle: Cycle) -> pl.DataFrame:
    """company_code, party_id, said: the party's names on its orders."""
    column = "customer_name" if cycle is ORDER_TO_CASH else "supplier_name"
    return table(accepted, cycle.order_table).select("company_code", party_id=cycle.party, said=column).drop_nulls().unique().collect()


def _without_collisions(rows: pl.DataFrame, accepted: Accepted, cycle: Cycle) -> pl.DataFrame:
    """The rows without invoices whose number the party on file has itself: two papers would become one, and which of them is true nobody knows."""
    key = ["company_code", "number"]
    bills = [
        table(accepted, name).select("company_code", number="invoice_number", target=cycle.party)
        for name in (cycle.invoice_table, cycle.invoice_header_table)
    ]
    own = pl.concat(bills).unique().collect()
    several = rows.filter(pl.col("number").is_not_null()).group_by(*key, "target").agg(ids=pl.col("party_id").n_unique()).filter(pl.col("ids") > 1)
    return rows.join(own, on=[*key, "target"], how="anti").join(several, on=[*key, "target"], how="anti")
