"""The rule book as one page of documentation, made from the control files so that it cannot say anything else than they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recon.domain import measures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.domain.control import Control, Planned

_HEAD: Final = """\
# Controls

Made by `recon controls --format markdown`; a test compares the two. {shipped} controls are performed, {planned} of the catalogue are planned.
A limit is broken by a value strictly greater than it. `not_checked` and `unlimited` are values of a limit too. `recon explain ID` prints one
control completely, with its examples.
"""
_FAMILIES: Final = {
    "APR": "Approval and authority", "BAL": "Balances", "CHG": "Charges and freight", "CSH": "Customer cash and credit",
    "CUR": "Currency and rounding", "CUT": "Period end", "DAT": "Data and identity", "DUP": "Duplicates", "MIS": "Missing counterpart",
    "PAY": "Payments", "POP": "Population and data completeness", "PRC": "Price and contract", "PTY": "Supplier and customer master",
    "QTY": "Quantity", "RET": "Returns, credits and advances", "SEQ": "Number sequences", "SLA": "Service level and delay alerts",
    "SOD": "Segregation of duties", "STA": "Statistical indicators", "STK": "Inventory", "SUP": "Supplier performance",
    "TAX": "Tax and tax invoices", "TIM": "Timing and cut-off",
}  # fmt: skip


def listing(controls: Sequence[Control], planned: Sequence[Planned]) -> str:
    """Every control by family: what it asks, when it is an exception, its parameters with their reasons; then what is planned."""
    families = sorted({c.family for c in controls})
    parts = [_HEAD.format(shipped=len(controls), planned=len(planned))]
    for family in families:
        parts.append(f"## {family} {_FAMILIES.get(family, '')}".rstrip() + "\n")
        parts += [_control(c) for c in sorted(controls, key=lambda c: c.id) if c.family == family]
    parts.append("## Planned\n")
    parts.append("\n".join(f"- {p.id} {p.name.en} {p.name.zh}" for p in planned) + "\n")
    return "\n".join(parts)


def _control(control: Control) -> str:
    lines = [
        f"### {control.id} {control.name.en} · {control.name.zh}",
        "",
        f"{control.severity} · {control.cycle} · tier {control.tier} · {', '.join(control.assertion)} · scope {control.scope}",
        "",
        f"{control.title.en}. {control.risk.en}",
        "",
        f"- population: `{control.population.table}` ({measures.MEASURES.get(control.population.table, '')}) where `{_flat(control.population.where)}`",
        f"- exception when `{_flat(control.exception_when)}`",
    ]
    if control.not_testable_when != "FALSE":
        lines.append(f"- not testable when a value it needs is unknown, or `{_flat(control.not_testable_when)}`")
    lines += [f"- {rule.severity} when `{_flat(rule.when)}`" for rule in control.severity_when]
    for one in control.explains:
        corrected = ", ".join(f"{name} = {_flat(text)}" for name, text in one.set.items())
        lines.append(f"- explains exceptions of `{one.table}` that vanish with `{corrected}`")
    lines.append(f"- at risk: `{_flat(control.amount_at_risk)}`")
    lines += [f"- `{name}` = `{p.value}`: {p.why.en}" for name, p in control.parameters.items()]
    lines += [f"- known false positive: {text.en}" for text in control.known_false_positives]
    lines += [f"- do: {control.action.en}", ""]
    return "\n".join(lines)


def _flat(text: str) -> str:
    return " ".join(text.split())
