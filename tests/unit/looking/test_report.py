"""Reports: one page that needs nothing else, and in which no text is markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from amlplan.history import Point, Recorded, RunDetail
from amlplan.looking.comparison import comparison
from amlplan.looking.curves import curve_of
from amlplan.looking.report.gathering import Gathered, Picture, Table, end_of_log, gathered
from amlplan.looking.report.page import page
from history_support import finish, history, make_run
from looking_support import content_store, detail, place_of

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "</script><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>\x00\ud800"
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "span"),
    *("div", "table", "tr", "td", "th", "svg", "text", "line", "g", "polyline", "circle", "rect"),
    *("figure", "figcaption", "img", "pre", "details", "summary", "script", "footer"),
}


class Page(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def told(run: RunDetail, name: str = "loss", **more: Any) -> Gathered:
    points = [Point(value, step, 1.0) for step, value in enumerate((3.0, 2.0, float("nan"), 1.0))]
    return Gathered(run, {name: curve_of(run.summary.name, points)}, **more)


def evil_run(number: int) -> RunDetail:
    return detail(
        number,
        {EVIL: [1, 2]},
        parameters={EVIL: EVIL},
        tags={EVIL: EVIL},
        properties={EVIL: EVIL},
        definition={
            "program": [EVIL],
            "commit": EVIL,
            "inputs": {EVIL: {"path": EVIL, "size": 1, "digest": EVIL}},
        },
        left_out={EVIL: EVIL},
    )


def test_no_name_and_no_value_becomes_markup(tmp_path: Path) -> None:
    runs = [evil_run(1), evil_run(2)]
    more: dict[str, Any] = {
        "tables": [Table(EVIL, [EVIL], [[EVIL], [{"a": EVIL}]], 9)],
        "pictures": [Picture(EVIL, "image/png", b"\x89PNG"), Picture(EVIL, why=EVIL)],
        "others": [Recorded("error", EVIL, 1.0, {"text": EVIL})],
        "log": EVIL,
        "files": {EVIL: 1},
    }
    found = [told(run, EVIL, **more) for run in runs]
    compared = comparison(runs, content_store(tmp_path), everything=True)
    for shown in (page(found, [EVIL, EVIL], compared, 1.0), page(found[:1], [EVIL], [], 1.0)):
        seen = Page(shown)
        assert set(seen.elements) <= ELEMENTS
        assert seen.elements.count("script") == 1
        assert not [name for name, _ in seen.attributes if name.startswith("on")]
        assert shown.encode().count(b"alert(1)") > 10
        assert "<img src=x" not in shown


def test_a_page_asks_the_network_for_nothing() -> None:
    shown = page([told(detail())], ["run 1"], [], 1.0)
    policies = [value for name, value in Page(shown).attributes if name == "content"]
    assert any(str(value).startswith("default-src 'none';") for value in policies)
    links = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'\s)>]+)""", shown)
    assert all(link.startswith("data:") for link in links)


def test_the_values_of_a_plot_are_in_the_page() -> None:
    attributes = Page(page([told(detail())], ["run 1"], [], 1.0)).attributes
    values = [value for name, value in attributes if name == "data-values"]
    assert values == ["0,3 1,2", "3,1"]


def test_several_runs_are_overlaid_and_compared(tmp_path: Path) -> None:
    runs = [detail(1, {"mse": 0.1, "same": 1}), detail(2, {"mse": 0.2, "same": 1})]
    compared = comparison(runs, content_store(tmp_path), everything=True)
    shown = page([told(run) for run in runs], ["run 1", "run 2"], compared, 1.0)
    assert shown.count("<svg") == 1
    assert shown.count("data-label=") == 2
    assert re.search(r'<tr class="differs"><td>mse</td><td>0.1</td><td>0.2</td>', shown)
    assert "<tr><td>same</td><td>1</td><td>1</td>" in shown


def test_what_a_run_recorded_is_gathered(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    content = content_store(tmp_path)
    digest, size = content.take([memoryview(b"\x89PNG")])
    for event in (
        {"type": "metric", "name": "loss", "value": 2, "step": 0},
        {"type": "metric", "name": "loss", "value": 1, "step": 1},
        {"type": "metric", "name": "one", "value": 1},
        {"type": "row", "name": "folds", "values": {"fold": 1, "mse": 2}},
        {"type": "row", "name": "folds", "values": {"fold": 2, "more": 3}},
        {"type": "table", "name": "t", "values": {"a": [1, 2], "b": [3]}},
        {"type": "list", "name": "l", "values": list(range(500))},
        {"type": "image", "name": "f", "path": "outputs/f.png"},
        {"type": "image", "name": "gone", "path": "outputs/gone.png"},
        {"type": "outputs", "files": {"outputs/f.png": digest}, "sizes": {"outputs/f.png": size}},
    ):
        store.append_control(run, event)
    finish(store, run)
    place = place_of(store, content, tmp_path)
    (place.folder_of(run) / "log.txt").write_bytes(b"first\nlast \xff\n")
    found = gathered(place, store.run(run), "run 1")
    assert list(found.curves) == ["loss"]
    assert [(table.name, table.rows_in_all) for table in found.tables] == [
        ("t", 2),
        ("l", 500),
        ("folds", 2),
    ]
    assert found.tables[0].rows == [[1, 3], [2, None]]
    assert found.tables[2].head == ["fold", "mse", "more"]
    assert len(found.tables[1].rows) == 200
    assert [picture.data for picture in found.pictures] == [b"\x89PNG", None]
    assert "not among the outputs" in found.pictures[1].why
    assert found.log == "first\nlast �"


def test_only_the_end_of_a_long_log_is_told(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(50_000)))
    lines = end_of_log(path).splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("…", "line 49999", 201)
    assert end_of_log(tmp_path / "none") == ""
