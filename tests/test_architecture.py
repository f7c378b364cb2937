"""The house rules that a machine can hold. Each rule names what to use instead."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "recon"
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = ("load", "conform", "validate", "match", "evaluate", "record", "report", "deliver", "sample")
MODULE_LINES = 450
FUNCTION_LINES = 60

#: pattern in the code (comments and texts removed) -> where it is allowed, and what to use instead
BANNED = {
    r"\bexcept\s*:": ((), "name the errors you can do something about"),
    r"\bexcept\s+(?:\(.*)?\b(?:Base)?Exception\b": (
        ("cli.py", "validate/"),
        "name the errors you can do something about; only the command line and the guest process catch all",
    ),
    r"(?<![\w.])print\(": (("cli.py",), "return the words to the command line"),
    r"\bdatetime\.(?:now|utcnow|today)\b|\bdate\.today\b": (("cli.py", "pipeline.py", "deliver/"), "engagement.as_of is the only clock"),
    r"\btime\.time\(": (("cli.py", "pipeline.py"), "engagement.as_of is the only clock"),
    r"\bmap_elements\b|\bmap_rows\b": ((), "a Polars expression"),
    r"\biter_rows\b": (
        ("load/", "report/", "deliver/", "validate/", "record/", "evaluate/", "sample/"),
        "a Polars expression; loops over rows are for a handful of rows at the edges",
    ),
    r"\bpickle\b|\byaml\.load\b|(?<![\w.])eval\(|(?<![\w.])exec\(|\bshell\s*=\s*True\b": ((), "nothing: files and rules are data"),
}
#: in these rooms figures live
FLOATS = re.compile(r"\bFloat(?:32|64)\b|(?<![\w.])float\(")
FLOAT_FREE = ("domain/", "match/", "evaluate/", "conform/")
FLOAT_ALLOWED = {
    "match/spread.py": "logarithms and medians of a statistic, rounded to fixed digits; no amount that is shown passes through them",
    "conform/": "a float column of a Parquet file becomes its shortest text before it is typed",
}


def code_of(path: Path) -> str:
    """The source without comments and string contents, line numbers kept."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.end_lineno is not None and node.end_col_offset is not None:
            for number in range(node.lineno - 1, node.end_lineno):
                raw = lines[number].encode()
                start = node.col_offset if number == node.lineno - 1 else 0
                end = node.end_col_offset if number == node.end_lineno - 1 else len(raw)
                lines[number] = (raw[:start] + b" " * (end - start) + raw[end:]).decode(errors="replace")
    return "\n".join(re.sub(r"#.*", "", line) for line in lines)


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def places(path: Path, pattern: "re.Pattern[str] | str") -> list[str]:
    return [f"recon/{name_of(path)}:{n}: {line.strip()}" for n, line in enumerate(code_of(path).splitlines(), 1) if re.search(pattern, line)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_stay_small(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES, f"recon/{name_of(path)} has {lines} lines; a module of more than {MODULE_LINES} has two subjects: part it"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_stay_small(path):
    found = [
        f"recon/{name_of(path)}:{node.lineno}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    assert not found, "\n".join([*found, f"a function of more than {FUNCTION_LINES} lines does two things: name them"])


@pytest.mark.parametrize("pattern", BANNED, ids=lambda p: p[:24])
def test_banned_words(pattern):
    allowed, instead = BANNED[pattern]
    found = [place for path in MODULES if not name_of(path).startswith(allowed or ("\0",)) for place in places(path, pattern)]
    assert not found, "\n".join([*found, f"use instead: {instead}"])


def test_no_lax_casts():
    """A lax cast turns what it cannot read into nothing. Dates are parsed laxly in conform, which counts what stays empty."""
    found = [
        f"recon/{name_of(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"cast", "to_decimal", "to_integer"}
        and any(k.arg == "strict" and isinstance(k.value, ast.Constant) and k.value.value is False for k in node.keywords)
    ]
    assert not found, "\n".join([*found, "cast strictly; what cannot be read is counted and set aside by conform"])


def test_no_floats_where_figures_live():
    found = [
        place
        for path in MODULES
        if name_of(path).startswith(FLOAT_FREE) and not name_of(path).startswith(tuple(FLOAT_ALLOWED))
        for place in places(path, FLOATS)
    ]
    assert not found, "\n".join([*found, "use instead: Decimal through recon/domain/money.py, or whole numbers"])


def test_nothing_is_left_for_later():
    texts = [*MODULES, *ROOT.glob("benchmarks/*.py"), *(ROOT / "rules").rglob("*.yaml"), *(ROOT / "reports").rglob("*.html")]
    found = [
        f"{path.relative_to(ROOT)}:{n}: {line.strip()}"
        for path in texts
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\b(?:TODO|FIXME|XXX|HACK)\b", line)
    ]
    assert not found, "\n".join([*found, "do it, or open an issue and leave no mark in the code"])


def test_no_vague_module_names():
    vague = {"utils", "util", "helpers", "common", "core", "base", "manager", "misc"}
    found = [name_of(path) for path in MODULES if vague & set(path.with_suffix("").parts)]
    assert not found, f"{found}: a module is called by the word of finance it is about"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_one_door(room):
    """`recon/<room>` has its verb; what else it exports is said in __all__."""
    door = PACKAGE / room / "__init__.py"
    assert door.exists(), f"recon/{room} is missing"
    tree = ast.parse(door.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"recon/{room}/__init__.py does not say what the room does"
    exported = [
        element.value
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
        for element in ast.walk(node.value)
        if isinstance(element, ast.Constant)
    ]
    assert room in exported, f"recon/{room}/__init__.py must list its verb in __all__"


def test_click_and_great_expectations_have_one_home_each():
    homes = {"click": {"cli.py", "pack_commands.py", "options.py"}, "great_expectations": set()}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for package in {name.split(".")[0] for name in names} & homes.keys():
                homes[package].add(name_of(path))
    assert homes["click"] == {"cli.py", "pack_commands.py", "options.py"}
    assert len(homes["great_expectations"]) <= 1, homes["great_expectations"]
    assert all(name.startswith("validate/") for name in homes["great_expectations"])


def test_import_contract():
    done = subprocess.run([str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_help_starts_light():
    """`recon --help` imports nothing heavy and answers in a blink: processor time, the best of five, so that a busy machine does not decide."""
    probe = (
        "import sys; sys.argv = ['recon', '--help']\n"
        "from recon.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'polars', 'pandas', 'numpy', 'great_expectations', 'pandera', 'pydantic', 'sqlglot', 'jinja2', 'duckdb'} & set(sys.modules)\n"
        "sys.stderr.write(','.join(sorted(heavy)))\n"
    )
    seconds = []
    for _ in range(5):
        before = os.times()
        done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert "Usage" in done.stdout
    assert done.stderr == "", f"imported for --help: {done.stderr}"
    assert min(seconds) < 0.4, f"recon --help took {min(seconds):.2f} s"


def test_every_rule_file_is_reached():
    """A file under rules/ that no reader looks at would be a rule that nobody applies."""
    from recon.domain import places as where
    from recon.load import rulebook

    rules = where.rules()
    controls = {path.relative_to(rules) for path in (rules / "controls").rglob("*.yaml")}
    sources = {path.relative_to(rules) for path in (rules / "sources").rglob("*.yaml")}
    expectations = {path.relative_to(rules) for path in (rules / "expectations").rglob("*.yaml")}
    frameworks = {path.relative_to(rules) for path in (rules / "frameworks").rglob("*.yaml")}
    schemas = {path.relative_to(rules) for path in (rules / "schemas").rglob("*.json")}  # for editors; tests/test_documentation.py compares them
    read = controls | sources | expectations | frameworks | schemas | {Path("planned.yaml"), Path(rulebook.CHECKED)}
    other = {path.relative_to(rules) for path in rules.rglob("*") if path.is_file()} - read
    assert not other, f"nobody reads {sorted(map(str, other))}"
    assert {path.name.split("_")[0] for path in controls} == {control.id for control in rulebook.read_controls(rules / "controls")}
    assert {path.stem for path in sources} == {row["source"] for row in rulebook.list_profiles(rules / "sources")}
    assert len(expectations) == len(list(rulebook.read_expectations(rules / "expectations")))
    assert len(frameworks) == len(rulebook.read_frameworks(rules / "frameworks"))


def test_no_machine_is_named():
    """Nothing in the project names a machine's folders or where packages come from."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")
    pattern = re.compile(r"/(?:home|root|Users|work)/[\w.]+|file:///|--(?:extra-)?index-url|pypi\.org|find-links")
    found = []
    for name in listed:
        path = ROOT / name
        if not name or not path.is_file() or path == Path(__file__).resolve() or path.suffix in {".parquet", ".xlsx", ".png"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{name}:{n}" for n, line in enumerate(text.splitlines(), 1) if pattern.search(line) and name != "requirements/lock.sh"]
    assert not found, found


def test_no_file_is_a_link():
    """A link leads to a place of one machine."""
    listed = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    assert [line for line in listed if line.startswith("120000")] == []
