"""Documents in buckets: what may be matched together stands together, so that a large company fits in memory a bucket at a time.

A bucket holds whole party groups. Groups one of whose documents names another's order, goods, bill or payment are one group
here; documents without a party go where the documents they name are. Names are compared as matching compares them, and a
doubt (an equal fingerprint, a number in another spelling) joins groups rather than parting them: buckets that are too large
cost memory, documents that miss each other would cost the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.domain.documents import DATE_ONLY, SOURCE_FILE, SOURCE_ROW, schema, with_full_schema
from recon.match.company import company_facts
from recon.match.dense import IN_ORDER
from recon.match.given import is_given, table
from recon.match.numbers import normalised

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Kinds of numbers whose spelling may differ between the document and those that name it.
_RESPELLED: Final = ("order", "goods", "note")
#: Kinds that bind only where somebody asks for the number without naming the party: parties number such papers as they like.
_ASKED: Final = ("note", "party's bill")
#: Papers that say nothing of whose they are and name nothing are looked at together.
_NOBODY: Final = "nobody"


@dataclass(frozen=True)
class _Paper:
    """How a canonical table says whose its rows are: a party, else the document itself; and what they name: (kind, column)."""

    cycle: Cycle
    table: str
    party: str | None
    number: str
    names: tuple[tuple[str, str], ...]


def in_buckets(
    accepted: Accepted, engagement: Engagement, rows_per_bucket: int, keep: Callable[[str, pl.DataFrame], pl.LazyFrame]
) -> tuple[Accepted, list[Accepted]]:
    """The documents in an order that suits buckets, and the buckets: about `rows_per_bucket` rows each, at least one bucket.

    `keep` stores the rows of one table in one bucket under a name and gives them back as a plan; what was stored leaves the documents
    handed in. Tables without party or document
    (masters, prices, rates, the ledger) are in every bucket as they are.
    """
    papers = [paper for paper in _papers() if is_given(accepted, paper.table)]
    rows = sum(accepted.row_counts[paper.table] for paper in papers)
    count = -(-rows // rows_per_bucket)
    if count < 2:
        return accepted, [accepted]
    groups = _groups(accepted)
    nodes, bonds = {}, _Bonds([], [], [])
    for paper in papers:
        held = _nodes(accepted, paper, groups).collect(engine=IN_ORDER)
        nodes[paper.table] = held["node"]
        bonds.add(paper, held)
    sizes = pl.concat([series.value_counts(name="rows") for series in nodes.values()]).group_by("node").agg(pl.col("rows").sum())
    places = _places(sizes, bonds.binding(), count)
    count = int(places.select(pl.col("bucket").max()).item()) + 1  # fewer where one group is larger than a bucket
    facts = company_facts(accepted, engagement)
    parted = {paper.table: _parted(accepted, paper.table, nodes.pop(paper.table), places, keep) for paper in papers}
    tables = {name: plan if name in parted else _held(accepted, name, rows_per_bucket) for name, plan in accepted.documents.tables.items()}
    whole = {**tables, **{name: pl.concat(parts) for name, parts in parted.items()}}
    buckets = [{**tables, **{name: parts[place] for name, parts in parted.items()}} for place in range(count)]
    return (
        replace(accepted, documents=replace(accepted.documents, tables=whole)),
        [replace(accepted, documents=replace(accepted.documents, tables=held), company=facts) for held in buckets],
    )


def held(bucket: Accepted) -> Accepted:
    """A bucket with its documents in memory, which are looked at many times: what waits on disk would be unpacked each time."""
    papers = {paper.table for paper in _papers()}
    tables = {name: _held(bucket, name) if name in papers else plan for name, plan in bucket.documents.tables.items()}
    return replace(bucket, documents=replace(bucket.documents, tables=tables))


def _held(accepted: Accepted, name: str, most_rows: int | None = None) -> pl.LazyFrame:
    """The table in memory, in the columns that its source gave until others are asked for; with `most_rows` only where it has no more."""
    plan = accepted.documents.tables[name]
    if most_rows is not None and accepted.row_counts.get(name, 0) > most_rows:
        return plan
    return with_full_schema(name, plan.select(_given(accepted, name)).collect(engine=IN_ORDER).lazy())


def _given(accepted: Accepted, name: str) -> list[str]:
    supplied = accepted.documents.supplied[name]
    return [c for c in schema(name) if c in supplied or c in {SOURCE_FILE, SOURCE_ROW} or c.removesuffix(DATE_ONLY) in supplied]


def _papers() -> list[_Paper]:
    papers = []
    for cycle in CYCLES:
        goods, order = f"{cycle.fulfilment}_number", ("order", f"{cycle.order}_number")
        bill = ("party's bill", "invoice_number")
        bills = (("bill", "invoice_number"), bill) if cycle is ORDER_TO_CASH else (bill,)
        note, delivered = ("note", "supplier_delivery_note"), ("goods", goods)
        number, origin = f"{cycle.payment}_number", ("goods", f"origin_{goods}")
        papers += [
            _Paper(cycle, cycle.order_table, cycle.party, order[1], (order, ("requisition", "requisition_id"))),
            _Paper(cycle, cycle.fulfilment_table, cycle.party, goods, (delivered, order, origin, note)),
            _Paper(cycle, cycle.invoice_table, cycle.party, "invoice_number", (*bills, ("party's bill", "internal_number"), order, delivered, note)),
            _Paper(cycle, cycle.invoice_header_table, cycle.party, "invoice_number", bills),
            _Paper(cycle, cycle.payment_table, cycle.party, number, (("money", number),)),
            _Paper(cycle, cycle.allocation_table, cycle.party, number, (("money", number), *(b for b in bills if b[0] == "bill"))),
        ]
    confirmed = (("goods", "shipment_number"),)
    papers.append(_Paper(ORDER_TO_CASH, "delivery_confirmation_line", None, "confirmation_number", confirmed))
    return papers + [
        _Paper(PROCURE_TO_PAY, name, party, "document_number", ()) for name, party in (("approval_event", "party_id"), ("document_change", None))
    ]


#: Kind of paper that an approval or a change speaks about -> its cycle and the kind of its number.
_SPOKEN_OF: Final[dict[str, tuple[str, str]]] = {
    **{c.order_type: (c.name, "order") for c in CYCLES},
    **{c.fulfilment_type: (c.name, "goods") for c in CYCLES},
    **{c.invoice_type: (c.name, "bill") for c in CYCLES},
    **{c.payment_type: (c.name, "money") for c in CYCLES},
    "credit_note": (ORDER_TO_CASH.name, "bill"),
    "requisition": (PROCURE_TO_PAY.name, "requisition"),
}


# ── whose a row is ───────────────────────────────────────────────────────────────────────────────────────────
def _groups(accepted: Accepted) -> pl.LazyFrame:
    """cycle, party_id, group_id of parties that belong to a group."""
    masters = [table(accepted, c.party_table).select("party_id", "group_id", cycle=pl.lit(c.name)) for c in CYCLES]
    return pl.concat(masters).drop_nulls().unique(["cycle", "party_id"], keep="any").collect().lazy()


def _fingerprint(*parts: pl.Expr) -> pl.Expr:
    """A 64-bit number per combination of texts; what compares equal has the same."""
    mixed = parts[0].hash(0)
    for position, part in enumerate(parts[1:], start=1):
        mixed = (mixed * 31) ^ part.hash(position)
    return mixed


def _nodes(accepted: Accepted, paper: _Paper, groups: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of a table in their order, each with `node` (its party group, else its own document), `where` (cycle and company), and what it names."""
    frame = table(accepted, paper.table)
    cycle, party = pl.lit(paper.cycle.name), pl.col(paper.party) if paper.party else pl.lit(None, dtype=pl.String)
    kind = pl.lit(paper.table)
    if paper.number == "document_number":
        kind = pl.col("document_type")
        cycle = kind.replace_strict({word: said[0] for word, said in _SPOKEN_OF.items()}, default=paper.cycle.name, return_dtype=pl.String)
        of_master = {c.party_table: c.name for c in CYCLES}
        is_master = kind.is_in(list(of_master))
        cycle = pl.when(is_master).then(kind.replace_strict(of_master, default=None, return_dtype=pl.String)).otherwise(cycle)
        party = pl.coalesce(pl.when(is_master).then("document_number"), party)
    named = dict.fromkeys(column for _, column in paper.names)
    slim = frame.select("company_code", *named, number=paper.number, kind=kind, cycle=cycle, party_id=party)
    held = slim.join(groups, on=["cycle", "party_id"], how="left", validate="m:1", maintain_order="left")
    owner = pl.coalesce("group_id", "party_id")
    own = _fingerprint(pl.col("cycle"), pl.col("kind"), pl.col("company_code"), pl.col("number"))
    node = pl.when(owner.is_not_null()).then(_fingerprint(pl.col("cycle"), owner)).otherwise(own)
    return held.with_columns(node=node, where=_fingerprint(pl.col("cycle"), pl.col("company_code")))


