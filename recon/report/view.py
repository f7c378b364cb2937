"""What the sections may see: tables of the workpapers, chosen, ordered and named. No figure here carries an opinion."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from markupsafe import Markup

from recon.domain import ages as parted
from recon.domain.engagement import SEVERITIES
from recon.report import ages, charts, column_words, phrases, totals
from recon.report.approval_gaps import approval_gaps
from recon.report.blocks import Shown, fitting, packed, shown
from recon.report.bridge import bridge
from recon.report.coverage import coverage
from recon.report.creep import crept
from recon.report.figures import number, rounded
from recon.report.movements import accruals, movements
from recon.report.orders import inside, places_of
from recon.report.results import placed, tables
from recon.report.scorecards import scorecards
from recon.report.table_words import TABLES
from recon.report.trend import KINDS as TREND_KINDS
from recon.report.trend import point
from recon.report.verdict import SECOND_OPINION
from recon.report.vocabulary import (
    CERTAINTIES,
    CHANGES,
    CYCLES,
    DOCUMENTS,
    FAMILIES,
    KINDS,
    PLACES_CITED,
    RULES,
    SEVERITY_REASONS,
)
from recon.report.vocabulary import SEVERITIES as SEVERITIES_SHOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Workpapers
    from recon.report.editions import Edition
    from recon.report.words import Words

#: Rows inside the page; more are in results/, and the page says so.
_EXCEPTIONS_MOST: Final = 100_000
_OTHERS_MOST: Final = 20_000
#: Characters that the exceptions may take of the page, which is to stay below 10 MB; where sentences are long, fewer rows are in it.
_EXCEPTIONS_SIZE_MOST: Final = 5_500_000
#: Rows that stand as plain HTML.
_PLAIN_MOST: Final = 50
_PLAIN_PER_CONTROL: Final = 10
_PARTIES_MOST: Final = 8
_HEAVIEST_MOST: Final = 10


def view(workpapers: Workpapers, facts: dict[str, Any], layers: pl.DataFrame, edition: Edition, words: Words) -> dict[str, Any]:
    """Everything the sections of an edition's page are made of: its workpapers and open layers, and the summary of them."""
    orders, audience, folder = edition.orders, edition.terms, edition.folder
    found = _exceptions(workpapers, edition, words)
    controls, statements = workpapers.outcomes.controls, workpapers.statements.sort("table", "rule")
    tested = pl.when(pl.col("status").is_in(["clean", "exceptions"])).then(pl.col("population") - pl.col("not_testable"))
    performed = controls.filter(pl.col("status").is_in(["clean", "exceptions", "nothing_to_test"])).height
    return {
        "engagement": workpapers.engagement,
        "facts": facts,
        "previous": workpapers.register.previous_summary,
        "sparks": _sparks(facts, words),
        "proof": _proof(workpapers),
        "files": workpapers.files,
        "doorways": totals.doorways(workpapers),
        "tie_out": placed(workpapers.tie_out).sort("place", "table").to_dicts(),
        "statements": statements.to_dicts(),
        "statements_failed": statements.filter(~pl.col("holds").fill_null(value=False)).to_dicts(),
        "controls": controls.with_columns(tested=tested, family=pl.col("control_id").str.slice(0, 3)).sort("control_id").to_dicts(),
        "opinion": next(iter(controls.filter(pl.col("control_id") == SECOND_OPINION)["status"].to_list()), "not_performed"),
        "performed": performed,
        "severity_stack": _severity_stack(facts, words),
        **found,
        **_heaviest(workpapers, words),
        **inside(orders, words, workpapers.engagement.time_zone, folder),
        **approval_gaps(workpapers, words),
        **bridge(workpapers, audience.cycles, words),
        **crept(workpapers, audience.cycles),
        **scorecards(workpapers, words),
        **_balances(layers, words, workpapers.engagement),
        **movements(workpapers),
        **accruals(workpapers),
        **_changes(workpapers, words),
        **_blind_spots(workpapers, words),
        **_suppressions(workpapers),
        **coverage(workpapers, words),
        **_rejected(workpapers.rejected, words),
        **_method(workpapers, found["groups"], words),
        "result_files": [*sorted(tables(workpapers, layers)), "results/summary.json", f"report/report{edition.suffix}.xlsx"],
    }


