"""Take the README's picture of the big screen: ``python -m tests.serving.screenshot <address> [<file>]``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TARGET = Path(__file__).parents[2] / "jobs" / "serving" / "static" / "screenshot.png"


def settle(page: Page) -> None:
    """Wait until the panels are drawn, the counters filled and the movements over."""
    page.wait_for_selector("body[data-drawn=yes]", timeout=30_000)
    page.wait_for_selector("#count-records:not([data-value='']):not([data-value='0'])", timeout=30_000)
    page.wait_for_timeout(2_500)


def main(address: str, target: Path = TARGET) -> None:
    """Save the screen at ``address``, 1920 x 1080, as a PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.on("console", lambda message: print(message.type, message.text, file=sys.stderr))
        page.goto(address)
        settle(page)
        page.screenshot(path=str(target))
        browser.close()
    shrink(target)


def shrink(picture: Path) -> None:
    """Save a PNG with 256 colours, a quarter of its size: README pictures live in the repository for ever."""
    with Image.open(picture) as opened:
        full = opened.convert("RGB")
    palette = full.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=2)
    full.quantize(256, palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(picture, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:3]))