# ── what binds ───────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _Bonds:
    """node, token in three heaps: those that bind, those that bind where somebody asks, and those who ask. A token is a number of a kind in a company."""

    sure: list[pl.DataFrame]
    asked: list[pl.DataFrame]
    askers: list[pl.DataFrame]

    def add(self, paper: _Paper, rows: pl.DataFrame) -> None:
        """What the rows of a table name, as `_nodes` gives them."""
        if paper.number == "document_number":
            for kind in ("order", "goods", "bill", "money", "requisition"):
                said = rows.filter(pl.col("kind").is_in([word for word, (_, of) in _SPOKEN_OF.items() if of == kind]))
                self.sure.append(_tokens(said, kind, "number"))
                if kind == "bill":
                    self.askers.append(_tokens(said.filter(pl.col("party_id").is_null()), "party's bill", "number"))
            return
        for kind, column in paper.names:
            (self.asked if kind in _ASKED else self.sure).append(_tokens(rows, kind, column))
        order, goods = f"{paper.cycle.order}_number", f"{paper.cycle.fulfilment}_number"
        if paper.table == paper.cycle.fulfilment_table:
            lost = rows.filter(pl.col("party_id").is_null() & pl.col(order).is_null())
            self.sure.append(_tokens(lost.with_columns(number=pl.lit(_NOBODY)), _NOBODY, "number"))
        if paper.table == paper.cycle.invoice_table:
            self.askers.append(_tokens(rows.filter(pl.col(order).is_null() & pl.col(goods).is_null()), "note", "supplier_delivery_note"))

    def binding(self) -> pl.DataFrame:
        """The bonds between different nodes, each once: the tokens that more than one node has."""
        asked = pl.concat(self.askers)
        answers = [frame.join(asked, on="token", how="semi") for frame in self.asked] if asked.height else []
        told = pl.concat([*self.sure, asked, *answers]).sort("token")  # neighbours are cheaper to compare than groups are to make
        met = told.filter((pl.col("token") == pl.col("token").shift()) & (pl.col("node") != pl.col("node").shift()))
        return told.join(met, on="token", how="semi").unique()


