"""How long the evidence of a run is kept: as its engagement says, else for the years that recon proposes and says so."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where a pack states it.
HOME: Final = "data/00_retention.json"
#: Years where the engagement states none.
_YEARS: Final = 7
_NOT_STATED: Final = "the engagement states no retention; this is what recon proposes, and the law that binds the company may ask for more"


def retained(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Years, from which day they count, the last day of keeping, why, and whether the engagement says so. `terms`: the manifest's engagement."""
    stated = terms.get("retention")
    years = stated["years"] if stated else _YEARS
    counted_from = stated["counted_from"] if stated else "period_end"
    end = date.fromisoformat(terms["period"]["to"])
    first = date(end.year, 12, 31) if counted_from == "year_end" else end
    return {
        "years": years,
        "counted_from": counted_from,
        "counted_from_date": first.isoformat(),
        "keep_until": _later(first, years).isoformat(),
        "stated_by_the_engagement": stated is not None,
        "why": stated["why"] if stated else _NOT_STATED,
    }


def _later(day: date, years: int) -> date:
    """The same day so many years on; of a 29 February that is not there the day after, so that it is never shorter."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
