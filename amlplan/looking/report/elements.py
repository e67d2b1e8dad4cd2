"""The elements that reports are made of; every text in them is made safe here."""

from __future__ import annotations

import base64
import json
import math
from typing import TYPE_CHECKING, Any

from amlplan.looking.markup import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amlplan.looking.report.gathering import Picture, Table

_WORDS = {True: "true", False: "false", None: "-"}
SHOWN_DIGITS = 6
DIGEST, SHOWN_OF_DIGEST = "sha256:", 19


def value_text(value: Any) -> str:
    """A recorded value as people read it."""
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, float):
        return f"{value:.{SHOWN_DIGITS}g}" if math.isfinite(value) else str(value)
    if isinstance(value, str | int):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def card(body: str) -> str:
    """A part of the page with a frame around it."""
    return f'<div class="card">{body}</div>'


def section(title: str, body: str) -> str:
    """A part with its title; nothing where it is empty."""
    return f"<h2>{safe(title)}</h2>{card(body)}" if body else ""


def pairs(rows: Iterable[tuple[str, Any]]) -> str:
    """Names with what they stand for; nothing where there are none."""
    cells = [f"<tr><td>{safe(name)}</td><td>{_shown(value)}</td></tr>" for name, value in rows]
    return f'<table class="pairs">{"".join(cells)}</table>' if cells else ""


def _shown(value: Any) -> str:
    return safe(value_text(value))


def _shortened(value: Any) -> str:
    """A value in a cell: of a digest its beginning, the whole under the pointer."""
    if isinstance(value, str) and value.startswith(DIGEST) and len(value) > SHOWN_OF_DIGEST:
        return f'<span title="{safe(value)}">{safe(value[:SHOWN_OF_DIGEST])}…</span>'
    return _shown(value)


def grid(
    head: Sequence[str], rows: Iterable[Sequence[Any]], marked: Sequence[bool] | None = None
) -> str:
    """Rows below a head; `marked` rows are lifted out. Nothing where there are none."""
    body: list[str] = []
    for number, row in enumerate(rows):
        cells = "".join(f"<td>{_shortened(value)}</td>" for value in row)
        is_marked = marked is not None and marked[number]
        body.append(f'<tr class="differs">{cells}</tr>' if is_marked else f"<tr>{cells}</tr>")
    if not body:
        return ""
    titles = "".join(f"<th>{safe(name)}</th>" for name in head)
    return f"<table><tr>{titles}</tr>{''.join(body)}</table>"


def recorded_table(table: Table) -> str:
    """A table that a script recorded."""
    more = table.rows_in_all - len(table.rows)
    note = f'<p class="sub">… and {more:,} rows more</p>' if more else ""
    return f"<h3>{safe(table.name)}</h3>{card(grid(table.head, table.rows) + note)}"


def figure(picture: Picture) -> str:
    """A picture that a script recorded, in the page itself; or why it is not there."""
    caption = f"<figcaption>{safe(picture.name)}</figcaption>"
    if picture.data is None:
        return card(f'<figure>{caption}<p class="sub">{safe(picture.why)}</p></figure>')
    data = base64.b64encode(picture.data).decode()
    source = f"data:{picture.mime};base64,{data}"
    return card(f'<figure>{caption}<img alt="{safe(picture.name)}" src="{source}"></figure>')


def badge(status: str) -> str:
    """A status in its colour."""
    return f'<span class="badge {safe(status)}">{safe(status)}</span>'
