"""What the sections may see: tables of the workpapers, chosen, ordered and named. No figure here carries an opinion."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from markupsafe import Markup

from recon.domain.engagement import SEVERITIES
from recon.report import charts, totals
from recon.report.blocks import Shown, packed
from recon.report.figures import number, rounded
from recon.report.vocabulary import BUCKETS, CERTAINTIES, CHANGES, COLUMNS, CYCLES, DOCUMENTS, KINDS, TABLES
from recon.report.vocabulary import SEVERITIES as SEVERITIES_SHOWN

if TYPE_CHECKING:
    from recon.domain.control import Control
    from recon.domain.workpapers import Workpapers
    from recon.report.words import Words

#: Rows inside the page; more are in results/, and the page says so.
_EXCEPTIONS_MOST: Final = 100_000
_OTHERS_MOST: Final = 20_000
#: Rows that stand as plain HTML.
_PLAIN_MOST: Final = 50
_PLAIN_PER_CONTROL: Final = 10
_PARTIES_MOST: Final = 8


def view(workpapers: Workpapers, facts: dict[str, Any], layers: pl.DataFrame, words: Words) -> dict[str, Any]:
    """Everything the sections of the page are made of."""
    controls, statements = workpapers.outcomes.controls, workpapers.statements.sort("table", "rule")
    tested = pl.when(pl.col("status").is_in(["clean", "exceptions"])).then(pl.col("population") - pl.col("not_testable"))
    performed = controls.filter(pl.col("status").is_in(["clean", "exceptions", "nothing_to_test"])).height
    return {
        "engagement": workpapers.engagement,
        "facts": facts,
        "previous": workpapers.register.previous_summary,
        "files": workpapers.files,
        "doorways": totals.doorways(workpapers),
        "tie_out": workpapers.tie_out.to_dicts(),
        "statements": statements.to_dicts(),
        "statements_failed": statements.filter(~pl.col("holds").fill_null(value=False)).to_dicts(),
        "controls": controls.with_columns(tested=tested).sort("control_id").to_dicts(),
        "performed": performed,
        "severity_stack": _severity_stack(facts, words),
        **_exceptions(workpapers, words),
        **_balances(layers, words, workpapers.engagement.currency),
        **_changes(workpapers, words),
        **_blind_spots(workpapers),
        **_rejected(workpapers.rejected, words),
        **_method(workpapers, words),
    }


def _severity_stack(facts: dict[str, Any], words: Words) -> Markup:
    parts = [(s, figures["count"], f"{words(SEVERITIES_SHOWN[s])}: {number(figures['count'])}") for s, figures in facts["by_severity"].items()]
    return charts.stack(parts, words("Exceptions"))


# ── exceptions ───────────────────────────────────────────────────────────────────────────────────────────────
def _exceptions(workpapers: Workpapers, words: Words) -> dict[str, Any]:
    """The heaviest first: by severity, then by amount."""
    rank = pl.col("severity").replace_strict({s: i for i, s in enumerate(SEVERITIES)}, default=len(SEVERITIES), return_dtype=pl.Int64)
    ordered = workpapers.register.exceptions.sort(
        rank, pl.col("amount_at_risk_base"), "control_id", "exception_id", descending=[False, True, False, False], nulls_last=True
    )
    ordered = ordered.with_columns(pl.coalesce(pl.col(words.column("message")), "message").alias(words.column("message")))
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
    shown = ordered.head(_EXCEPTIONS_MOST)
    return {
        "groups": groups,
        "found_by": set(heads),
        "exceptions_shown": shown.height,
        "exceptions_block": Markup(packed(shown, _exception_columns(words), words, group="control_id", groups=heads)),  # noqa: S704 - base64
    }


def _exception_columns(words: Words) -> list[Shown]:
    message = words.column("message")
    shown: dict[str, dict[str, Any]] = {
        "severity": {"width": 100, "choice": True, "codes": SEVERITIES_SHOWN, "toned": True},
        "control_id": {"width": 78, "choice": True},
        "document_number": {"width": 118},
        "document_line_no": {"width": 56},
        "party_name": {"width": 130},
        message: {"width": -1},
        "amount_at_risk_base": {"width": 124, "digits": 2},
        "age_days": {"width": 92},
        "party_id": {"choice": True},
        "company_code": {"choice": True},
        "cycle": {"codes": CYCLES, "choice": True},
        "document_type": {"codes": DOCUMENTS},
        "amount_at_risk": {"digits": 2},
        "certainty": {"codes": CERTAINTIES},
    }
    rest = ["order_number", "order_line_no", "item_id", "document_date", "observed", "expected", "variance", "limit", "currency", "first_seen", "source_file", "source_row", "cause_exception_id", "exception_id"]  # fmt: skip
    return [_shown(name, words, **facts) for name, facts in shown.items()] + [_shown(name, words) for name in rest]


def _shown(name: str, words: Words, **facts: Any) -> Shown:  # noqa: ANN401 - fields of Shown
    plain = name.removesuffix(f"_{words.language}")
    return Shown(name, COLUMNS[plain], **facts)


# ── balances ─────────────────────────────────────────────────────────────────────────────────────────────────
def _balances(layers: pl.DataFrame, words: Words, currency: str) -> dict[str, Any]:
    ordered = layers.sort(
        pl.col("amount_base").abs(), "kind", "document_number", "document_line_no", descending=[True, False, False, False], nulls_last=True
    )
    shown = ordered.head(_OTHERS_MOST)
    columns = [
        _shown("kind", words, width=220, choice=True, codes=KINDS),
        _shown("age_bucket", words, width=130, choice=True, codes=BUCKETS),
        _shown("party_id", words, choice=True),
        _shown("party_name", words, width=180),
        _shown("document_number", words, width=-1),
        _shown("document_line_no", words, width=56),
        _shown("document_date", words, width=110),
        _shown("age_days", words, width=92),
        _shown("amount_base", words, width=140, digits=2),
        _shown("company_code", words, choice=True),
        _shown("amount", words, digits=2),
        *(_shown(name, words) for name in ("currency", "quantity", "order_number", "order_line_no")),
        _shown("cycle", words, codes=CYCLES),
    ]
    return {
        "balance_charts": _ageing(layers, words, currency),
        "balance_parties": totals.balances_by_party(layers, _PARTIES_MOST).to_dicts(),
        "balance_currencies": totals.balances_by_currency(layers).to_dicts(),
        "balance_rows": shown.head(_PLAIN_MOST).to_dicts(),
        "balances_shown": shown.height,
        "balances_count": layers.height,
        "balances_block": Markup(packed(shown, columns, words)),  # noqa: S704 - base64
    }


def _ageing(layers: pl.DataFrame, words: Words, currency: str) -> list[dict[str, Any]]:
    """One chart per kind of balance: a bar per age bucket."""
    found = []
    for (kind,), rows in totals.balances(layers).partition_by("kind", as_dict=True, maintain_order=True).items():
        amounts = dict(zip(rows["age_bucket"].to_list(), rows["amount_base"].to_list(), strict=True))
        order = [*BUCKETS, *sorted(b for b in amounts if b is not None and b not in BUCKETS)]
        bars = [
            (words(BUCKETS.get(bucket, bucket)), amounts.get(bucket, 0) or Decimal(0), rounded(amounts.get(bucket, 0), currency)) for bucket in order
        ]
        svg = charts.bars(bars, words(KINDS.get(str(kind), str(kind))))
        found.append({"svg": svg, **totals.totalled(rows, "kind").to_dicts()[0]})
    return found


# ── changes, blind spots, rejected rows ──────────────────────────────────────────────────────────────────────
def _changes(workpapers: Workpapers, words: Words) -> dict[str, Any]:
    from recon.report.page import closing

    order = pl.col("change").replace_strict({"closed": 0, "not_retested": 1, "new": 2}, default=3, return_dtype=pl.Int64)
    ordered = workpapers.register.changes.sort(order, "amount_at_risk_base", "exception_id", descending=[False, True, False], nulls_last=True)
    shown = ordered.head(_OTHERS_MOST)
    spoken = {value: closing(value, words) for value in shown["closed_by"].drop_nulls().unique().to_list()}
    told = shown.with_columns(pl.col("closed_by").replace_strict(spoken, default=None, return_dtype=pl.String))
    columns = [
        _shown("change", words, width=130, choice=True, codes=CHANGES, toned=True),
        _shown("control_id", words, width=84, choice=True),
        _shown("document_number", words, width=170),
        _shown("document_line_no", words, width=56),
        _shown("closed_by", words, width=-1),
        _shown("first_seen", words, width=110),
        _shown("amount_at_risk_base", words, width=150, digits=2),
        _shown("severity", words, codes=SEVERITIES_SHOWN, choice=True),
        *(_shown(name, words) for name in ("company_code", "document_type", "order_number", "order_line_no", "exception_id")),
    ]
    return {
        "change_rows": shown.head(_PLAIN_MOST).to_dicts(),
        "changes_shown": shown.height,
        "changes_count": ordered.height,
        "changes_block": Markup(packed(told, columns, words)),  # noqa: S704 - base64
    }


def _blind_spots(workpapers: Workpapers) -> dict[str, Any]:
    untested = workpapers.outcomes.not_testable.group_by("control_id", "reason").agg(
        pl.len().cast(pl.Int64).alias("count"), pl.col("document_number").min().alias("example")
    )
    missing = workpapers.outcomes.controls.filter(pl.col("status").is_in(["not_performed", "error"]))
    aside = workpapers.tie_out.filter((pl.col("rows_set_aside") > 0) & (pl.col("doorway") != "match"))
    return {
        "not_performed": missing.sort("control_id").to_dicts(),
        "untested": untested.sort("control_id", "reason").to_dicts(),
        "aside": aside.to_dicts(),
    }


def _rejected(rejected: pl.DataFrame, words: Words) -> dict[str, Any]:
    ordered = rejected.sort("table", "source_file", "source_row", "column", "rule")
    shown = ordered.head(_OTHERS_MOST)
    groups = rejected.group_by("table", "source_file", "column", "rule").agg(
        pl.len().cast(pl.Int64).alias("count"), pl.col("source_row").n_unique().cast(pl.Int64).alias("rows")
    )
    columns = [
        _shown("table", words, width=180, choice=True, codes=TABLES),
        _shown("source_file", words, width=220, choice=True),
        _shown("source_row", words, width=80),
        _shown("column", words, width=150, choice=True),
        _shown("rule", words, width=150, choice=True),
        _shown("value", words, width=120),
        _shown("message", words, width=-1),
    ]
    return {
        "rejected_groups": groups.sort("table", "source_file", "column", "rule").to_dicts(),
        "rejected_rows": shown.head(_PLAIN_MOST).to_dicts(),
        "rejected_shown": shown.height,
        "rejected_count": rejected.height,
        "rejected_block": Markup(packed(shown, columns, words)),  # noqa: S704 - base64
    }


# ── method ───────────────────────────────────────────────────────────────────────────────────────────────────
def _method(workpapers: Workpapers, words: Words) -> dict[str, Any]:
    from recon.report.glossary import GLOSSARY

    engagement = workpapers.engagement
    listed = set(workpapers.outcomes.controls["control_id"].to_list())
    book = [control for control in workpapers.controls if control.id in listed]
    terms = [{"what": p.control, "scope": _pairs(p.where), "set": _pairs(p.set), "why": p.why} for p in engagement.parameters]
    terms += [{"what": words("Matching policy"), "scope": _pairs(p.where), "set": _pairs(p.set), "why": p.why} for p in engagement.policies]
    return {
        "book": [_in_full(control, workpapers, words) for control in book],
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
    written = {name: getattr(control, name) for name in ("id", "severity", "exception_when", "not_testable_when", "amount_at_risk", "parameters")}
    lists = {"known_false_positives": control.known_false_positives, "references": control.references}
    return {
        **spoken,
        **written,
        **lists,
        "population": population,
        "overrides": [{"set": p.set, "scope": _pairs(p.where), "why": p.why} for p in overrides],
    }


def _pairs(words: dict[str, str]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in words.items())
