"""The command line: parse, call, print, exit. The only file that prints, reads the clock or ends the process."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recon import __version__, allocator, pack_commands
from recon.options import FORMAT, RUN, folder_option, tell

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Workpapers

allocator.prepare()

_LANGUAGE = click.option(
    "--lang", "language", type=click.Choice(["en", "zh", "both"]), default="en", help="Language of the report; both: English, and Chinese beside it."
)
_AUDIENCES = ["audit", "management", "finance", "purchasing", "warehouse", "sales", "outsiders"]
_AUDIENCE = click.option(
    "--audience",
    "audiences",
    type=click.Choice(_AUDIENCES),
    multiple=True,
    default=("audit",),
    help="Who reads the report: chooses sections and masks persons and bank accounts. May be given several times; the first is report/index.html.",
)
_ENGAGEMENT = click.argument("engagement_file", metavar="ENGAGEMENT.yaml", type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="recon")
def cli() -> None:
    """Reconcile and audit purchasing and sales documents. recon only reads; it never posts or pays.

    Exit codes: 0 no exceptions at or above fail_on · 1 such exceptions found · 2 terms refused · 3 inputs refused ·
    4 defect of ours · 75 try again later · 130 interrupted.
    """


# ── the nightly job ──────────────────────────────────────────────────────────────────────────────────────
@cli.command("run")
@_ENGAGEMENT
@folder_option("recon-out")
@click.option("--as-of", metavar="DATE", help="Day the run speaks about, instead of the engagement's as_of.")
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    help="An earlier published run: exceptions keep their first_seen, closed ones are named, restated and late documents are found.",
)
@click.option("--second-opinion/--no-second-opinion", "second_opinion", default=None, help="Override the engagement's second_opinion.")
@_LANGUAGE
@_AUDIENCE
@FORMAT
def run_command(
    engagement_file: Path,
    folder: Path,
    as_of: str | None,
    history: Path | None,
    second_opinion: bool | None,
    language: str,
    audiences: tuple[str, ...],
    style: str,
) -> None:
    """Load, conform, validate, match, evaluate, record, report, deliver: the nightly job."""
    engagement = _read(engagement_file, as_of)
    if second_opinion is not None:
        engagement = engagement.model_copy(update={"second_opinion": second_opinion})
    workpapers = _perform(engagement, folder, history, language, audiences)
    _tell(workpapers, folder, style)
    sys.exit(_verdict(workpapers))


@cli.command("demo")
@folder_option("recon-demo")
@click.option("--second-opinion/--no-second-opinion", "second_opinion", default=True, help="Let Great Expectations re-check the run's results.")
@_LANGUAGE
@FORMAT
def demo_command(folder: Path, second_opinion: bool, language: str, style: str) -> None:
    """Run the main job on a sample company with planted faults and print where the report lies."""
    from recon.domain import places

    engagement = _read(places.sample_data() / "planted" / "engagement.yaml", None)
    engagement = engagement.model_copy(update={"second_opinion": second_opinion})
    workpapers = _perform(engagement, folder, None, language)
    _tell(workpapers, folder, style)


@cli.command("check")
@_ENGAGEMENT
@FORMAT
def check_command(engagement_file: Path, style: str) -> None:
    """Check the rule book, the parameters and the extracts' headers. No data is judged."""
    from recon.pipeline import rehearse

    engagement = _read(engagement_file, None)
    controls, idle = rehearse(engagement)
    facts = {"engagement": str(engagement_file), "controls": len(controls), "extracts": len(engagement.extracts), "refused": False}
    text = f"{engagement_file}: {len(controls)} controls and the headers of {len(engagement.extracts)} extracts are in order"
    tell(facts | {"without_effect": idle}, style, "\n".join([text, *(f"without effect: {said}" for said in idle)]))


@cli.command("gate")
@_ENGAGEMENT
@click.option("--suite", "suite_file", type=click.Path(path_type=Path), required=True, help="A Great Expectations suite as JSON.")
@click.option("--table", help="The input or database table the suite speaks about; default: the suite's name.")
@click.option("--database", metavar="URL", help="SQLAlchemy URL of a source database to check inside, instead of the extracts.")
@FORMAT
def gate_command(engagement_file: Path, suite_file: Path, table: str | None, database: str | None, style: str) -> None:
    """Run a team's own Great Expectations suite over the extracts, or inside a source database, as a gate."""
    from recon.pipeline import gate

    outcome = gate(_read(engagement_file, None), suite_file, table=table, database=database)
    lines = [f"{'pass' if row['success'] else 'FAIL'}  {row['expectation']}  {row['detail']}".rstrip() for row in outcome]
    failed = sum(not row["success"] for row in outcome)
    tell({"expectations": outcome, "failed": failed}, style, "\n".join([*lines, f"{len(outcome) - failed} passed, {failed} failed"]))
    sys.exit(1 if failed else 0)


