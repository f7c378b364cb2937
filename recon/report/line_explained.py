"""One invoice line of a published run, explained: what was expected and why, which documents carry it, which rules judged it and with which limits.

Reads what the run published and nothing else. Figures are those of `results/`; the sums shown are checked here against one another.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from recon.domain.errors import InputsRefused, TermsRefused, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from recon.domain.control import Control

_BRIDGE: Final = {
    "quantity_variance": "billed beyond what may be billed, at the order's price and rate",
    "price_variance": "billed quantity times (its price less the order's price), at the order's rate",
    "fx_variance": "billed value at its own price, at its rate less the order's rate",
    "rounding_variance": "the amount stated less quantity times price",
}
#: What the price difference is made of.
_PRICE: Final = {
    "price_factor_variance": "the order's price times a conversion factor of the item, less the order's price",
    "price_unit_variance": "the same for a price per ten, hundred or thousand",
    "price_retroactive_variance": "towards the price that the order had on the other day, when the goods came or the bill was dated",
    "price_discount_variance": "the discount that the line states",
    "price_remainder_variance": "nothing on file explains it",
}
_BESIDE: Final = {"tax_variance": "tax stated less tax expected", "charge_variance": "charges billed less charges planned"}
_SPOKEN: Final = ("control_id", "severity", "document_number", "observed", "expected", "variance", "limit", "message")
#: Populations that judge one invoice line.
_JUDGING: Final = "invoice_line_match"
_LINE: Final = ("cycle", "company_code", "invoice_number", "invoice_line_no")


def explain_line(folder: Path, document: str, controls: Sequence[Control]) -> tuple[list[dict[str, Any]], str]:
    """Facts and text for every invoice line that `NUMBER` or `NUMBER/LINE` names in the run published at `folder`.

    A number may hold slashes itself: the whole text is tried as a number first. `controls` is the rule book; limits that the run's engagement
    set in their place are shown with their scope. Raises TermsRefused where nothing has that number, InputsRefused where the folder is no run.
    """
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise InputsRefused("this is no published run", where=str(folder), expected="a folder with manifest.json and results/", got="none")
    terms = json.loads(manifest.read_text(encoding="utf-8"))["engagement"]
    found = _lines(folder, document)
    explained = [_facts(folder, line, controls, terms) for line in found.to_dicts()]
    return explained, "\n\n".join(_text(facts) for facts in explained)


def _read(folder: Path, name: str) -> pl.LazyFrame:
    import polars as pl

    return pl.scan_parquet(folder / "results" / f"{name}.parquet")


def _lines(folder: Path, document: str) -> pl.DataFrame:
    import polars as pl

    lines = _read(folder, "invoice_lines")
    number, _, line = document.rpartition("/")
    for wanted in (pl.col("invoice_number") == document, (pl.col("invoice_number") == number) & (pl.col("invoice_line_no") == line)):
        found = lines.filter(wanted).collect()
        if found.height:
            return found
    numbers = set(lines.select(pl.col("invoice_number").unique()).collect().to_series().to_list())
    raise TermsRefused(
        "the run has no such invoice", where=str(folder), expected="an invoice number, or number/line", got=document,
        todo=did_you_mean(document, numbers) or "look the number up in results/invoice_lines.parquet",
    )  # fmt: skip


def _same(row: Mapping[str, Any], *names: str) -> pl.Expr:
    import polars as pl

    return pl.all_horizontal(pl.col(name).eq_missing(pl.lit(row[name])) for name in names)


def _facts(folder: Path, line: dict[str, Any], controls: Sequence[Control], terms: Mapping[str, Any]) -> dict[str, Any]:
    import polars as pl

    order_key = ("cycle", "company_code", "order_number", "order_line_no")
    orders = _read(folder, "order_lines").filter(_same(line, *order_key)).collect() if line["order_number"] else None
    parts = _read(folder, "allocations").filter(_same(line, *_LINE)).collect()
    if line["order_number"]:
        parts = parts.filter(_same(line, "order_number"))
    paid = _read(folder, "settlements").filter(_same(line, "cycle", "company_code", "party_id", "invoice_number")).collect()
    raised = _read(folder, "exceptions").filter(_same(line, "cycle", "company_code")).collect()
    own = (pl.col("document_number") == line["invoice_number"]) & (pl.col("party_id").eq_missing(pl.lit(line["party_id"])))
    own &= pl.col("document_line_no").is_null() | (pl.col("document_line_no") == line["invoice_line_no"])
    of_order = pl.lit(value=False)
    if line["order_number"]:
        of_order = _same({"document_number": line["order_number"]}, "document_number") & (
            pl.col("document_line_no").is_null() | _same({"document_line_no": line["order_line_no"]}, "document_line_no")
        )
    spoken = raised.filter(own | of_order).sort("control_id", "document_number")
    states = _states(folder, line, spoken)
    return {
        "line": line,
        "order_line": orders.row(0, named=True) if orders is not None and orders.height else None,
        "carried_by": parts.select("order_line_no", "fulfilment_number", "fulfilment_line_no", "quantity", "amount").to_dicts(),
        "settled_by": paid.select("payment_number", "amount", "discount", "write_off", "pass", "certainty").to_dicts(),
        "arithmetic": _arithmetic(line),
        "exceptions": spoken.select(*_SPOKEN, *(name for name in ("limit_set_by",) if name in spoken.columns)).to_dicts(),
        "judged_by": [_judge(control, states, terms) for control in controls if _judges(control, line)],
    }


def _judges(control: Control, line: Mapping[str, Any]) -> bool:
    return control.status == "active" and control.population.table == _JUDGING and control.cycle in {"both", line["cycle"]}


def _states(folder: Path, line: Mapping[str, Any], spoken: pl.DataFrame) -> dict[str, str]:
    """What each control said of this line, where it said more than nothing: not performed, not testable, raised."""
    import polars as pl

    performed = pl.read_csv(folder / "results" / "controls.csv", columns=["control_id", "status"])
    states = dict(performed.filter(pl.col("status").is_in(["not_performed", "error"])).rows())
    named = {"document_number": line["invoice_number"], "document_line_no": line["invoice_line_no"]}
    untested = _read(folder, "not_testable").filter(_same(named, *named)).select("control_id").collect().to_series()
    states |= dict.fromkeys(untested, "not testable")
    return states | dict.fromkeys(spoken.filter(pl.col("document_number") == line["invoice_number"])["control_id"], "raised")


def _judge(control: Control, states: Mapping[str, str], terms: Mapping[str, Any]) -> dict[str, Any]:
    """A control that has invoice lines for its population: its limits, those of the engagement in their place, what it said of this line."""
    overrides = [rule for rule in terms.get("parameters", []) if rule["control"] == control.id]
    return {
        "control_id": control.id,
        "name": control.name.en,
        "says": states.get(control.id, "silent").replace("_", " "),
        "limits": {name: parameter.value for name, parameter in control.parameters.items()},
        "engagement": [{"set": rule["set"], "where": rule.get("where", {}), "why": rule["why"]} for rule in overrides],
    }


def _arithmetic(line: Mapping[str, Any]) -> list[str]:
    """The expectation and the bridge in sums. What is not known is not added."""
    billable, expected, quantity, amount = (line[n] for n in ("billable_quantity", "expected_amount", "invoiced_quantity", "invoiced_amount"))
    sums = []
    if billable is not None and expected is not None:
        price = f" × {plain(expected / billable)} each" if billable else ""
        sums.append(f"expected: {plain(billable)} billable of {plain(quantity)} billed{price} = {plain(expected)}")
    if amount is not None:
        each = f" = {plain(quantity)} × {plain(amount / quantity)}" if quantity else ""
        sums.append(f"billed: {plain(amount)}{each}")
    known = {name: line[name] for name in _BRIDGE if line[name] is not None}
    for name, value in known.items():
        if value:
            sums.append(f"{name.removesuffix('_variance')}: {plain(value)} ({_BRIDGE[name]})")
        if name == "price_variance":
            sums += _price_parts(line)
    if len(known) == len(_BRIDGE):
        total = sum(known.values(), Decimal(0))
        sums.append(f"difference in company currency: {' + '.join(plain(value) for value in known.values())} = {plain(total)}")
    sums += [f"{name.removesuffix('_variance')}: {plain(line[name])} ({words})" for name, words in _BESIDE.items() if line[name]]
    return sums


def _price_parts(line: Mapping[str, Any]) -> list[str]:
    """The price difference in parts, where anything on file explains one; a run of an earlier version has none."""
    parts = {name: line.get(name) for name in _PRICE}
    if not any(value for name, value in parts.items() if name != "price_remainder_variance"):
        return []
    told = [(name.removeprefix("price_").removesuffix("_variance"), value, _PRICE[name]) for name, value in parts.items() if value]
    total = sum((value for _, value, _ in told), Decimal(0))
    return [
        *(f"  of it {name}: {plain(value)} ({words})" for name, value, words in told),
        f"  price in parts: {' + '.join(plain(value) for _, value, _ in told)} = {plain(total)}",
    ]


def plain(value: Decimal | None) -> str:
    """A figure without zeros that say nothing, at most ten digits behind the point; a dash where it is not known."""
    if value is None:
        return "–"
    text = f"{round(value, 10):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(facts: Mapping[str, Any]) -> str:
    line, order = facts["line"], facts["order_line"]
    said = [f"{line['invoice_number']} line {line['invoice_line_no']} of {line['party_id']}, company {line['company_code']}: {line['match_status']}"]
    if line["order_number"]:
        said.append(f"order: {line['order_number']} line {line['order_line_no'] or '–'}, found by {line['link_pass']}, {line['link_certainty']}")
    else:
        said.append(f"order: none ({line['link_pass'] or 'no pass'}, {line['link_certainty']})")
    if line.get("link_reason"):
        said.append(f"  {'because' if line.get('order_line_set') else 'held equal'}: {line['link_reason']}")
    if line.get("order_line_set"):
        said.append(f"  lines of the order whose value adds up to it: {line['order_line_set'].replace('_', ' ')}")
    far = {"may be billed": line.get("billable_quantity_status"), "due at the order's price": line.get("expected_amount_status")}
    far |= {"of the invoice is paid": line.get("paid_amount_status")}
    said += ["  " + ", ".join(f"{word} {what}" for what, word in far.items() if word)] if any(far.values()) else []
    if order:
        counts = ("ordered", "fulfilled", "accepted", "invoiced")
        said.append("  " + ", ".join(f"{plain(order[f'{name}_quantity'])} {name}" for name in counts) + f", {order['currency']}")
        far = {name: order.get(f"{name}_status") for name in ("fulfilled_quantity", "invoiced_quantity", "invoiced_amount", "paid_amount")}
        said += ["  " + ", ".join(f"{name.replace('_', ' ')} {word}" for name, word in far.items() if word)] if any(far.values()) else []
    for part in facts["carried_by"]:
        goods = f"{part['fulfilment_number']} line {part['fulfilment_line_no']}" if part["fulfilment_number"] else "nothing that came or went"
        goods += f" (order line {part['order_line_no']})" if line["order_line_no"] is None and part["order_line_no"] else ""
        said.append(f"carried by: {goods}, {plain(part['quantity'])} for {plain(part['amount'])}")
    said += facts["arithmetic"]
    said += [f"settled by: {row['payment_number']}, {plain(row['amount'])} ({row['pass']}, {row['certainty']})" for row in facts["settled_by"]]
    for row in facts["exceptions"]:
        by = f" (set by {row['limit_set_by']})" if row.get("limit_set_by") else ""
        said.append(f"{row['control_id']} {row['severity']}: {row['message']} Limit: {row['limit'] or '–'}{by}")
    for judge in facts["judged_by"]:
        limits = ", ".join(f"{name} {value}" for name, value in judge["limits"].items()) or "no limit"
        said.append(f"{judge['control_id']} {judge['says']}: {judge['name']} ({limits})")
        said += [f"  engagement: {_setting(rule)}" for rule in judge["engagement"]]
    return "\n".join(said)


def _setting(rule: Mapping[str, Any]) -> str:
    where = ", ".join(f"{key} {value}" for key, value in rule["where"].items()) or "everywhere"
    return f"{', '.join(f'{name} {value}' for name, value in rule['set'].items())}, {where}: {rule['why']}"
