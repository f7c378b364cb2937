"""A BagIt 1.0 bag (RFC 8493): payload under data/, a manifest of its digests, a manifest of the tag files."""

from __future__ import annotations

import hashlib
import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PAYLOAD_MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAG_FILES: Final = ("bag-info.txt", "bagit.txt", PAYLOAD_MANIFEST)
RESULTS: Final = "data/05_results/"
_HOMES: Final = {"results": RESULTS, "report": "data/01_report/", "machine": "data/01_report/machine/"}
_CHUNK_BYTES: Final = 1 << 20
_ESCAPES: Final = (("%", "%25"), ("\n", "%0A"), ("\r", "%0D"))


def home_of(path: str) -> str:
    """Where a file of a published run stands in its pack."""
    top, _, rest = path.partition("/")
    return _HOMES.get(top, f"{RESULTS}{top}/") + rest


class Bag:
    """A bag while it is written at `place`; digests are taken from the bytes as they are written, and files are synced."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.payload: dict[str, str] = {}
        self.size_bytes = 0

    def write(self, path: str, content: bytes) -> str:
        """Put bytes under data/; their sha256."""
        target = self._target(path)
        with target.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return self._listed(path, hashlib.sha256(content).hexdigest(), len(content))

    def copy(self, path: str, source: Path) -> str:
        """Copy a file under data/; the sha256 of what was copied."""
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as read, self._target(path).open("xb") as file:
            while chunk := read.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return self._listed(path, digest.hexdigest(), size)

    def close(self, facts: Mapping[str, str]) -> str:
        """Write the tag files; the sha256 of the tag manifest, which stands for the whole bag."""
        info = {**facts, "Payload-Oxum": f"{self.size_bytes}.{len(self.payload)}", "Bag-Size": f"{self.size_bytes} bytes"}
        lines = "".join(f"{name}: {' '.join(value.split())}\n" for name, value in info.items())
        tags = {"bag-info.txt": lines.encode(), "bagit.txt": DECLARATION, PAYLOAD_MANIFEST: manifest_bytes(self.payload)}
        tags[TAG_MANIFEST] = manifest_bytes({name: hashlib.sha256(content).hexdigest() for name, content in tags.items()})
        for name, content in tags.items():
            with (self.place / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        return hashlib.sha256(tags[TAG_MANIFEST]).hexdigest()

    def _target(self, path: str) -> Path:
        target = self.place / PurePosixPath(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _listed(self, path: str, digest: str, size_bytes: int) -> str:
        self.payload[path] = digest
        self.size_bytes += size_bytes
        return digest


def manifest_bytes(digests: Mapping[str, str]) -> bytes:
    """Path -> sha256 as a manifest, sorted by path; `sha256sum -c` reads it."""
    return "".join(f"{digest}  {_escaped(path)}\n" for path, digest in sorted(digests.items())).encode()


def read_manifest(path: Path) -> tuple[dict[str, str], bool]:
    """Path -> sha256 of a manifest, and whether every line of it is one."""
    found: dict[str, str] = {}
    sound = True
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        return {}, isinstance(error, OSError)  # a file that is not there is found missing, not damaged
    for line in filter(None, text.split("\n")):
        digest, name = line[:64], _plain(line[66:])
        if line[64:66] != "  " or not name or name in found or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            sound = False
        else:
            found[name] = digest
    return found, sound


def results_digest(payload: Mapping[str, str]) -> str:
    """One digest for the results: over their lines of the manifest. The same for two packs of the same inputs, rules and day."""
    lines = sorted(f"{digest}  {path}\n" for path, digest in payload.items() if path.startswith(RESULTS))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _escaped(path: str) -> str:
    for sign, code in _ESCAPES:
        path = path.replace(sign, code)
    return path


def _plain(path: str) -> str:
    for sign, code in reversed(_ESCAPES):
        path = path.replace(code, sign)
    return path
