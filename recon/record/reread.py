"""A published run read back as workpapers, so that another edition of it is made without its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain import input_totals, manifest, measures, tie_out, volumes
from recon.domain import workpapers as declared
from recon.domain.engagement import Engagement
from recon.domain.errors import InputsRefused, TermsRefused
from recon.domain.money import MONEY
from recon.domain.workpapers import InputFile, Outcomes, Register, Traces, Workpapers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from recon.domain.control import Control
    from recon.domain.framework import Framework

_COUNT: Final = pl.Int64()
_CONTROLS: Final = dict.fromkeys(("population", "exceptions", "not_testable"), _COUNT) | dict.fromkeys(
    ("amount_at_risk_base", "population_amount_base", "not_testable_amount_base"), MONEY
)
#: Measured tables that are published under a name of their own.
_MEASURED: Final = {
    "party_records": "party_record",
    "roll_forward": "roll_forward",
    "accruals": "accrual_entry",
    "landed_costs": "landed_cost",
    "number_series": "number_series",
}
#: Tables that are published as CSV only: columns, and the kinds of those that are no texts.
_CSV: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, pl.DataType]]]] = {
    "tie_out": (tuple(tie_out.SCHEMA), tie_out.SCHEMA),
    "controls": (declared.CONTROLS, _CONTROLS),
    "rejected_rows": (declared.REJECTED, {"source_row": pl.UInt32()}),
    "statements": (declared.STATEMENTS, {"holds": pl.Boolean()}),
    "changes": (declared.CHANGES, {"amount_at_risk_base": MONEY, "first_seen": pl.Date()}),
    "suppressions": (
        declared.SUPPRESSIONS,
        {"suppression": pl.UInt32(), "approved_on": pl.Date(), "expires": pl.Date(), "exceptions": _COUNT, "amount_at_risk_base": MONEY},
    ),
    "volumes": (tuple(volumes.SCHEMA), volumes.SCHEMA),
    "input_totals": (tuple(input_totals.SCHEMA), input_totals.SCHEMA),
    "ledger_ties": (
        declared.LEDGER_TIES,
        {"as_of_date": pl.Date(), "balance": MONEY, "sub_ledger": MONEY, "difference": MONEY, "source_row": pl.UInt32()},
    ),
    **{file: (tuple(measures.schema(table)), measures.schema(table)) for file, table in _MEASURED.items()},
}


def reread(
    run: Path, book: Sequence[Control], frameworks: Sequence[Framework], planned: Sequence[str], fingerprints: Mapping[str, str]
) -> Workpapers:
    """The workpapers of the run published at `run`. `fingerprints` are those of the rule book at hand (rules/… -> sha256).

    Raises TermsRefused when the folder is no run or its controls were others than those at hand, InputsRefused when a file of it changed.
    """
    facts = manifest.read(run)
    changed = manifest.differences(run)
    if changed:
        raise InputsRefused("the run is not as it was published", where=str(run), got=changed[0], todo="take it from a backup, or run it again")
    _refuse_other_rules(run, facts["rules"], fingerprints)
    told = facts.get("told")
    if told is None:
        raise TermsRefused(
            "an older recon published this run, which did not keep what an edition needs", where=str(run), todo="run the engagement again"
        )
    tables = _Tables(run)
    engagement = Engagement.model_validate(facts["engagement"])
    performed = set(tables.csv("controls")["control_id"].to_list())
    return Workpapers(
        engagement=engagement,
        controls=tuple(control for control in book if control.id in performed),
        files=tuple(InputFile(f["name"], f["input"], f["sha256"], f["size_bytes"], f["rows"], f["encoding"]) for f in facts["inputs"]),
        fingerprints=facts["rules"],
        tie_out=tables.csv("tie_out"),
        rejected=tables.csv("rejected_rows"),
        statements=tables.csv("statements"),
        outcomes=tables.outcomes(),
        register=tables.register(told["previous_summary"]),
        allocations=tables.plan("allocations"),
        settlements=tables.plan("settlements"),
        balances=tables.plan("balances"),
        row_counts=told["row_counts"],
        ignored={name: tuple(columns) for name, columns in told["ignored"].items()},
        seconds={},
        traces=tables.traces(),
        parties=tables.optional("party_records"),
        roll_forward=tables.optional("roll_forward"),
        accruals=tables.optional("accruals"),
        landed_costs=tables.optional("landed_costs"),
        fulfilments=tables.plan("fulfilment_lines") if tables.has("fulfilment_lines.parquet") else None,
        volumes=tables.optional("volumes"),
        series=tables.optional("number_series"),
        input_totals=tables.optional("input_totals"),
        ledger_ties=tables.optional("ledger_ties"),
        frameworks=tuple(frameworks),
        planned=tuple(planned),
        alias_key=declared.fresh_key(told),
    )


def _refuse_other_rules(run: Path, then: Mapping[str, str], now: Mapping[str, str]) -> None:
    """The names and sentences of controls are taken from the rule book at hand, so it must be the one that judged."""
    for name in sorted(then.keys() | now.keys()):
        if name.startswith(("rules/controls/", "rules/frameworks/", "rules/planned")) and then.get(name) != now.get(name):
            todo = "use the version of recon that performed the run, or run the engagement again"
            raise TermsRefused("the rule book is not the one of this run", where=str(run), got=f"{name} is another", todo=todo)


class _Tables:
    """The files under results/, typed as the rooms had them."""

    def __init__(self, run: Path) -> None:
        self.folder = run / "results"

    def has(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def plan(self, name: str) -> pl.LazyFrame:
        return pl.scan_parquet(self.folder / f"{name}.parquet")

    def frame(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / f"{name}.parquet")

    def csv(self, name: str) -> pl.DataFrame:
        columns, kinds = _CSV[name]
        texts = pl.read_csv(self.folder / f"{name}.csv", infer_schema=False)
        return texts.select(_typed(column, kinds.get(column, pl.String())) for column in columns)

    def optional(self, name: str) -> pl.DataFrame | None:
        return self.csv(name) if self.has(f"{name}.csv") else None

    def outcomes(self) -> Outcomes:
        lines = self.plan("order_lines"), self.plan("invoice_lines")
        return Outcomes(self.frame("exceptions").select(declared.EXCEPTIONS), self.frame("not_testable"), self.csv("controls"), *lines)

    def register(self, previous: Mapping[str, Any] | None) -> Register:
        hidden = self.has("suppressed.parquet")
        return Register(
            self.frame("exceptions"),
            self.csv("changes"),
            previous,
            self.frame("suppressed") if hidden else None,
            self.csv("suppressions") if hidden else None,
        )

    def traces(self) -> Traces | None:
        return Traces(self.frame("order_events"), self.frame("exception_orders")) if self.has("order_events.parquet") else None


def _typed(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if kind == pl.Boolean:
        return value.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    if kind == pl.Date:
        return value.str.to_date()
    return value if kind == pl.String else value.cast(kind)