def _severity_stack(facts: dict[str, Any], words: Words) -> Markup:
    parts = [(s, figures["count"], f"{words(SEVERITIES_SHOWN[s])}: {number(figures['count'])}") for s, figures in facts["by_severity"].items()]
    return charts.stack(parts, words("Exceptions"))


def _sparks(facts: dict[str, Any], words: Words) -> dict[str, Markup]:
    """The course of the key figures over the runs that are remembered, this one last."""
    points = [*facts["trend"], point(facts)]
    figures = {"exceptions": [p["exceptions"] for p in points], "amount": [_decimal(p["amount_at_risk_base"]) for p in points]}
    figures["set_aside"] = [p["set_aside"] for p in points]
    figures |= {kind: [_decimal(p["balances"].get(kind)) for p in points] for kind in TREND_KINDS}
    return {name: charts.spark(values, words("The last runs")) for name, values in figures.items()}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _proof(workpapers: Workpapers) -> dict[str, int]:
    """How far completeness is proven: tables with a control total of the source, how many agree, tables without one."""
    # where none was given the statement says so, and holds neither way
    totals_given = workpapers.statements.filter((pl.col("rule") == "control_total") & pl.col("holds").is_not_null())
    agreed = int(totals_given.select(pl.col("holds").cast(pl.Boolean).fill_null(value=False).sum()).item()) if totals_given.height else 0
    tables = {name for name, rows in workpapers.row_counts.items() if rows and name != "control_total"}
    return {"given": totals_given.height, "agreed": agreed, "without": len(tables - set(totals_given["table"].to_list()))}


# ── exceptions ───────────────────────────────────────────────────────────────────────────────────────────────
def _heaviest(workpapers: Workpapers, words: Words) -> dict[str, Any]:
    """The largest amounts at risk, causes only, and where the money is: by family and by party."""
    exceptions = workpapers.register.exceptions
    causes = exceptions.filter(pl.col("cause_exception_id").is_null() & (pl.col("severity") != "indicator"))
    rows = causes.sort("amount_at_risk_base", "exception_id", descending=[True, False], nulls_last=True).head(_HEAVIEST_MOST)
    names = {control.id: getattr(control.name, words.language) for control in workpapers.controls}
    currency = workpapers.engagement.currency
    families = totals.summed(causes.with_columns(family=pl.col("control_id").str.slice(0, 3)), "family", _PARTIES_MOST)
    parties = totals.summed(causes.with_columns(party=pl.coalesce("party_name", "party_id")), "party", _PARTIES_MOST)
    spoken = pl.coalesce(pl.col(words.column("message")), "message").alias("spoken")
    return {
        "heaviest": [row | {"name": names.get(row["control_id"], "")} for row in rows.with_columns(spoken).to_dicts()],
        "by_family": _bars([(words(FAMILIES.get(f, f)), a) for f, a in families.rows()], currency, words("At risk by family of controls")),
        "by_party": _bars(parties.rows(), currency, words("At risk by party")),
    }


def _bars(rows: Sequence[tuple[str, Decimal]], currency: str, title: str) -> Markup:
    return charts.bars([(name, amount, rounded(amount, currency)) for name, amount in rows], title, wide=True)


def _exceptions(workpapers: Workpapers, edition: Edition, words: Words) -> dict[str, Any]:
    """The heaviest first: by severity, then by amount."""
    rank = pl.col("severity").replace_strict({s: i for i, s in enumerate(SEVERITIES)}, default=len(SEVERITIES), return_dtype=pl.Int64)
    ordered = workpapers.register.exceptions.sort(
        rank, pl.col("amount_at_risk_base"), "control_id", "exception_id", descending=[False, True, False, False], nulls_last=True
    )
    ordered = phrases.figures(ordered, words).with_columns(
        pl.coalesce(pl.col(words.column("message")), "message").alias(words.column("message")),
        severity_reason=_reasons(words),
    )
    ordered = column_words.about_the_run(ordered, words.column("message"), words)
    names = {control.id: getattr(control.name, words.language) for control in workpapers.controls}
    actions = {control.id: getattr(control.action, words.language) for control in workpapers.controls}
    per_control = totals.by_control(workpapers).to_dicts()
    plain = ordered.group_by("control_id", maintain_order=True).head(_PLAIN_PER_CONTROL).partition_by("control_id", as_dict=True)
    groups = [row | {"name": names.get(row["control_id"], ""), "rows": plain[(row["control_id"],)].to_dicts()} for row in per_control]
    currency = workpapers.engagement.currency
    heads = {
        group["control_id"]: {
            "place": place,
            "title": group["name"],
            "count": number(group["count"]),
            "amount": f"{rounded(group['amount_at_risk_base'], currency)} {currency}",
            "action": actions.get(group["control_id"], ""),
        }
        for place, group in enumerate(groups)
    }
    top = places_of(edition.orders, ordered.head(_EXCEPTIONS_MOST), workpapers, edition.folder)
    top, block = fitting(
        top, _EXCEPTIONS_SIZE_MOST, lambda rows: packed(rows, _exception_columns(words, rows), words, group="control_id", groups=heads)
    )
    return {
        "groups": groups,
        "found_by": set(heads),
        "exceptions_shown": top.height,
        "exceptions_block": Markup(block),  # noqa: S704 - base64
    }