def _tokens(rows: pl.DataFrame, kind: str, column: str) -> pl.DataFrame:
    """node, token of the numbers in a column. Numbers that may be spelt otherwise are compared as `numbers` compares them."""
    named = _without_echoes(rows.lazy().select("node", "where", number=column).filter(pl.col("number").is_not_null()))
    token = ((pl.col("where") * 31) ^ pl.lit(kind).hash(2) ^ pl.col("number").hash(3)).alias("token")
    if kind not in _RESPELLED:
        return named.select("node", token).collect()
    spelt = pl.coalesce(normalised(pl.col("number")), "number")
    return named.with_columns(number=spelt).select("node", token).collect()


def _without_echoes(bonds: pl.LazyFrame) -> pl.LazyFrame:
    """Bonds without those that repeat the one before: the lines of a document follow one another."""
    differs = [pl.col(name) != pl.col(name).shift() for name in ("node", "where", "number")]
    return bonds.filter(pl.any_horizontal(differs).fill_null(value=True))


def _places(nodes: pl.DataFrame, bonds: pl.DataFrame, count: int) -> pl.DataFrame:
    """node, bucket: nodes that are bound stand in one bucket; buckets of about equal numbers of rows, the largest groups first."""
    joined = nodes.join(_components(bonds), on="node", how="left", validate="1:1").with_columns(group=pl.coalesce("group", "node"))
    sizes = joined.group_by("group").agg(pl.col("rows").sum()).sort("rows", "group", descending=[True, False])
    before = pl.col("rows").cum_sum() - pl.col("rows")
    placed = sizes.select("group", bucket=(before * count // pl.col("rows").sum()).rank("dense").cast(pl.UInt16) - 1)
    return joined.select("node", "group").join(placed, on="group", how="left", validate="m:1").select("node", "bucket")


def _components(bonds: pl.DataFrame) -> pl.DataFrame:
    """node, group of the nodes of bonds between different nodes: the smallest node that can be reached is the group's name."""
    labels = bonds.select("node").unique().with_columns(group="node")
    while True:
        lowest = bonds.join(labels, on="node").group_by("token").agg(low=pl.col("group").min())
        reached = bonds.join(lowest, on="token").group_by("node").agg(low=pl.col("low").min())
        met = labels.join(reached, on="node", validate="1:1")
        # the old name of a group learns the new one too, and every node takes the name of its name
        roots = met.group_by(node="group").agg(of_root=pl.col("low").min())
        hooked = met.join(roots, on="node", how="left", validate="1:1").select("node", low=pl.min_horizontal("low", "of_root"))
        renamed = hooked.join(hooked.rename({"node": "low", "low": "of_name"}), on="low", how="left", validate="m:1")
        after = renamed.select("node", group=pl.min_horizontal("low", "of_name"))
        if after.sort("node").equals(labels.sort("node")):
            return labels
        labels = after


# ── the rows in their buckets ────────────────────────────────────────────────────────────────────────────────
def _parted(
    accepted: Accepted, table_name: str, nodes: pl.Series, places: pl.DataFrame, keep: Callable[[str, pl.DataFrame], pl.LazyFrame]
) -> list[pl.LazyFrame]:
    """The rows of a table by bucket, in the columns that the source gave until they are asked for."""
    bucket = nodes.to_frame().join(places, on="node", how="left", validate="m:1", maintain_order="left")["bucket"]
    frame = accepted.documents.tables[table_name].select(_given(accepted, table_name)).collect(engine=IN_ORDER)
    accepted.documents.let_go(table_name)
    count = int(places.select(pl.col("bucket").max()).item()) + 1
    parts = (frame.filter(bucket == place) for place in range(count))
    return [with_full_schema(table_name, keep(f"{table_name}-{place}", part)) for place, part in enumerate(parts)]