# ── the rule book and the dictionary ─────────────────────────────────────────────────────────────────────
@cli.command("controls")
@click.option("--format", "style", type=click.Choice(["text", "json", "markdown"]), default="text", help="How to list them.")
def controls_command(style: str) -> None:
    """List every control."""
    from recon.evaluate import catalogue

    rows = catalogue(_controls())
    if style == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif style == "markdown":
        from recon.domain import places
        from recon.evaluate import listing
        from recon.load import rulebook

        click.echo(listing(_controls(), rulebook.read_planned(places.rules() / "planned.yaml")), nl=False)
    else:
        click.echo("\n".join(f"{r['id']}  {r['severity']:<9} {r['cycle']:<15} {r['name']} · {r['name_zh']}" for r in rows))


@cli.command("explain")
@click.argument("control_id", metavar="ID|DIR")
@click.argument("document", metavar="[INVOICE[/LINE]]", required=False)
@FORMAT
def explain_command(control_id: str, document: str | None, style: str) -> None:
    """Print one control in full; or, for an invoice of the run published at DIR, what was expected of each line, why, and who judged it."""
    from recon.domain.errors import TermsRefused, did_you_mean
    from recon.evaluate import explain

    if document is not None:
        from recon.report import explain_line

        facts, text = explain_line(Path(control_id), document, _controls())
        tell(facts, style, text)
        return
    controls = {c.id: c for c in _controls()}
    if control_id.upper() not in controls:
        hint = did_you_mean(control_id.upper(), set(controls))
        raise TermsRefused(f'there is no control "{control_id}"', expected="an id that `recon controls` lists", todo=hint)
    control = controls[control_id.upper()]
    tell(control.model_dump(mode="json"), style, explain(control))


@cli.command("sources")
@FORMAT
def sources_command(style: str) -> None:
    """List the source profiles: which ERPs' exports recon reads as they are."""
    from recon.domain import places
    from recon.load import rulebook

    rows = rulebook.list_profiles(places.rules() / "sources")
    tell(rows, style, "\n".join(f"{r['source']:<24} {r['title']}" for r in rows))


@cli.command("schema")
@click.argument("table", required=False)
@FORMAT
def schema_command(table: str | None, style: str) -> None:
    """Show the canonical tables, one table's columns, or (FILE.schema.json) the JSON Schema of a kind of file.

    Editors complete engagement, control, source, framework and expectations files with these schemas.
    """
    if table is not None and table.endswith(".schema.json"):
        _print_schema(table)
        return
    from recon.domain.documents import TABLES
    from recon.domain.errors import TermsRefused, did_you_mean

    if table is None:
        tables = [{"table": t.name, "title": t.title, "columns": len(t.columns)} for t in TABLES.values()]
        tell(tables, style, "\n".join(f"{t['table']:<28} {t['title']}" for t in tables))
        return
    if table not in TABLES:
        raise TermsRefused(f'there is no canonical table "{table}"', expected="one that `recon schema` lists", todo=did_you_mean(table, set(TABLES)))
    columns = [
        {"column": c.name, "kind": c.kind, "required": c.required, "choices": list(c.choices), "meaning": c.meaning} for c in TABLES[table].columns
    ]
    lines = [
        f"{c.name:<26} {c.kind:<10} {'required' if c.required else '':<9} {c.meaning}{' (' + ' | '.join(c.choices) + ')' if c.choices else ''}"
        for c in TABLES[table].columns
    ]
    tell({"table": table, "title": TABLES[table].title, "key": list(TABLES[table].key), "columns": columns}, style, "\n".join(lines))


def _print_schema(name: str) -> None:
    from recon.domain.errors import TermsRefused, did_you_mean
    from recon.load.schemas import schemas

    known = schemas()
    if name not in known:
        raise TermsRefused(f'there is no schema "{name}"', expected=", ".join(known), todo=did_you_mean(name, set(known)))
    click.echo(known[name], nl=False)