def _reasons(words: Words) -> pl.Expr:
    """Why the severity moved, in words; several reasons stand one after another."""
    spoken = pl.col("severity_reason")
    for reason, text in SEVERITY_REASONS.items():
        spoken = spoken.str.replace(reason, words(text), literal=True)
    return spoken


def _exception_columns(words: Words, rows: pl.DataFrame) -> list[Shown]:
    message = words.column("message")
    facts_of: dict[str, dict[str, Any]] = {
        "severity": {"width": 100, "choice": True, "codes": SEVERITIES_SHOWN, "toned": True},
        "control_id": {"width": 78, "choice": True},
        "document_number": {"width": 118},
        "document_line_no": {"width": 56},
        "party_name": {"width": 130},
        message: {"width": -1},
        "amount_at_risk_base": {"width": 124, "digits": 2, "span": True},
        "age_days": {"width": 92, "span": True},
        "party_id": {"choice": True},
        "company_code": {"choice": True},
        "cycle": {"codes": CYCLES, "choice": True},
        "document_type": {"codes": DOCUMENTS},
        "amount_at_risk": {"digits": 2},
        "certainty": {"codes": CERTAINTIES},
    }
    rest = ["order_number", "order_line_no", "item_id", "document_date", "observed", "expected", "variance", "limit", "currency", "first_seen", "source_file", "source_row", "cause_exception_id", "exception_id", "order", "page", "severity_reason"]  # fmt: skip
    rest += ["limit_set_by"] if rows["limit_set_by"].null_count() < rows.height else []
    return [shown(name, words, **facts) for name, facts in facts_of.items()] + [shown(name, words) for name in rest]


# ── balances ─────────────────────────────────────────────────────────────────────────────────────────────────
def _balances(layers: pl.DataFrame, words: Words, engagement: Engagement) -> dict[str, Any]:
    currency, buckets = engagement.currency, ages.spoken(parted.buckets(engagement.age_days), words)
    ordered = layers.sort(
        pl.col("amount_base").abs(), "kind", "document_number", "document_line_no", descending=[True, False, False, False], nulls_last=True
    )
    first = ordered.head(_OTHERS_MOST)
    columns = [
        shown("kind", words, width=220, choice=True, codes=KINDS),
        shown("age_bucket", words, width=130, choice=True, codes=buckets),
        shown("party_id", words, choice=True),
        shown("party_name", words, width=180),
        shown("document_number", words, width=-1),
        shown("document_line_no", words, width=56),
        shown("document_date", words, width=146),
        shown("age_days", words, width=92, span=True),
        shown("amount_base", words, width=140, digits=2, span=True),
        shown("company_code", words, choice=True),
        shown("amount", words, digits=2),
        *(shown(name, words) for name in ("currency", "quantity", "order_number", "order_line_no")),
        shown("cycle", words, codes=CYCLES),
        *(shown(name, words) for name in ("source_file", "source_row") if name in layers.columns),
    ]
    return {
        "balance_charts": _ageing(layers, words, currency, buckets),
        "balance_parties": totals.balances_by_party(layers, _PARTIES_MOST).to_dicts(),
        "balance_currencies": totals.balances_by_currency(layers).to_dicts(),
        "balance_rows": first.head(_PLAIN_MOST).to_dicts(),
        "balances_shown": first.height,
        "balances_count": layers.height,
        "balances_block": Markup(packed(first, columns, words)),  # noqa: S704 - base64
    }


