"""Pictures of the demo's report for docs/: light, dark, Chinese, print. `make screenshots`; needs Chromium and pdftoppm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDE, HIGH = 1360, 900


def pictures(run: Path, chromium: str, target: Path) -> list[Path]:
    """The pictures of a run published in both languages, for audit and management."""
    target.mkdir(parents=True, exist_ok=True)
    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, file, scheme, address in (
            ("light", "index.html", "light", ""),
            ("dark", "index.html", "dark", "#exceptions"),
            ("chinese", "index_zh.html", "light", ""),
            ("management", "index_management.html", "light", ""),
        ):
            page = opened(browser, run / "report" / file, scheme, address)
            page.screenshot(path=target / f"{name}.png")
            taken.append(target / f"{name}.png")
        page = opened(browser, run / "report" / "index.html", "light", "#orders")
        page.locator("#grid-orders tr[data-place='1']").click()
        page.screenshot(path=target / "timeline.png")
        pdf = target / "print.pdf"
        page.keyboard.press("Escape")
        page.pdf(path=pdf, prefer_css_page_size=True)
        browser.close()
    subprocess.run(["pdftoppm", "-r", "70", "-png", "-f", "1", "-l", "1", "-singlefile", str(pdf), str(target / "print")], check=True)  # noqa: S607 - from the PATH
    pdf.unlink()
    return [*taken, target / "timeline.png", target / "print.png"]


def opened(browser: Any, file: Path, scheme: str, address: str) -> Any:
    """A page of the report, ready."""
    page = browser.new_page(viewport={"width": WIDE, "height": HIGH}, color_scheme=scheme)
    page.goto(file.as_uri() + address)
    page.wait_for_selector("html[data-ready]")
    return page


def main() -> None:
    """Run the demo and photograph its report."""
    chromium = os.environ.get("RECON_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None or shutil.which("pdftoppm") is None:
        sys.exit("screenshots need Chromium (on the PATH or named by RECON_CHROMIUM) and pdftoppm (Debian: apt install chromium poppler-utils)")
    from recon.domain import places
    from recon.load import read_engagement
    from recon.pipeline import publish, run

    with tempfile.TemporaryDirectory() as folder:
        engagement = read_engagement(places.sample_data() / "planted" / "engagement.yaml", as_of=None)
        publish(run(engagement), Path(folder) / "run", language="both", audiences=("audit", "management"))
        for picture in pictures(Path(folder) / "run", chromium, TARGET):
            print(picture.relative_to(TARGET.parents[1]))


if __name__ == "__main__":
    main()
