"""The only place where Great Expectations is imported: a process of its own, started beside a run.

It imports the library (several seconds), reads one JSON line from standard input, answers with one JSON line and ends.
Request: {"suites": [{"url": SQLAlchemy URL, "table": ..., "expectations": [{"type", "kwargs", "meta"}, ...]}]}.
Answer: {"results": [{"table", "position", "success", "performed", "detail"}]} in the order asked, or {"refused": {"kind", "what", "where",
"expected", "got", "todo"}} with kind "terms" or "later", or {"broken": text}.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Final

_POSITION: Final = "recon_position"
_EXAMPLES: Final = 3


class _RefusedError(Exception):
    """The request cannot be carried out, and not because of the data."""

    def __init__(self, kind: str, what: str, **parts: str) -> None:
        super().__init__(what)
        self.answer = {"kind": kind, "what": what} | parts


def main() -> None:
    """Answer one request."""
    # The library prints; standard output carries the answer and nothing else.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(10)  # the run beside us goes first
    try:
        import great_expectations
    except ImportError as error:
        answers.write(json.dumps({"broken": f"Great Expectations cannot be imported: {error}"}) + "\n")
        answers.close()
        return
    line = sys.stdin.readline()
    if line:
        try:
            answer: dict[str, Any] = {"results": _answer(great_expectations, json.loads(line))}
        except _RefusedError as refused:
            answer = {"refused": refused.answer}
        answers.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
    answers.close()


def _answer(gx: Any, request: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: ANN401 - the library is not typed
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    sources = {url: _source(context, url, f"source {i}") for i, url in enumerate(dict.fromkeys(suite["url"] for suite in request["suites"]))}
    results = []
    for suite in request["suites"]:
        expectations = [_expectation(one, position) for position, one in enumerate(suite["expectations"])]
        checked = gx.ExpectationSuite(name=suite["table"], expectations=expectations)
        verdict = _batch(sources[suite["url"]], suite["table"]).validate(checked, result_format="SUMMARY")
        results += sorted((_result(suite["table"], found.to_json_dict()) for found in verdict.results), key=lambda r: r["position"])
    return results


def _source(context: Any, url: str, name: str) -> Any:  # noqa: ANN401
    from great_expectations.datasource.fluent.interfaces import TestConnectionError

    add = context.data_sources.add_sqlite if url.startswith("sqlite:") else context.data_sources.add_sql
    try:
        return add(name, connection_string=url)
    except TestConnectionError as error:
        reason = str(error).splitlines()[0]
        if "ArgumentError" in reason:
            raise _RefusedError(
                "terms", "the address of the database cannot be read", expected="an SQLAlchemy URL, such as postgresql://host/name"
            ) from None
        if "ModuleNotFoundError" in reason or "NoSuchModuleError" in reason:
            todo = "install the SQLAlchemy driver of this database beside recon"
            raise _RefusedError("terms", "no driver for this kind of database is installed", got=reason, todo=todo) from None
        raise _RefusedError("later", "the database does not answer", got=reason, todo="check the address, or try again later") from None


def _batch(source: Any, table: str) -> Any:  # noqa: ANN401
    from great_expectations.datasource.fluent.interfaces import TestConnectionError

    try:
        asset = source.add_table_asset(table, table_name=table)
    except TestConnectionError as error:
        got = str(error).splitlines()[0]
        raise _RefusedError("terms", f'the table "{table}" cannot be read', where="--table", got=got, todo="name a table of the database") from None
    return asset.add_batch_definition_whole_table("whole").get_batch()


def _expectation(asked: dict[str, Any], position: int) -> Any:  # noqa: ANN401
    from great_expectations.exceptions.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.registry import get_expectation_impl

    kind = asked["type"]
    where = f"expectations[{position}] ({kind})"
    try:
        expected = get_expectation_impl(kind)
    except ExpectationNotFoundError:
        raise _RefusedError(
            "terms", f'there is no expectation "{kind}"', where=where, expected="a type of Great Expectations 1.x", got=kind
        ) from None
    try:
        return expected(**asked.get("kwargs", {}), meta=(asked.get("meta") or {}) | {_POSITION: position})
    except ValueError as error:  # pydantic's refusals are ValueErrors
        got = " ".join(str(error).split())
        raise _RefusedError("terms", "the expectation's arguments are not valid", where=where, got=got, todo="correct the suite") from None


def _result(table: str, found: dict[str, Any]) -> dict[str, Any]:
    position = found["expectation_config"]["meta"][_POSITION]
    problem = _problem(found["exception_info"])
    detail = f"could not be evaluated: {problem}" if problem else _observed(found["result"])
    return {"table": table, "position": position, "success": found["success"] and not problem, "performed": not problem, "detail": detail}


def _problem(info: dict[str, Any]) -> str:
    """The first message of what went wrong; empty when nothing did. Metrics that failed are listed by their own name."""
    entries = [info] if "raised_exception" in info else list(info.values())
    messages = [str(entry.get("exception_message")) for entry in entries if entry.get("raised_exception")]
    return messages[0].splitlines()[0] if messages else ""


def _observed(result: dict[str, Any]) -> str:
    unexpected, total = result.get("unexpected_count"), result.get("element_count")
    if unexpected is None:
        return f"observed {result['observed_value']}" if "observed_value" in result else ""
    examples = dict.fromkeys(str(value) for value in (result.get("partial_unexpected_list") or []))
    share = f"{unexpected:,} values" if total is None else f"{unexpected:,} of {total:,} values"
    shown = ", ".join(list(examples)[:_EXAMPLES])
    return f"{share} unexpected" + (f", such as {shown}" if shown else "")


if __name__ == "__main__":
    main()