def _ageing(layers: pl.DataFrame, words: Words, currency: str, buckets: dict[str, str]) -> list[dict[str, Any]]:
    """One chart per kind of balance: a bar per age bucket."""
    found = []
    for (kind,), rows in totals.balances(layers).partition_by("kind", as_dict=True, maintain_order=True).items():
        amounts = dict(zip(rows["age_bucket"].to_list(), rows["amount_base"].to_list(), strict=True))
        bars = [(word, amounts.get(bucket, 0) or Decimal(0), rounded(amounts.get(bucket, 0), currency)) for bucket, word in buckets.items()]
        svg = charts.bars(bars, words(KINDS.get(str(kind), str(kind))))
        found.append({"svg": svg, **totals.totalled(rows, "kind").to_dicts()[0]})
    return found


# ── changes, blind spots, rejected rows ──────────────────────────────────────────────────────────────────────
def _changes(workpapers: Workpapers, words: Words) -> dict[str, Any]:
    from recon.report.page import closing

    order = pl.col("change").replace_strict({"closed": 0, "not_retested": 1, "new": 2}, default=3, return_dtype=pl.Int64)
    ordered = workpapers.register.changes.sort(order, "amount_at_risk_base", "exception_id", descending=[False, True, False], nulls_last=True)
    first = ordered.head(_OTHERS_MOST)
    spoken = {value: closing(value, words) for value in first["closed_by"].drop_nulls().unique().to_list()}
    told = first.with_columns(pl.col("closed_by").replace_strict(spoken, default=None, return_dtype=pl.String))
    columns = [
        shown("change", words, width=130, choice=True, codes=CHANGES, toned=True),
        shown("control_id", words, width=84, choice=True),
        shown("document_number", words, width=170),
        shown("document_line_no", words, width=56),
        shown("closed_by", words, width=-1),
        shown("first_seen", words, width=110),
        shown("amount_at_risk_base", words, width=150, digits=2),
        shown("severity", words, codes=SEVERITIES_SHOWN, choice=True),
        *(shown(name, words) for name in ("company_code", "document_type", "order_number", "order_line_no", "exception_id")),
    ]
    return {
        "change_rows": first.head(_PLAIN_MOST).to_dicts(),
        "changes_shown": first.height,
        "changes_count": ordered.height,
        "changes_block": Markup(packed(told, columns, words)),  # noqa: S704 - base64
    }


def _blind_spots(workpapers: Workpapers, words: Words) -> dict[str, Any]:
    rows = workpapers.outcomes.not_testable.pipe(column_words.reasons, workpapers.controls, words).sort(
        pl.col("amount_base").abs(), "control_id", "document_number", "document_line_no", descending=[True, False, False, False], nulls_last=True
    )
    columns = [
        shown("control_id", words, width=84, choice=True),
        shown("document_type", words, width=170, codes=DOCUMENTS),
        shown("document_number", words, width=130),
        shown("document_line_no", words, width=56),
        shown("reason", words, width=-1),
        shown("amount_base", words, width=130, digits=2, span=True),
        *(shown(name, words) for name in ("cycle", "company_code", "party_id", "order_number", "order_line_no")),
    ]
    first = rows.head(_OTHERS_MOST)
    untested = rows.group_by("control_id", "reason").agg(
        pl.len().cast(pl.Int64).alias("count"), pl.col("document_number").min().alias("example"), amount_base=totals.known_sum("amount_base")
    )
    missing = workpapers.outcomes.controls.filter(pl.col("status").is_in(["not_performed", "error"]))
    spots = workpapers.outcomes.controls.filter(pl.col("not_testable") > 0)
    aside = placed(workpapers.tie_out).sort("place", "table").filter((pl.col("rows_set_aside") > 0) & (pl.col("doorway") != "match"))
    return {
        "not_performed": missing.sort("control_id").to_dicts(),
        "partly_tested": spots.sort("not_testable_amount_base", "control_id", descending=[True, False], nulls_last=True).to_dicts(),
        "untested": untested.sort("control_id", "reason").to_dicts(),
        "untested_shown": first.height,
        "untested_count": rows.height,
        "untested_block": Markup(packed(first, columns, words)),  # noqa: S704 - base64
        "aside": aside.to_dicts(),
    }


def _suppressions(workpapers: Workpapers) -> dict[str, Any]:
    """What somebody answers for, and the terms that narrow the audit."""
    register, terms = workpapers.register, workpapers.engagement
    hidden = register.suppressed
    return {
        "suppressions": register.suppressions.to_dicts() if register.suppressions is not None else [],
        "suppressed": hidden.head(_PLAIN_MOST).to_dicts() if hidden is not None else [],
        "suppressed_count": hidden.height if hidden is not None else 0,
        "excluded": list(terms.controls.exclude),
        "included": list(terms.controls.include),
        "folded": int(register.exceptions["cause_exception_id"].count()),
    }


