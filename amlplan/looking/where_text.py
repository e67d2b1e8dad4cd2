"""Reads conditions as people type them: `=`, `and`, `or`, `not` and 'single quotes' are welcome."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from amlplan.config.syntax.parser import parse_expression
from amlplan.diagnostics import SourceFile
from amlplan.errors import ConfigError

if TYPE_CHECKING:
    from amlplan.config.syntax.nodes import Expression

_TOKEN = re.compile(
    r"""(?P<double>"(?:[^"\\]|\\.)*") | '(?P<single>[^']*)' | (?P<kept>[=!<>]=|=>)"""
    r"""| (?P<equals>=) | (?<![\w.])(?P<word>and|or|not|AND|OR|NOT)(?![\w.\[-])""",
    re.VERBOSE,
)
_WORDS = {"and": "&&", "or": "||", "not": "!"}


def canonical(text: str) -> str:
    """The condition in the language of configurations."""
    return _TOKEN.sub(_translated, text)


def _translated(match: re.Match[str]) -> str:
    if match["single"] is not None:
        quoted = json.dumps(match["single"], ensure_ascii=False)
        return quoted.replace("${", "$${").replace("%{", "%%{")
    if match["equals"]:
        return "=="
    return _WORDS[match["word"].lower()] if match["word"] else match[0]


def parsed(text: str) -> tuple[Expression, SourceFile]:
    """The expression of a condition; raises ConfigError, which shows the place."""
    source = SourceFile("-where", canonical(text))
    expression, problems = parse_expression(source)
    if expression is None:
        raise ConfigError(problems)
    return expression, source
