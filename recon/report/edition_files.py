"""An edition that leaves the house: everything its audience may see, in a folder of its own, masked in every file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recon.report.audience import AUDIENCES, edition
from recon.report.editions import CHOICES, books, pages_of
from recon.report.results import tables
from recon.report.summary import encoded, summary

if TYPE_CHECKING:
    from recon.domain.publication import Publication
    from recon.domain.workpapers import Workpapers

#: File under results/ -> the section whose readers may have it; what is not named here goes to audiences that see every section.
_SECTIONS: Final = {
    "exceptions": "exceptions",
    "suppressed": "suppressions",
    "suppressions": "suppressions",
    "controls": "controls",
    "not_testable": "blind-spots",
    "order_lines": "orders",
    "order_events": "orders",
    "exception_orders": "orders",
    "fulfilment_lines": "orders",
    "invoice_lines": "bridge",
    "creep": "bridge",
    "balances": "balances",
    "roll_forward": "balances",
    "accruals": "balances",
    "landed_costs": "bridge",
    "rejected_rows": "rejected",
    "statements": "tie-out",
    "tie_out": "tie-out",
    "changes": "changes",
    "party_records": "scorecards",
}


def edition_files(workpapers: Workpapers, audience: str, language: str) -> Publication:
    """Path -> bytes or table of one audience's edition: its page, its workbook, and the results that belong to its sections.

    The verdict is the whole run's; figures, rows and sums are those of what the audience sees. `language` is `en`, `zh` or `both`.
    """
    layers = workpapers.balances.collect()
    theirs, open_layers = edition(workpapers, layers, AUDIENCES[audience])
    judged = summary(workpapers, layers)
    facts = summary(theirs, open_layers) | {name: judged[name] for name in ("verdict", "verdict_reasons")}
    shown, languages = AUDIENCES[audience].sections, CHOICES[language]
    kept = {
        path: table
        for path, table in tables(theirs, open_layers).items()
        if not shown or _SECTIONS.get(path.rpartition("/")[2].partition(".")[0]) in shown
    }
    return {
        **kept,
        "results/summary.json": encoded(facts),
        **books(workpapers, layers, (audience,), languages),
        **pages_of(workpapers, layers, (audience,), languages),
    }