def _rejected(rejected: pl.DataFrame, words: Words) -> dict[str, Any]:
    ordered = phrases.rejections(rejected.sort("table", "source_file", "source_row", "column", "rule"), words)
    first = ordered.head(_OTHERS_MOST)
    groups = rejected.group_by("table", "source_file", "column", "rule").agg(
        pl.len().cast(pl.Int64).alias("count"), pl.col("source_row").n_unique().cast(pl.Int64).alias("rows")
    )
    columns = [
        shown("table", words, width=140, choice=True, codes=TABLES),
        shown("source_file", words, width=150, choice=True),
        shown("source_row", words, width=64),
        shown("column", words, width=116, choice=True),
        shown("rule", words, width=170, choice=True, codes=RULES),
        shown("value", words, width=110),
        shown("message", words, width=-1),
    ]
    return {
        "rejected_groups": groups.sort("table", "source_file", "column", "rule").to_dicts(),
        "rejected_rows": first.head(_PLAIN_MOST).to_dicts(),
        "rejected_shown": first.height,
        "rejected_count": rejected.height,
        "rejected_block": Markup(packed(first, columns, words)),  # noqa: S704 - base64
    }


# ── method ───────────────────────────────────────────────────────────────────────────────────────────────────
def _method(workpapers: Workpapers, groups: list[dict[str, Any]], words: Words) -> dict[str, Any]:
    from recon.report.glossary import GLOSSARY

    engagement = workpapers.engagement
    lines = {row["control_id"]: row for row in workpapers.outcomes.controls.to_dicts()}
    rows = {group["control_id"]: group["rows"] for group in groups}
    heaviest = {control_id: place for place, control_id in enumerate(rows)}
    book = sorted((c for c in workpapers.controls if c.id in lines), key=lambda c: (heaviest.get(c.id, len(heaviest)), c.id))
    terms = [{"what": p.control, "scope": _pairs(p.where), "set": _pairs(p.set), "why": p.why} for p in engagement.parameters]
    terms += [{"what": words("Matching policy"), "scope": _pairs(p.where), "set": _pairs(p.set), "why": p.why} for p in engagement.policies]
    return {
        "book": [_in_full(c, workpapers, words) | {"line": lines[c.id], "rows": rows.get(c.id, [])} for c in book],
        "book_ids": {control.id for control in book},
        "terms": terms,
        "ignored": {name: columns for name, columns in sorted(workpapers.ignored.items()) if columns},
        "fingerprints": dict(sorted(workpapers.fingerprints.items())),
        "glossary": [(words(word), words(meaning)) for word, meaning in GLOSSARY],
    }


def _in_full(control: Control, workpapers: Workpapers, words: Words) -> dict[str, Any]:
    population = control.population.table + ("" if control.population.where == "TRUE" else f" WHERE {control.population.where}")
    overrides = [p for p in workpapers.engagement.parameters if p.control == control.id]
    spoken = {name: getattr(getattr(control, name), words.language) for name in ("name", "title", "risk", "action")}
    written = {name: getattr(control, name) for name in ("id", "severity", "exception_when", "not_testable_when", "amount_at_risk")}
    lists = {
        "parameters": {name: {"value": limit.value, "why": getattr(limit.why, words.language)} for name, limit in control.parameters.items()},
        "known_false_positives": [getattr(remark, words.language) for remark in control.known_false_positives],
        "references": [cited(reference, words) for reference in control.references],
    }
    return {
        **spoken,
        **written,
        **lists,
        "population": population,
        "table": control.population.table,
        "owner": workpapers.engagement.owner_of(control.id),
        "overrides": [{"set": p.set, "scope": _pairs(p.where), "why": p.why} for p in overrides],
    }


def cited(reference: str, words: Words) -> str:
    """A reference with its place in words; titles of laws and standards stay in their own language."""
    title, _, place = reference.partition(", ")
    kind, _, number_there = place.partition(" ")
    return f"{title} {words(PLACES_CITED[kind])} {number_there}" if words.language != "en" and kind in PLACES_CITED else reference


def _pairs(words: dict[str, str]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in words.items())
