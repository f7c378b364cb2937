"""Room 5, evaluate: every control judges its population. Exception, no exception, not testable; null is never a pass."""

from __future__ import annotations

from recon.evaluate.beside_history import ALONE, beside_history
from recon.evaluate.evaluation import Evaluation, begin, evaluate
from recon.evaluate.lint import lint
from recon.evaluate.listing import listing
from recon.evaluate.rulebook import catalogue, check, chosen, explain
from recon.evaluate.run_itself import RunFacts, account

__all__ = [
    "ALONE",
    "Evaluation",
    "RunFacts",
    "account",
    "begin",
    "beside_history",
    "catalogue",
    "check",
    "chosen",
    "evaluate",
    "explain",
    "lint",
    "listing",
]
