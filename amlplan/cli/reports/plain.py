"""Text as the forms of a report take it: without colours, and without what breaks their syntax."""

from __future__ import annotations

import re

from amlplan.cli.style import rendered, visible

# What XML 1.0 cannot hold and `visible` leaves: lone halves of pairs, and two that are no letters.
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_BACKTICKS = re.compile(r"`+")


def plain(text: str) -> str:
    """Text without colours."""
    return rendered(text, colours=False)


def one_line(text: str) -> str:
    """Text from outside on one line, with control characters made visible."""
    return " ".join(visible(text).split())


def xml_text(text: str) -> str:
    """Text that an XML document can hold; its markup is left to who writes the document."""
    return _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", visible(text))


def code_span(text: str) -> str:
    """Text as code within a line of Markdown, also in a table."""
    line = one_line(text).replace("|", "\\|")
    fence = "`" * (_longest(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def code_block(text: str) -> str:
    """Text as a block of code of Markdown, whatever fences it has itself."""
    fence = "`" * max(3, _longest(text) + 1)
    return f"{fence}text\n{visible(text).rstrip()}\n{fence}"


def prose(text: str) -> str:
    """Text from outside as one line of Markdown that says nothing but its letters."""
    line = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~@-])", r"\\\1", line)


def _longest(text: str) -> int:
    return max((len(match[0]) for match in _BACKTICKS.finditer(text)), default=0)