@cli.command("sample")
@click.option("--lines", type=click.IntRange(min=100), required=True, help="Order lines in all.")
@click.option("--seed", type=int, required=True, help="The same seed gives the same bytes.")
@click.option("--out", "folder", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--clean", is_flag=True, help="Plant no faults.")
def sample_command(lines: int, seed: int, folder: Path, clean: bool) -> None:
    """Write a believable company's documents with labelled planted faults and the answer key."""
    from recon.sample import sample

    sample(lines, seed, folder, planted=not clean)
    click.echo(f"{folder / 'engagement.yaml'}")


# ── published runs ───────────────────────────────────────────────────────────────────────────────────────
@cli.command("edition")
@RUN
@click.option("--audience", type=click.Choice(_AUDIENCES), required=True, help="For whom: chooses sections, cycles and families, and masks.")
@folder_option("recon-edition")
@_LANGUAGE
@FORMAT
def edition_command(run: Path, audience: str, folder: Path, language: str, style: str) -> None:
    """Write one audience's edition of a published run to a folder that may leave the house: page, workbook and results, masked alike."""
    from recon.pipeline import edition

    edition(run, folder, audience=audience, language=language)
    where = (folder / "report" / "index.html").resolve()
    tell({"audience": audience, "report": str(where)}, style, f"edition for {audience}: {where}")


@cli.command("statements")
@RUN
@click.option("--party", help="One supplier or customer; default: everybody with something open, paid or different.")
@folder_option("recon-statements")
@click.option("--lang", "language", type=click.Choice(["en", "zh"]), default="en", help="Language of the statements.")
@FORMAT
def statements_command(run: Path, party: str | None, folder: Path, language: str, style: str) -> None:
    """Write statements of account, ready to send: a page and a workbook per supplier and customer."""
    from recon.pipeline import statements

    files = statements(run, folder, language=language, party=party)
    tell({"files": [str(path) for path in files]}, style, f"{folder}: {len(files)} files, a page and a workbook per party")


@cli.command("diff")
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@FORMAT
def diff_command(run_a: Path, run_b: Path, style: str) -> None:
    """Say which exceptions appeared, disappeared or changed between two runs, and why."""
    from recon.record import compare

    facts, text = compare(run_a, run_b)
    tell(facts, style, text)


pack_commands.join(cli)


# ── helpers of the commands ──────────────────────────────────────────────────────────────────────────────
def _read(path: Path, as_of: str | None) -> Engagement:
    from recon.load import read_engagement

    return read_engagement(path, as_of=as_of)


def _controls() -> list[Any]:
    from recon.domain import places
    from recon.load import rulebook

    return list(rulebook.read_controls(places.rules() / "controls"))


def _perform(engagement: Engagement, folder: Path, history: Path | None, language: str, audiences: tuple[str, ...] = ("audit",)) -> Workpapers:
    from recon import pipeline
    from recon.deliver import claim
    from recon.progress import progress

    with claim(folder), progress() as watch:
        workpapers = pipeline.run(engagement, history=history, watch=watch)
        watch("report")
        pipeline.publish(workpapers, folder, language=language, audiences=audiences)
    return workpapers


def _tell(workpapers: Workpapers, folder: Path, style: str) -> None:
    from recon.report import summary, terminal_lines

    where = (folder / "report" / "index.html").resolve()
    if style == "json":
        click.echo(json.dumps(summary(workpapers) | {"report": str(where), "exit_code": _verdict(workpapers)}, ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(terminal_lines(workpapers)))
    click.echo(f"report: {where}")


def _verdict(workpapers: Workpapers) -> int:
    from recon.report import exit_code

    return exit_code(workpapers)


def main() -> None:
    """Start a command; turn refusals into their exit codes. A defect keeps its traceback and ends with 4."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    from recon.domain.errors import ReconError

    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as refused:
        refused.show()
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except ReconError as refused:
        _refuse(refused)
    except BaseException as defect:  # Polars panics are BaseExceptions
        if isinstance(defect, SystemExit):
            raise
        import traceback

        traceback.print_exc()
        click.echo("recon: this is a defect of ours, not of your data; nothing was published", err=True)
        sys.exit(4)


def _refuse(refused: Any) -> None:  # noqa: ANN401 - ReconError, imported late
    if "json" in sys.argv:
        click.echo(json.dumps({"refused": refused.parts(), "exit_code": refused.exit_code}, ensure_ascii=False, indent=1))
    click.echo(f"recon: {refused}", err=True)
    sys.exit(refused.exit_code)


if __name__ == "__main__":
    main()
