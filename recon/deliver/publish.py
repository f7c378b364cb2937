"""Deliver: write a run beside its final name, seal it with a manifest, put it in place in one step."""

from __future__ import annotations

import os
import platform
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from recon.deliver.tables import write_table
from recon.deliver.target import claim, put_in_place, workplace
from recon.domain import manifest, places
from recon.domain.errors import TryLater
from recon.domain.publication import TableFile
from recon.domain.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from recon.domain.publication import Publication
    from recon.domain.workpapers import Workpapers

#: Files that are written side by side.
FILES_AT_ONCE: Final = 2


def deliver(
    publication: Publication,
    workpapers: Workpapers,
    folder: Path,
    *,
    to_make: Sequence[Callable[[], Mapping[str, bytes]]] = (),
    edition: Mapping[str, Any] | None = None,
) -> None:
    """Publish to `folder`, whole or not at all; an earlier run there is replaced in one step.

    `to_make` gives more files, which are made while those of the publication are written: pages keep Python busy, tables the engine.
    `edition` says which part of which run this is, where it is not a whole one.

    Raises TermsRefused when the folder holds something recon did not publish, TryLater while another run holds it or the disk
    refuses. Whatever goes wrong on the way (a full disk, an interrupt) leaves the earlier run as it was and nothing beside it.
    """
    with claim(folder):
        place = workplace(folder)
        try:
            with ThreadPoolExecutor(max(len(to_make), 1)) as makers, ThreadPoolExecutor(FILES_AT_ONCE) as writers:
                made = [makers.submit(make) for make in to_make]
                outputs = list(writers.map(partial(_write_named, place), sorted(publication.items(), key=itemgetter(0))))
                outputs += [_write(place, *named) for future in made for named in future.result().items()]
            outputs.sort(key=itemgetter("path"))
            facts = _facts(workpapers, outputs, place)
            if edition is not None:
                facts = _of_edition(facts, edition)
            _write(place, manifest.NAME, manifest.encode(facts))
            put_in_place(place, folder)
        except OSError as error:
            todo = "make room or permission there, then run again; an earlier run stands as it was"
            raise TryLater("the run could not be written", where=str(folder), got=error.strerror or str(error), todo=todo) from error
        finally:
            shutil.rmtree(place, ignore_errors=True)  # gone already when all went well


def _write_named(place: Path, named: tuple[str, bytes | TableFile]) -> dict[str, Any]:
    return _write(place, *named)


def _write(place: Path, name: str, content: bytes | TableFile) -> dict[str, Any]:
    """Write one file and ask the disk to keep it; its entry of the manifest."""
    path = place / PurePosixPath(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, TableFile):
        write_table(content, path)
    else:
        path.write_bytes(content)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return {"path": name, "sha256": manifest.fingerprint(path), "size_bytes": path.stat().st_size}


def _facts(workpapers: Workpapers, outputs: list[dict[str, Any]], place: Path) -> dict[str, Any]:
    """What the manifest says. The time of publication is the file system's: only here, never under results/."""
    import polars as pl

    engagement = workpapers.engagement.model_dump(mode="json", by_alias=True)
    terms, lock = {key: engagement[key] for key in ("parameters", "policies", "controls")}, places.locked_packages()
    return {
        "format": manifest.FORMAT,
        "versions": {"recon": __version__, "polars": pl.__version__, "python": platform.python_version()},
        "program_sha256": manifest.program_sha256(),
        "libraries": manifest.libraries(lock),
        "lock_sha256": manifest.fingerprint(lock) if lock.is_file() else None,
        "published_at": datetime.fromtimestamp(place.stat().st_mtime, UTC).isoformat(timespec="seconds"),
        "seconds": {room: f"{seconds:.3f}" for room, seconds in workpapers.seconds.items()},
        "engagement": engagement,
        "parameters_sha256": manifest.fingerprint_of(terms),
        "rules": dict(workpapers.fingerprints),
        "inputs": [
            {"name": f.name, "input": f.input, "sha256": f.sha256, "size_bytes": f.size_bytes, "rows": f.rows, "encoding": f.encoding}
            for f in workpapers.files
        ],
        "outputs": outputs,
        "told": {
            "row_counts": dict(workpapers.row_counts),
            "ignored": {name: list(columns) for name, columns in workpapers.ignored.items()},
            "previous_summary": workpapers.register.previous_summary,
            "alias_key": workpapers.alias_key,
        },
    }


def _of_edition(facts: Mapping[str, Any], edition: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of an edition: nothing of the terms but whom and which day they are about, since terms may name persons."""
    about = {name: facts["engagement"][name] for name in ("entity", "as_of", "period", "currency", "fail_on")}
    return {name: value for name, value in facts.items() if name != "told"} | {"engagement": about, "edition": dict(edition)}
