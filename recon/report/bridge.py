"""The variance bridge: from what the orders would have cost to what was invoiced, kind by kind, in company currency."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from markupsafe import Markup

from recon.report import charts
from recon.report.blocks import packed, shown
from recon.report.bridge_words import PRICE_PARTS, VARIANCES
from recon.report.figures import number, rounded
from recon.report.phrases import passes
from recon.report.vocabulary import CERTAINTIES, CYCLES, MATCH_STATUSES

if TYPE_CHECKING:
    from recon.domain.workpapers import Workpapers
    from recon.report.words import Words

_PARTIES_MOST: Final = 10
_LINES_MOST: Final = 20_000


def bridge(workpapers: Workpapers, cycles: tuple[str, ...], words: Words) -> dict[str, Any]:
    """Per cycle a waterfall and the parties with the largest differences; beneath them every line that differs.

    The parts of a line add up to its total; lines whose variances are not known are counted, not guessed.
    """
    lines = workpapers.outcomes.invoice_lines
    if cycles:
        lines = lines.filter(pl.col("cycle").is_in(cycles))
    known = pl.all_horizontal(pl.col(name).is_not_null() for name in VARIANCES)
    total = pl.sum_horizontal(list(VARIANCES))
    sums = [pl.col(name).filter(known).sum().alias(name) for name in (*VARIANCES, *PRICE_PARTS)]
    figures = lines.group_by("cycle", "party_id").agg(*sums, lines=pl.len(), unknown=(~known).sum(), differing=(known & (total != 0)).sum())
    by_party = figures.collect().with_columns(total=total)
    different = lines.filter(known & pl.any_horizontal(pl.col(name) != 0 for name in VARIANCES)).with_columns(total=total)
    count, rows = _largest(different)
    return {
        "bridges": [_of_cycle(cycle, by_party, workpapers, words) for cycle in CYCLES if (by_party["cycle"] == cycle).any()],
        "bridge_steps": VARIANCES,
        "bridge_count": count,
        "bridge_shown": rows.height,
        "bridge_block": Markup(packed(passes(rows, words), _columns(words), words)),  # noqa: S704 - base64
    }


def _largest(different: pl.LazyFrame) -> tuple[int, pl.DataFrame]:
    """How many lines there are, and those of the largest totals, largest first."""
    sizes = different.select(size=pl.col("total").abs()).collect()["size"]
    least = sizes.top_k(_LINES_MOST).min()
    # only what can be shown is fetched and sorted; ties with the smallest shown are told apart by the sort
    rows = different.filter(pl.col("total").abs() >= pl.lit(least, dtype=sizes.dtype)).collect()
    order = [pl.col("total").abs(), "cycle", "invoice_number", "invoice_line_no"]
    return sizes.len(), rows.sort(order, descending=[True, False, False, False]).head(_LINES_MOST)


def _of_cycle(cycle: str, by_party: pl.DataFrame, workpapers: Workpapers, words: Words) -> dict[str, Any]:
    own, currency = by_party.filter(pl.col("cycle") == cycle), workpapers.engagement.currency
    sums = {name: Decimal(own[name].sum()) for name in VARIANCES}
    total = sum(sums.values(), Decimal(0))
    steps = [(words(VARIANCES[name]), value, rounded(value, currency)) for name, value in sums.items()]
    names = _names(workpapers)
    top = own.filter(pl.col("total") != 0).sort(pl.col("total").abs(), "party_id", descending=[True, False], nulls_last=True).head(_PARTIES_MOST)
    return {
        "cycle": cycle,
        "chart": charts.waterfall(steps, (words("Together"), total, rounded(total, currency)), words(CYCLES[cycle])),
        "total": total,
        "price_parts": _price_parts(own, words),
        "lines": int(own["lines"].sum()),
        "unknown": int(own["unknown"].sum()),
        "differing": int(own["differing"].sum()),
        "parties": [row | {"party_name": names.get((cycle, row["party_id"]))} for row in top.to_dicts()],
        "said": number(own.filter(pl.col("total") != 0).height),
    }


def _price_parts(parties: pl.DataFrame, words: Words) -> list[tuple[str, Decimal]]:
    """What the price difference is made of, largest first; nothing where all of it is unexplained, for that would say nothing new."""
    sums = {name: Decimal(parties[name].sum()) for name in PRICE_PARTS}
    told = [(words(PRICE_PARTS[name]), value) for name, value in sums.items() if value]
    explained = any(value for name, value in sums.items() if name != "price_remainder_variance")
    return sorted(told, key=lambda part: -abs(part[1])) if explained else []


def _names(workpapers: Workpapers) -> dict[tuple[str, str], str]:
    if workpapers.parties is None:
        return {}
    rows = workpapers.parties.select("cycle", "party_id", "party_name").rows()
    return {(cycle, party): name for cycle, party, name in rows if name}


def _columns(words: Words) -> list[Any]:
    return [
        shown("party_id", words, width=110, choice=True),
        shown("invoice_number", words, width=150),
        shown("invoice_line_no", words, width=56),
        shown("order_number", words, width=120),
        *(shown(name, words, width=112, digits=2) for name in VARIANCES),
        shown("total", words, width=124, digits=2, span=True),
        shown("match_status", words, width=130, choice=True, codes=MATCH_STATUSES),
        shown("cycle", words, choice=True, codes=CYCLES),
        *(shown(name, words) for name in ("company_code", "order_line_no", "invoiced_quantity", "billable_quantity")),
        *(shown(name, words, digits=2) for name in ("expected_amount", "invoiced_amount", *PRICE_PARTS)),
        shown("link_pass", words),
        shown("link_certainty", words, codes=CERTAINTIES),
        *(shown(name, words) for name in ("source_file", "source_row")),
    ]
