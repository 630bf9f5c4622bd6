"""The report in a real browser: no requests, no errors, and accessible to all readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from castlist.report import render, write
from castlist.report.sheet import render_sheet

CONTRAST = """() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const parse = (css) => {
    context.clearRect(0, 0, 1, 1); context.fillStyle = css; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] === 255) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || ["STYLE", "SCRIPT", "TITLE"].includes(e.tagName) || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), svg = e.namespaceURI.endsWith("svg");
    if (e.tagName === "title" || e.disabled) continue;
    const a = light(parse(svg ? style.fill : style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const name = `${e.tagName}.${e.className.baseVal ?? e.className}`;
    if (ratio < (large ? 3 : 4.5)) bad.push(`${name} ${ratio.toFixed(2)}`);
  }
  return bad;
}"""


@pytest.fixture(scope="module")
def pages(
    film: Callable[..., Any], proof: Callable[..., Any], empty_film: Any, tmp_path_factory: Any
) -> dict[str, Path]:
    """Reports on disk: a short film, a long one, one without a face."""
    folder = tmp_path_factory.mktemp("reports")
    short = film(6, 40, tracks=34, names=("<b>Anna</b>", "", "مريم", "x" * 300), background=3, aside=9)
    long = film(60, 7200, tracks=2000, background=40, aside=40, damaged=7)
    return {
        "short": write(short.cast, folder / "short.html", thumbs=short.thumbs, evidence=proof(short)),
        "long": write(long.cast, folder / "long.html", thumbs=long.thumbs, evidence=proof(long)),
        "empty": write(empty_film.cast, folder / "empty.html"),
    }


def opened(browser: Any, path: Path, *, width: int = 1280, scheme: str = "light") -> Any:
    """A page, with its requests in `asked` and its errors in `said`."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.asked, page.said = [], []
    page.on("request", lambda r: page.asked.append(r.url))
    page.on("console", lambda m: page.said.append(m.text))
    page.on("pageerror", lambda e: page.said.append(str(e)))
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("name", ["short", "long", "empty"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_fits_and_keeps_to_itself(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    page = opened(browser, pages[name], width=width)
    for details in page.locator("details").all():
        details.evaluate("d => { d.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.said == []
    assert [u for u in page.asked if not u.startswith(("data:", pages[name].as_uri()))] == []
    page.close()


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_a_doubt_beside_a_short_name_leaves_it_on_one_line(
    browser: Any, pages: dict[str, Path], width: int
) -> None:
    page = opened(browser, pages["short"], width=width)
    lines = page.evaluate(
        """() => [...document.querySelectorAll(".person h3, .small h3")].map((h3) => {
          h3.querySelectorAll(".doubt").forEach((e) => e.remove());
          const doubt = document.createElement("span");
          doubt.className = "doubt";
          doubt.textContent = "unsure: some tracks may show another person";
          h3.append(doubt);
          const name = h3.querySelector("bdi");
          const lines = name.getBoundingClientRect().height / parseFloat(getComputedStyle(name).lineHeight);
          return [name.textContent, Math.round(lines)];
        })"""
    )
    short = [number for name, number in lines if re.fullmatch(r"Person \d+", name)]
    assert set(short) == {1}
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["short", "long", "empty"])
def test_contrast_is_aa(browser: Any, pages: dict[str, Path], name: str, scheme: str) -> None:
    page = opened(browser, pages[name], scheme=scheme)
    for details in page.locator("details").all():
        details.evaluate("d => { d.open = true; }")
    assert page.evaluate(CONTRAST) == []
    page.close()


def test_policy_stops_what_gets_in(browser: Any, pages: dict[str, Path]) -> None:
    page = opened(browser, pages["short"])
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.broken = 1';"
        "document.body.append(s); const i = new Image(); i.src = 'http://127.0.0.1:9/x.png';"
        "document.body.append(i); }"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.broken") is None
    assert len(page.said) == 2
    assert all("Content Security Policy" in text for text in page.said)
    page.close()


def test_timeline_zooms_by_button_key_and_dragging(browser: Any, pages: dict[str, Path]) -> None:
    page = opened(browser, pages["short"])
    view = lambda: [float(v) for v in page.locator("svg.strip").nth(1).get_attribute("viewBox").split()]  # noqa: E731
    assert view() == [0, 0, 40_000, 10]
    page.get_by_role("button", name="Zoom in").click()
    assert view() == [10_000, 0, 20_000, 10]
    page.keyboard.press("ArrowLeft")
    assert view()[0] == 2_000
    page.keyboard.press("Home")
    assert view() == [0, 0, 40_000, 10]
    assert page.get_by_role("button", name="Whole film").is_disabled()
    box = page.locator("svg.strip").nth(1).bounding_box()
    y = box["y"] + 5
    page.mouse.move(box["x"] + box["width"] / 4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, y, steps=3)
    page.mouse.up()
    start, _, span, _ = view()
    assert (start, span) == (pytest.approx(10_000, abs=50), pytest.approx(10_000, abs=100))
    assert page.locator(".axis text").count() >= 3
    page.close()


def test_hover_says_who_and_when(browser: Any, pages: dict[str, Path]) -> None:
    page = opened(browser, pages["short"])
    strip = page.locator("svg.strip[data-person='1']")
    strip.scroll_into_view_if_needed()
    start, width = (
        int(v) for v in re.match(r"M(\d+) 0h(\d+)", strip.locator("path").get_attribute("d")).groups()
    )
    box = strip.bounding_box()
    page.mouse.move(box["x"] + box["width"] * (start + width / 2) / 40_000, box["y"] + 6)
    tip = page.locator(".tip")
    assert tip.is_visible()
    name = page.locator("a.who[data-person='1']").inner_text()
    assert name in tip.inner_text()
    assert tip.locator("img").is_visible()
    page.close()


def test_reads_without_script(browser: Any, film: Callable[..., Any], tmp_path: Path) -> None:
    made = film(3, 20, tracks=9)
    path = tmp_path / "plain.html"
    path.write_text(render(made.cast, thumbs=made.thumbs), "utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator(".tools").is_hidden()
    assert page.locator("svg.strip[data-person]").count() == 3
    assert page.locator(".axis text").first.text_content() == "0:00"
    context.close()


def test_prints_with_everything_unfolded(browser: Any, pages: dict[str, Path]) -> None:
    page = opened(browser, pages["short"], scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".tools").is_hidden()
    page.close()


def test_nothing_is_cut_at_the_edge_of_the_paper(browser: Any, film: Any, tmp_path: Path) -> None:
    """The report on A4 with all 16 columns of the table; a sheet of A4 laid out for the wider Letter."""
    made = film(16, 20, tracks=48)
    (tmp_path / "report.html").write_text(render(made.cast, thumbs=made.thumbs), "utf-8")
    (tmp_path / "sheet.html").write_text(render_sheet(made.cast, thumbs=made.thumbs), "utf-8")
    cases = (("report", "table.matrix", 178, 178), ("sheet", ".card:nth-child(3)", 192, 186))
    for name, part, laid_out, paper in cases:  # millimetres without margins
        page = browser.new_page(viewport={"width": round(laid_out * 96 / 25.4), "height": 900})
        page.emulate_media(media="print")
        page.goto((tmp_path / f"{name}.html").as_uri())
        right = page.evaluate("part => document.querySelector(part).getBoundingClientRect().right", part)
        assert right <= paper * 96 / 25.4 + 1, name
        page.close()
