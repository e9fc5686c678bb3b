"""The big screen in real headless Chromium, on a real server over a literal lake."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from jobs.tables.delivery import DELIVERY
from tests.serving.conftest import Serve
from tests.serving.literal_lake import CITIES, delivery, make_lake, write
from tests.serving.screenshot import ARGUMENTS, settle

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: sudo apt-get install --yes chromium fonts-noto-cjk"),
]


@dataclass
class Seen:
    """A page, what its console said, and where its requests went."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> Seen:
        """Note every console error, uncaught error, failed and made request."""
        self.page.on("console", lambda m: self.console.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.console.append(f"failed: {request.url}"))
        return self

    def cells(self) -> dict[str, str]:
        """The map's table: city -> what it shows."""
        rows = self.page.locator("#map-table tbody tr")
        return dict(
            zip(
                rows.locator("th").all_text_contents(),
                [text.strip() for text in rows.locator("td:nth-child(2)").all_text_contents()],
                strict=True,
            )
        )


@pytest.fixture
def seen() -> Iterator[Seen]:
    """A fresh window of 1920 x 1080."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield Seen(browser.new_page(viewport={"width": 1920, "height": 1080})).watch()
        browser.close()


def test_the_first_page_shows_16_cities_counts_live_and_tells_where_a_number_came_from(
    serve: Serve, lake_folder: Path, seen: Seen
):
    process, address = serve(lake_folder)
    page = seen.page
    page.goto(address)
    settle(page)

    shown = seen.cells()
    assert len(shown) == len(CITIES) == 16
    # The seventh city in map order is Weifang: 7.0 visits a person-year times 0.86 + 0.02 x (6 x 7 mod 16 = 10).
    assert shown["潍坊市"] == "7.42"
    assert len(set(shown.values())) == 16
    page.get_by_role("button", name="已诊断高血压患病率").click()
    expect(page.locator("#map-title")).to_have_text("各市已诊断高血压患病率")
    # 17 of 100 times 1.03 in the third year, times 1.06.
    assert seen.cells()["潍坊市"] == "18.6"
    assert "16 values, lowest 济南市 15.1" in (page.locator("#map").get_attribute("aria-label") or "")

    records, institutions = page.locator("#count-records"), page.locator("#count-institutions")
    before = int(records.get_attribute("data-value") or 0)
    expect(institutions).to_have_attribute("data-value", "64")
    write(lake_folder, DELIVERY, [delivery(2, "laboratory", "370102H077", 5_000)])
    expect(records).to_have_attribute("data-value", str(before + 5_000), timeout=10_000)
    expect(institutions).to_have_attribute("data-value", "65")
    expect(records).to_have_text(f"{before + 5_000:,}")
    expect(page.locator("#recent li").first).to_contain_text("+5,000")

    caveat = page.locator("[data-panel=pooled_mortality] .caveat")
    expect(caveat).to_contain_text("模拟省份不含新冠死亡")
    expect(caveat).to_contain_text("A simulated province has no deaths of COVID-19.")
    ends, card_ends = (
        page.locator(where).evaluate("e => e.getBoundingClientRect().bottom")
        for where in ("[data-panel=pooled_lung_cancer] .caveat", "[data-pair=interval]")
    )
    assert ends < card_ends  # the longest is not cut off

    page.locator(".number[data-panel=visits]").click()
    stages = page.locator("#trace .stage")
    expect(stages).to_have_count(4)
    expect(stages.nth(0)).to_contain_text("release.measure v0")
    expect(stages.nth(1)).to_contain_text("run-release-1")
    expect(stages.nth(2)).to_contain_text("bronze.outpatient_visit")
    expect(stages.nth(3)).to_contain_text("sha256")
    page.keyboard.press("Escape")
    expect(page.locator("#trace")).to_be_hidden()

    expect(page.locator("footer")).to_contain_text("模拟数据,约为每 5,000 名居民 1 人")
    assert seen.console == []
    assert seen.requests
    assert [url for url in seen.requests if not url.startswith(f"{address}/")] == []
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_small_lake_hides_cells_and_says_that_it_shows_the_province_instead(serve: Serve, tmp_path: Path, seen: Seen):
    # 100 residents: in a city 1 to 12 of them, so no city has more than 10 with diagnosed hypertension in any year.
    _, address = serve(make_lake(tmp_path / "lake", people=100))
    page = seen.page
    page.goto(address)
    settle(page)
    page.get_by_role("button", name="已诊断高血压患病率").click()
    expect(page.locator("#map-note")).to_contain_text("各市有 16/16 个单元格已隐去,改用全省多年合并")
    assert seen.cells() == {"山东省": "17.0"}
    expect(page.locator(".number[data-panel=lung_cancer]")).to_contain_text("已隐去")
    expect(page.locator("#map-legend")).to_contain_text("已隐去（过小）")
    assert seen.console == []
