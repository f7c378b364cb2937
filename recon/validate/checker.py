"""The near end of the process that runs Great Expectations: start it early, ask it once, never wait for it in vain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from recon.domain.errors import TermsRefused, TryLater

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULE: Final = "recon.validate.checker_process"
_LONGEST_SECONDS: Final = 3600
_REFUSALS: Final = {"terms": TermsRefused, "later": TryLater}


class CheckerFailedError(RuntimeError):
    """The process ended without an answer, or could not import what it needs; the message says which."""


@dataclass(frozen=True)
class Checker:
    """A started process that answers one request."""

    process: subprocess.Popen[str]
    errors: IO[str]

    def ask(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """The results of the suites in `request`, in the order asked (see `checker_process` for their form).

        Raises TermsRefused or TryLater where the process refuses, CheckerFailedError where it breaks.
        """
        try:
            answer, _ = self.process.communicate(json.dumps(request) + "\n", timeout=_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            message = f"no answer within {_LONGEST_SECONDS} seconds"
            raise CheckerFailedError(message) from None
        if not answer.strip():
            message = f"the process ended with code {self.process.returncode} and no answer: {self._last_words()}"
            raise CheckerFailedError(message)
        said = json.loads(answer)
        if "broken" in said:
            raise CheckerFailedError(said["broken"])
        if "refused" in said:
            parts = dict(said["refused"])
            raise _REFUSALS[parts.pop("kind")](parts.pop("what"), **parts)
        results: list[dict[str, Any]] = said["results"]
        return results

    def _last_words(self) -> str:
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        return lines[-1] if lines else "nothing on standard error"


@contextmanager
def started() -> Iterator[Checker]:
    """The process, importing already; it is ended with the block whether it was asked or not."""
    environment = os.environ | {"PYTHONPATH": _python_path(), "PYTHONWARNINGS": "ignore", "PYTHONUTF8": "1"}
    # -P: a file beside the user's data that is named like a library must not be taken for it.
    command = [sys.executable, "-P", "-m", _MODULE]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own module, in our own interpreter
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True, encoding="utf-8"
        )
        try:
            yield Checker(process, errors)
        finally:
            _end(process)


def _python_path() -> str:
    """Where recon itself lies, before what the user's environment says."""
    here = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None and not stream.closed:
            stream.close()
    process.wait()
