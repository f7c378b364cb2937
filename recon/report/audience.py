"""Who reads the report: which sections, cycles and families an edition shows, and which fields it masks.

The verdict, the tie-out and the reliability of the run are the same in every edition; figures below them are of what the edition shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.sensitive import MASK, PERSONS, columns_of
from recon.report.aliases import aliases, renamed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.control import Control
    from recon.domain.workpapers import Traces, Workpapers


def _(text: str) -> str:
    return text


_PERSON: Final = frozenset({"person"})
_BOTH: Final = frozenset({"person", "bank_account"})
_LISTS: Final = (
    "verdict",
    "figures",
    "heaviest",
    "tie-out",
    "controls",
    "exceptions",
    "orders",
    "control-sheets",
    "changes",
    "blind-spots",
    "method",
)


@dataclass(frozen=True)
class Audience:
    """An edition: empty `cycles`, `families` or `kinds` mean all of them."""

    title: str
    sections: tuple[str, ...] = ()  # empty: every section
    cycles: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()  # of open balances
    masks: frozenset[str] = frozenset()  # classes of domain/sensitive.py


AUDIENCES: Final = {
    "audit": Audience(_("Audit")),
    "management": Audience(_("Management"), ("verdict", "figures", "heaviest", "glance"), masks=_BOTH),
    "finance": Audience(_("Finance"), masks=_PERSON),
    "purchasing": Audience(
        _("Purchasing"),
        (*_LISTS, "approvals", "balances", "bridge", "scorecards"),
        ("procure_to_pay",),
        ("DAT", "MIS", "QTY", "PRC", "CHG", "TIM", "APR", "RET", "SLA", "SUP", "PTY", "CUR"),
        ("fulfilled_not_invoiced", "invoiced_not_fulfilled"),
        _BOTH,
    ),
    "warehouse": Audience(
        _("Warehouse"),
        (*_LISTS, "balances"),
        families=("DAT", "MIS", "QTY", "TIM", "RET", "SLA", "STK", "CUT"),
        kinds=("fulfilled_not_invoiced", "invoiced_not_fulfilled"),
        masks=_BOTH,
    ),
    "sales": Audience(
        _("Sales"),
        (*_LISTS, "approvals", "balances", "bridge", "scorecards"),
        ("order_to_cash",),
        ("DAT", "MIS", "QTY", "PRC", "CHG", "TIM", "APR", "RET", "SLA", "CSH", "PTY", "CUR"),
        ("fulfilled_not_invoiced", "invoiced_not_fulfilled", "open_receivable", "unapplied_cash"),
        _BOTH,
    ),
    "outsiders": Audience(_("Outsiders"), masks=_BOTH),
}
#: Who reads a redacted evidence pack.
OUTSIDERS: Final = "outsiders"


def edition(workpapers: Workpapers, layers: pl.DataFrame, audience: Audience) -> tuple[Workpapers, pl.DataFrame]:
    """The workpapers and open layers as this audience may see them. Masked rows are the same rows; nothing is dropped but what is not theirs."""
    if audience == AUDIENCES["audit"]:
        return workpapers, layers
    outcomes, register, named = workpapers.outcomes, workpapers.register, aliases(workpapers, audience.masks)
    told = {control.id: _families_and_cycles(control, audience) for control in workpapers.controls}
    hidden = [control_id for control_id, shown in told.items() if not shown]
    theirs = _row_filter(audience) & ~pl.col("control_id").is_in(hidden)
    exceptions = renamed(_masked(register.exceptions.filter(theirs), workpapers.controls, audience), named)
    hushed = register.suppressed
    suppressed = None if hushed is None else renamed(_masked(hushed.filter(theirs), workpapers.controls, audience), named)
    cycle = _cycle_filter(audience)
    lines = {name: getattr(outcomes, name).filter(cycle) for name in ("order_lines", "invoice_lines")}
    family = ~pl.col("control_id").is_in(hidden)
    changes = renamed(register.changes.filter(family & _family_filter(audience)), named)
    controls = outcomes.controls.filter((family & _family_filter(audience)) | (pl.col("control_id").str.starts_with("POP")))
    kind = pl.col("kind").is_in(audience.kinds) if audience.kinds else pl.lit(value=True)
    narrowed = replace(
        workpapers,
        controls=tuple(control for control in workpapers.controls if told[control.id]),
        outcomes=replace(
            outcomes, exceptions=exceptions, controls=controls, not_testable=_users_masked(outcomes.not_testable.filter(theirs), audience), **lines
        ),
        register=replace(
            register,
            exceptions=exceptions,
            changes=_users_masked(changes, audience),
            suppressed=suppressed,
            suppressions=_answering(register.suppressions, audience),
        ),
        allocations=workpapers.allocations.filter(cycle),
        settlements=workpapers.settlements.filter(cycle),
        fulfilments=workpapers.fulfilments.filter(cycle) if workpapers.fulfilments is not None else None,
        rejected=_without_values(workpapers.rejected, audience),
        traces=_followed(workpapers.traces, exceptions, audience, named) if workpapers.traces else None,
        accruals=_accruals(workpapers.accruals, audience),
        landed_costs=workpapers.landed_costs.filter(cycle) if workpapers.landed_costs is not None else None,
        roll_forward=workpapers.roll_forward.filter(cycle & kind) if workpapers.roll_forward is not None else None,
        parties=workpapers.parties.filter(cycle) if workpapers.parties is not None else None,
    )
    return narrowed, layers.filter(cycle & kind)


def _accruals(entries: pl.DataFrame | None, audience: Audience) -> pl.DataFrame | None:
    """Expected entries speak of goods received and not invoiced: who does not see that balance does not see them."""
    if entries is None or (audience.kinds and "fulfilled_not_invoiced" not in audience.kinds):
        return None
    return entries.filter(_cycle_filter(audience))


def _families_and_cycles(control: Control, audience: Audience) -> bool:
    in_cycle = not audience.cycles or control.cycle == "both" or control.cycle in audience.cycles
    return in_cycle and (not audience.families or control.family in audience.families)


def _cycle_filter(audience: Audience) -> pl.Expr:
    if not audience.cycles:
        return pl.lit(value=True)
    return pl.col("cycle").is_in(audience.cycles) | pl.col("cycle").is_null()


def _family_filter(audience: Audience) -> pl.Expr:
    return pl.col("control_id").str.slice(0, 3).is_in(audience.families) if audience.families else pl.lit(value=True)


def _row_filter(audience: Audience) -> pl.Expr:
    return _cycle_filter(audience) & _family_filter(audience)


# ── masks ────────────────────────────────────────────────────────────────────────────────────────────────────
def speaks_of(control: Control, columns: frozenset[str]) -> bool:
    """Whether a control's messages or figures show one of these columns."""
    texts = [control.message.en, control.message.zh, control.observed, control.expected, control.variance, control.limit]
    words = {word for text in texts if text for word in re.findall(r"\w+", text)}
    return bool(words & columns)


