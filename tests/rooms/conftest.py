"""Workpapers made by hand: what a run produced, small enough to know every figure of it."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from recon.deliver import deliver
from recon.deliver.pack import PackTerms, pack
from recon.deliver.seal import make_keys, read_key
from recon.domain import measures, places, tie_out
from recon.domain import workpapers as declared
from recon.domain.control import Control
from recon.domain.engagement import Engagement
from recon.domain.money import MONEY, QUANTITY
from recon.domain.workpapers import InputFile, Matches, Outcomes, Register, Workpapers
from recon.load import rulebook
from recon.report import report

if TYPE_CHECKING:
    from collections.abc import Callable

_AS_OF = date(2026, 10, 31)
_CONTROLS = (
    (
        "QTY-01",
        "high",
        "Invoiced quantity does not exceed the delivered quantity",
        "Billed more than received",
        "开票数量不超过收货数量",
        "开票数量大于收货数量",
    ),
    (
        "PRC-01",
        "medium",
        "Invoice price does not exceed the order price",
        "Invoice price above the order price",
        "发票单价不高于订单单价",
        "发票单价高于订单单价",
    ),
    ("MIS-03", "medium", "Received goods are invoiced in time", "Received but not invoiced", "到货按时开票", "货到票未到"),
    ("APR-01", "high", "Documents are approved before they take effect", "Required approval is missing", "单据生效前已审批", "缺少审批"),
    ("DUP-01", "critical", "No invoice is entered twice", "Same invoice entered twice", "发票没有重复录入", "重复发票"),
)
_PARTIES = (("S1", "Shanghai Steel 上海钢铁"), ("S2", "Müller & Söhne <GmbH>"), ("C1", "Acme \"Retail\" 'Ltd'"), ("S3", "=cmd|'/c calc'!A1"))


def control(control_id: str, severity: str, title: str, name: str, title_zh: str, name_zh: str) -> Control:
    return Control.model_validate({
        "id": control_id, "title": {"en": title, "zh": title_zh}, "name": {"en": name, "zh": name_zh}, "cycle": "both",
        "assertion": ["accuracy"], "severity": severity, "scope": "order", "population": {"table": "invoice_line_match"},
        "risk": {"en": "Money is paid that is not owed.", "zh": "支付了不应支付的款项。"},
        "subject": {"document_type": "'supplier_invoice'", "document_number": "invoice_number"},
        "exception_when": "excess_quantity > :over_billing_quantity", "amount_at_risk": "invoiced_amount_base",
        "parameters": {"over_billing_quantity": {"value": "0", "why": "nothing above the delivery is owed"}},
        "message": {"en": "{invoice_number}", "zh": "{invoice_number}"}, "known_false_positives": ["transit loss the carrier admits"],
        "action": {"en": "Ask the supplier for a credit note.", "zh": "请供应商开具红字发票。"}, "examples": [],
    })  # fmt: skip


def exceptions(rows: int) -> pl.DataFrame:
    kinds: dict[str, Any] = {"amount_at_risk": MONEY, "amount_at_risk_base": MONEY, "age_days": pl.Int64(), "document_date": pl.Date()}
    kinds |= {"first_seen": pl.Date(), "source_row": pl.UInt32()}
    data = []
    for i in range(rows):
        control_id, severity, _, name, _, name_zh = _CONTROLS[i % len(_CONTROLS)]
        party, party_name = _PARTIES[i % len(_PARTIES)]
        money = Decimal(((i * 7919) % 1_000_003) * 100 + i % 100) / 100
        data.append({
            "exception_id": f"{i * 2654435761 % 2**32:08x}{i:08x}", "control_id": control_id, "severity": severity,
            "cycle": "order_to_cash" if party.startswith("C") else "procure_to_pay", "company_code": f"C{i % 2 + 1:02}", "party_id": party,
            "party_name": party_name, "document_type": "supplier_invoice", "document_number": f"INV-{i:06}", "document_line_no": str(i % 3 + 1),
            "order_number": f"PO-{i // 3:06}", "order_line_no": str(i % 3 + 1), "item_id": f"M-{i % 50:03}",
            "document_date": _AS_OF - timedelta(days=i % 365), "observed": "80", "expected": "50", "variance": "30", "limit": "0",
            "amount_at_risk": money, "currency": "CNY" if i % 3 else "USD", "amount_at_risk_base": money if i % 3 else money * 7,
            "age_days": i % 365, "message": f"{name}: 80 invoiced, 50 delivered </script><b>{i}</b>", "cause_exception_id": None,
            "certainty": "certain", "first_seen": _AS_OF, "source_file": "supplier_invoice_line.csv", "source_row": i + 2,
            "message_zh": f"{name_zh}：开票 80，到货 50（{i}）",
        })  # fmt: skip
    schema = {name: kinds.get(name, pl.String()) for name in declared.EXCEPTIONS}
    return pl.DataFrame(data, schema=schema)


def _controls(found: pl.DataFrame) -> pl.DataFrame:
    counted = found.group_by("control_id").agg(exceptions=pl.len().cast(pl.Int64), amount_at_risk_base=pl.col("amount_at_risk_base").sum())
    rows = [
        {
            "control_id": c[0],
            "title": c[2],
            "severity": c[1],
            "population": 1_048_576,
            "not_testable": 0,
            "reason": None,
            "title_zh": c[4],
            "reason_zh": None,
            "population_amount_base": Decimal("9000000.50"),
            "not_testable_amount_base": None,
        }
        for c in _CONTROLS
    ]
    tested = pl.DataFrame(
        rows, schema_overrides={"reason": pl.String(), "reason_zh": pl.String(), "population_amount_base": MONEY, "not_testable_amount_base": MONEY}
    ).join(counted, on="control_id", how="left", validate="1:1")
    tested = tested.with_columns(pl.col("exceptions").fill_null(0), pl.col("amount_at_risk_base").fill_null(Decimal(0)).cast(MONEY))
    tested = tested.with_columns(status=pl.when(pl.col("exceptions") > 0).then(pl.lit("exceptions")).otherwise(pl.lit("clean")))
    return tested.select(declared.CONTROLS).sort("control_id")


def opinion(status: str) -> dict[str, Any]:
    reason = {"not_performed": "switched off in the engagement", "error": "Great Expectations did not start"}.get(status)
    return {
        "control_id": "POP-10", "title": "The second opinion agrees", "severity": "high", "status": status, "population": 12, "exceptions": int(status == "exceptions"),
        "not_testable": 0, "amount_at_risk_base": Decimal(0), "reason": reason, "title_zh": "第二意见一致", "reason_zh": "未执行" if reason else None,
        "population_amount_base": None, "not_testable_amount_base": None,
    }  # fmt: skip


def _balances() -> pl.DataFrame:
    kinds = ("fulfilled_not_invoiced", "invoiced_not_fulfilled", "open_payable", "open_receivable", "unapplied_cash")
    buckets = ((12, "0-30"), (45, "31-60"), (75, "61-90"), (120, "91-180"), (300, "181-365"), (800, "over 365"))
    rows = []
    for i in range(120):
        days, bucket = buckets[(i * 5 + i // 7) % 6]
        party, name = _PARTIES[i % 4]
        sales = kinds[i % 5] in ("open_receivable", "unapplied_cash")
        rows.append({
            "cycle": "order_to_cash" if sales else "procure_to_pay", "kind": kinds[i % 5], "company_code": "C01", "party_id": party, "party_name": name,
            "order_number": f"PO-{i:04}", "order_line_no": "1", "document_type": "goods_receipt", "document_number": f"GR-{i:04}", "document_line_no": "1",
            "document_date": _AS_OF - timedelta(days=days), "quantity": Decimal(i), "amount": Decimal(i * 1000 + 7) / 10, "currency": "USD" if i % 4 == 0 else "CNY",
            "amount_base": None if i == 0 else Decimal(i * 1000 + 7) / 10 * (7 if i % 4 == 0 else 1), "age_days": days, "age_bucket": bucket,
            "source_file": "goods_receipt_line.csv", "source_row": i + 2,
        })  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"quantity": QUANTITY, "amount": MONEY, "amount_base": MONEY})


def _rolled(layers: pl.DataFrame) -> pl.DataFrame:
    """The open layers as the closing of a roll-forward in which a hundred was open, what is open came, and the hundred went."""
    key = ["cycle", "kind", "company_code", "party_id", "party_name", "currency"]
    closing = layers.group_by(key).agg(
        pl.col("amount", "amount_base").sum(), item_count=pl.len().cast(pl.Int64), unknown_count=pl.col("amount_base").null_count().cast(pl.Int64)
    )
    hundred = pl.lit(100, dtype=MONEY)
    told = closing.with_columns(
        expr.alias(f"{name}_amount{base}")
        for base in ("", "_base")
        for name, expr in {"opening": hundred, "cleared": hundred, **dict.fromkeys(("added", "closing", "balance"), pl.col(f"amount{base}")),
                           "difference": pl.lit(0, dtype=MONEY)}.items()
    )  # fmt: skip
    columns = measures.schema("roll_forward")
    lacking = [pl.lit(0, dtype=kind).alias(name) for name, kind in columns.items() if name not in told.columns]
    return told.with_columns(lacking).select(pl.col(name).cast(kind) for name, kind in columns.items()).sort(key)


def _accruals() -> pl.DataFrame:
    """Three entries of each kind and way."""
    ways = {
        "reverse_on_arrival": ("estimate", "reversal", "invoice"),
        "month_start_reversal": ("estimate", "reversal"),
        "adjust_on_arrival": ("adjustment",),
    }
    rows = [
        {"cycle": "procure_to_pay", "company_code": "C01", "party_id": "S1", "party_name": "Shanghai Steel 上海钢铁", "entry_date": _AS_OF, "entry_kind": kind,
         "accrual_method": way, "fulfilment_number": f"GR-{i:04}", "fulfilment_line_no": "1", "fulfilment_date": _AS_OF - timedelta(days=i), "item_id": "M-001",
         "quantity": Decimal(i), "currency": "CNY", "estimate_amount": Decimal(i), "estimate_amount_base": Decimal(i), "cost_amount_base": None if i == 0 else Decimal(2 * i)}
        for way, kinds in ways.items()
        for kind in kinds
        for i in range(3)
    ]  # fmt: skip
    columns = measures.schema("accrual_entry")
    return pl.DataFrame([{name: row.get(name) for name in columns} for row in rows], schema=columns)


def _tie_out(rejected: int) -> pl.DataFrame:
    rows = [
        {"table": table, "doorway": doorway, "rows_in": 1000, "rows_out": 1000 - aside, "rows_set_aside": aside, "amount_in": Decimal(5000),
         "amount_out": Decimal(5000 - aside), "amount_set_aside": Decimal(aside), "holds": True}
        for table in ("purchase_order_line", "supplier_invoice_line")
        for doorway in tie_out.DOORWAYS
        for aside in [rejected if (table, doorway) == ("supplier_invoice_line", "validate") else 0]
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=tie_out.SCHEMA)


def _rejected(rows: int) -> pl.DataFrame:
    data = [
        {"table": "supplier_invoice_line", "source_file": "supplier_invoice_line.csv", "source_row": 900 + i, "column": "unit_price_net", "rule": "not_negative",
         "value": "-5", "message": "a unit price is never negative"}
        for i in range(rows)
    ]  # fmt: skip
    return pl.DataFrame(data, schema={name: pl.UInt32() if name == "source_row" else pl.String() for name in declared.REJECTED})


def _lines(names: tuple[str, ...], rows: int) -> pl.LazyFrame:
    """Order or invoice lines: texts numbered, figures equal to their row."""
    text = {
        "cycle",
        "company_code",
        "order_number",
        "order_line_no",
        "party_id",
        "item_id",
        "currency",
        "match_status",
        "invoice_number",
        "invoice_line_no",
    }
    text |= {"link_pass", "link_certainty", "link_reason", "source_file"}
    columns = [
        pl.lit("procure_to_pay").alias(n) if n == "cycle" else pl.lit("exact").alias(n) if n == "match_status"
        else pl.lit("part").alias(n) if n.endswith("_status")
        else pl.concat_str(pl.lit(f"{n}-"), (rows - pl.int_range(rows)).cast(pl.String).str.zfill(5)).alias(n) if n in text
        else pl.int_range(rows).cast(MONEY).alias(n)
        for n in names
    ]  # fmt: skip
    return pl.select(columns).lazy()


@pytest.fixture(scope="session")
def make_workpapers() -> Callable[..., Workpapers]:
    """Workpapers with so many exceptions; every other part may be replaced by name."""

    def make(rows: int = 40, *, second_opinion: str = "clean", rejected: int = 3, fail_on: str = "medium", **parts: Any) -> Workpapers:
        terms = {
            "entity": "ACME & Töchter 公司", "as_of": _AS_OF, "period": {"from": date(2026, 10, 1), "to": _AS_OF}, "currency": "CNY", "fail_on": fail_on,
            "extracts": {"supplier_invoice_line": "supplier_invoice_line.csv"},
            "parameters": [{"control": "PRC-01", "set": {"price_over_tolerance_share": "0.05"}, "where": {"supplier_id": "S1"}, "why": "framework agreement"}],
            "policies": [{"set": {"match_level": "2way"}, "where": {"item_group": "SERVICES"}, "why": "services are confirmed, not received"}],
        }  # fmt: skip
        found = exceptions(rows)
        controls = pl.concat([_controls(found), pl.DataFrame([opinion(second_opinion)], schema=_controls(found).schema)]).sort("control_id")
        about = "control_id document_type document_number document_line_no order_number order_line_no reason cycle company_code party_id amount_base"
        untested = {name: MONEY if name == "amount_base" else pl.String() for name in about.split()}
        made = Workpapers(
            engagement=Engagement.model_validate(terms),
            controls=tuple(control(*facts) for facts in _CONTROLS),
            files=(InputFile("supplier_invoice_line.csv", "supplier_invoice_line", "ab" * 32, 123_456, 1000, "utf-8"),
                   InputFile("purchase_order_line.csv", "purchase_order_line", "cd" * 32, 65_432, 1000, "gb18030")),
            fingerprints={"rules/controls/quantity/QTY-01_billed.yaml": "ef" * 32},
            tie_out=_tie_out(rejected),
            rejected=_rejected(rejected),
            statements=pl.DataFrame(schema=dict.fromkeys(declared.STATEMENTS, pl.String()) | {"holds": pl.Boolean()}),
            outcomes=Outcomes(found, pl.DataFrame(schema=untested), controls, _lines(declared.ORDER_LINES, 30), _lines(declared.INVOICE_LINES, 30)),
            register=Register(found.with_columns(base_severity="severity", severity_reason=pl.lit(None, pl.String)), pl.DataFrame(schema=dict.fromkeys(declared.CHANGES, pl.String()) | {"amount_at_risk_base": MONEY, "first_seen": pl.Date()})),
            allocations=pl.LazyFrame(schema=measures.schema("allocation")),
            settlements=pl.LazyFrame(schema=measures.schema("settlement_match")),
            balances=_balances().lazy(),
            roll_forward=_rolled(_balances()),
            accruals=_accruals(),
            row_counts={"purchase_order_line": 1000, "supplier_invoice_line": 1000 - rejected},
            ignored={"supplier_invoice_line": ("MEMO",)},
            seconds={"load": 0.1},
        )  # fmt: skip
        return replace(made, **parts)

    return make


@pytest.fixture
def workpapers(make_workpapers: Callable[..., Workpapers]) -> Workpapers:
    return make_workpapers()


@pytest.fixture
def no_matches() -> Matches:
    """Measured tables without rows."""
    return Matches({name: pl.LazyFrame(schema=measures.schema(name)) for name in measures.MEASURES}, {}, tie_out.empty())


# ── evidence packs ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="session")
def shelf(tmp_path_factory, make_workpapers):
    """Three packs of three runs, sealed by one key; the second is the one that is attacked."""
    place = tmp_path_factory.mktemp("shelf")
    public = make_keys(place / "key")
    controls = rulebook.read_controls(places.rules() / "controls")
    names = []
    for rows in (3, 5, 7):
        made = make_workpapers(rows)
        deliver(report(made, "en"), made, place / "runs" / str(rows))
        names.append(pack(place / "runs" / str(rows), place / "packs", controls, PackTerms(key=read_key(place / "key"))).folder.name)
    return place, names, public


@pytest.fixture
def attacked(shelf, tmp_path):
    """A copy of the shelf: (folder of the packs, the middle pack, public key, head of the chain)."""
    place, names, public = shelf
    packs = shutil.copytree(place / "packs", tmp_path / "packs")
    head = hashlib.sha256((packs / "chain.jsonl").read_bytes().split(b"\n")[2]).hexdigest()
    return packs, packs / names[1], public, head
