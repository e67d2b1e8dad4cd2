"""Files that hold cases: sections with files to write, and commands with what they print."""

from __future__ import annotations

import re
import shlex
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.project import Project

_SECTION = re.compile(r"^-- (.+) --$", re.MULTILINE)
_VARYING = {
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"): "<uuid>",
    re.compile(r'(?<="amlplan_version": ")[^"]+'): "<version>",
    re.compile(r"\bhost:[0-9a-f]{32}\b"): "<host>",
    re.compile(r"(?<=complete after )\d+s"): "0s",
    re.compile(r"(?<=127\.0\.0\.1:)\d+\b"): "<port>",
    re.compile(r'(?<=")[0-9a-f]{16}(?=")'): "<fingerprint>",
    re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\+00:00)?"): "<time>",
    re.compile(rf"(?<=@){re.escape(socket.gethostname())}\b"): "<machine>",
    re.compile(r"(?<=plan {7})[0-9a-f]{32}\b"): "<plan>",
    re.compile(r"(?<=/images/)[0-9a-f]{64}"): "<digest>",
}


def sections_of(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The comment at the top, and each section's title and text."""
    parts = _SECTION.split(text)
    return parts[0], list(
        zip(parts[1::2], (part.lstrip("\n") for part in parts[2::2]), strict=True)
    )


def printed(project: Project, command: str) -> str:
    """What a command prints, without what differs from run to run."""
    arguments = shlex.split(command.removeprefix("$ amlplan"))
    result = project.run(*arguments, code=None)
    text = result.all.replace(str(project.root), "<root>").replace(str(project.data), "<data>")
    for pattern, word in _VARYING.items():
        text = pattern.sub(word, text)
    text = text.rstrip("\n") + "\n"
    return text if result.code == 0 else f"{text}[exit {result.code}]\n"