def _masked(exceptions: pl.DataFrame, controls: tuple[Control, ...], audience: Audience) -> pl.DataFrame:
    """Messages and figures that name a sensitive field give way to the control's name; users as documents are masked."""
    columns = columns_of(audience.masks)
    names = {control.id: control.name for control in controls if speaks_of(control, columns)}
    told = pl.col("control_id").is_in(list(names))
    english = pl.col("control_id").replace_strict({key: name.en for key, name in names.items()}, default=None, return_dtype=pl.String)
    chinese = pl.col("control_id").replace_strict({key: name.zh for key, name in names.items()}, default=None, return_dtype=pl.String)
    masked = exceptions.with_columns(
        message=pl.when(told).then(english).otherwise("message"),
        message_zh=pl.when(told).then(chinese).otherwise("message_zh"),
        **{name: pl.when(told & pl.col(name).is_not_null()).then(pl.lit(MASK)).otherwise(name) for name in ("observed", "expected", "variance")},
    )
    return _users_masked(masked, audience)


def _users_masked(rows: pl.DataFrame, audience: Audience) -> pl.DataFrame:
    """Rows about documents, without the logins that are documents themselves."""
    users = (pl.col("document_type") == "user") & pl.lit(bool(columns_of(audience.masks) & PERSONS))
    return rows.with_columns(document_number=pl.when(users.fill_null(value=False)).then(pl.lit(MASK)).otherwise("document_number"))


def _answering(suppressions: pl.DataFrame | None, audience: Audience) -> pl.DataFrame | None:
    """Suppressions without the names of who answers for them."""
    if suppressions is None or not columns_of(audience.masks) & PERSONS:
        return suppressions
    return suppressions.with_columns(owner=pl.lit(MASK), approver=pl.lit(MASK))


def _without_values(rejected: pl.DataFrame, audience: Audience) -> pl.DataFrame:
    secret = pl.col("column").is_in(sorted(columns_of(audience.masks)))
    return rejected.with_columns(
        value=pl.when(secret).then(pl.lit(MASK)).otherwise("value"), message=pl.when(secret).then(pl.lit(MASK)).otherwise("message")
    )


def _followed(traces: Traces, exceptions: pl.DataFrame, audience: Audience, named: Mapping[str, str]) -> Traces:
    """Events of their cycles without the persons, changes of sensitive fields without their values; links of the exceptions they see."""
    columns = columns_of(audience.masks)
    secret = (pl.col("event") == "changed") & pl.col("detail").str.extract(r"^(\w+):", 1).is_in(sorted(columns))
    persons = [pl.when(pl.col(name).is_not_null()).then(pl.lit(MASK)).alias(name) for name in ("actor_id", "on_behalf_of") if columns & PERSONS]
    events = traces.events.filter(_cycle_filter(audience)).with_columns(
        *persons, detail=pl.when(secret.fill_null(value=False)).then(pl.lit(MASK)).otherwise("detail")
    )
    return replace(traces, events=events, links=renamed(traces.links, named).join(exceptions, on="exception_id", how="semi", maintain_order="left"))
