"""Set recon up on a machine that has nothing but Python 3.11 or newer, then do one job.

    python3 start.py demo    set up, run the nightly job on the sample company, say where the report lies
    python3 start.py test    set up with the developers' tools, then ruff, mypy, the import contract and every test

Only the standard library is used here. Packages come from the locked lists under requirements/, each checked by its hash,
and go into .venv beside this file; a second call finds the lock unchanged and starts at once.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
STAMP = VENV / "recon-lock.sha256"
TOOLS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = TOOLS / ("python.exe" if os.name == "nt" else "python")
LOCKS = {"demo": HERE / "requirements" / "run.txt", "test": HERE / "requirements" / "dev.txt"}
#: In this order; pytest comes last, so that its summary is the last line of the output.
CHECKS = {
    "ruff": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "import contract": ("lint-imports",),
    "pytest": ("pytest", "-q", "-n", "auto", "--dist", "loadgroup", "--no-loadscope-reorder", "-m", "not slow"),
}


def fingerprint(lock: Path) -> str:
    """Hash of what decides the environment: the interpreter, the locked list and the project's own description."""
    digest = hashlib.sha256(repr(sys.version_info[:3]).encode())
    for path in (lock, HERE / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_ready(job: str) -> bool:
    """Whether .venv was made from the lock of this job, or for the demo from the larger one of the tests."""
    if not (STAMP.is_file() and PYTHON.exists()):
        return False
    enough = {LOCKS[job], LOCKS["test"]}
    return STAMP.read_text(encoding="ascii") in {fingerprint(lock) for lock in enough}


def set_up(lock: Path) -> None:
    """Make .venv and install the locked packages and the project itself."""
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        sys.exit("This Python lacks the venv module. Install it (Debian, Ubuntu: apt install python3-venv) and start again.")
    print("setting up " + str(VENV.relative_to(HERE)) + " (once) ...", file=sys.stderr, flush=True)
    if STAMP.exists():
        STAMP.unlink()
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install([*pip, "--require-hashes", "--requirement", str(lock)])
    install([*pip, "--no-deps", "--no-build-isolation", "--editable", str(HERE)])
    # as pip does for packages: an editable one would be compiled at its first start, and at each start where Python may not write
    install([str(PYTHON), "-m", "compileall", "-q", str(HERE / "recon")])
    STAMP.write_text(fingerprint(lock), encoding="ascii")


def install(command: list[str]) -> None:
    """Run one installation step or stop with a sentence."""
    if subprocess.run(command, check=False).returncode:
        sys.exit("The installation failed, see above. Nothing else was done; start again once the cause is gone.")


def run_demo(arguments: list[str]) -> int:
    """Run the nightly job on the sample company. Finding its planted exceptions (exit 1) is what the demo is for."""
    code = subprocess.run([str(TOOLS / "recon"), "demo", *arguments], check=False).returncode
    return 0 if code == 1 else code


def run_tests(arguments: list[str]) -> int:
    """Run all checks; the first that fails does not keep the others from speaking."""
    failed = []
    for name, (tool, *options) in CHECKS.items():
        extra = arguments if name == "pytest" else []
        if name == "pytest":
            told = "not clean: " + ", ".join(failed) if failed else "ruff, mypy and the import contract are clean"
            print(told, flush=True)
        if subprocess.run([str(TOOLS / tool), *options, *extra], cwd=HERE, check=False).returncode:
            failed.append(name)
    return 1 if failed else 0


def main() -> int:
    """Parse, set up, run."""
    if sys.version_info < (3, 11):
        sys.exit(
            "recon needs Python 3.11 or newer; this is "
            + sys.version.split()[0]
            + ". Start again with a newer one, for example: python3.12 start.py demo"
        )
    if len(sys.argv) < 2 or sys.argv[1] not in LOCKS:
        sys.exit((__doc__ or "").strip())
    job, arguments = sys.argv[1], sys.argv[2:]
    if not is_ready(job):
        set_up(LOCKS[job])
    return run_demo(arguments) if job == "demo" else run_tests(arguments)


if __name__ == "__main__":
    sys.exit(main())
