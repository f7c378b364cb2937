"""The journey: eight verbs in order. Data passes each room once."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recon.conform import conform
from recon.deliver import deliver, start_second_opinion
from recon.evaluate import evaluate
from recon.load import load
from recon.match import match
from recon.record import record
from recon.report import report
from recon.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable
