"""Which function answers which path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from amlplan_endpoint import (
    mlflow_artifacts,
    mlflow_experiments,
    mlflow_logged_models,
    mlflow_logging,
    mlflow_model_versions,
    mlflow_registered_models,
    mlflow_runs,
    native,
)
from amlplan_endpoint.answers import NO_ENDPOINT, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amlplan_endpoint.answers import Json, Request
    from amlplan_endpoint.service import Service

DOCUMENTS, FILES = "documents", "files"
NATIVE = "/amlplan/"
_MLFLOW = re.compile(r"/(?:ajax-)?api/[23]\.0/(?:preview/)?(?=mlflow)")
"""The same calls stand under several heads: of browsers, and of MLflow before 2.0."""


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a method and a path, whose `{words}` may be anything, `{words...}` slashes too.

    `body` tells whether the function gets the body as a document or saves it as a file.
    """

    method: str
    path: str
    handler: Callable[[Service, Request], Json | Path]
    body: str = DOCUMENTS

    @property
    def pattern(self) -> str:
        """The path as a regular expression."""
        pattern = re.escape(self.path).replace(r"\{", "{").replace(r"\}", "}")
        pattern = re.sub(r"\{(\w+)(?:\\\.){3}\}", r"(?P<\1>.+)", pattern)
        return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)


_ALL = (
    *(Route(*route) for route in mlflow_experiments.ROUTES),
    *(Route(*route) for route in mlflow_runs.ROUTES),
    *(Route(*route) for route in mlflow_logging.ROUTES),
    *(Route(*route) for route in mlflow_artifacts.ROUTES),
    *(Route(*route) for route in mlflow_logged_models.ROUTES),
    *(Route(*route) for route in mlflow_registered_models.ROUTES),
    *(Route(*route) for route in mlflow_model_versions.ROUTES),
    *(Route(*route) for route in native.ROUTES),
)


@cache
def _fixed() -> dict[tuple[str, str], Route]:
    return {(route.method, route.path): route for route in _ALL if "{" not in route.path}


@cache
def _open() -> list[tuple[str, re.Pattern[str], Route]]:
    made = (route for route in _ALL if "{" in route.path)
    return [(route.method, re.compile(route.pattern), route) for route in made]


def route_of(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a request and the words of its path; raises Refusal where there is none."""
    path = _MLFLOW.sub("/", path, count=1).rstrip("/")
    found = _fixed().get((method, path))
    if found is not None:
        return found, {}
    for wanted, pattern, route in _open():
        matched = pattern.fullmatch(path) if wanted == method else None
        if matched is not None:
            return route, {name: unquote(text) for name, text in matched.groupdict().items()}
    raise Refusal(NO_ENDPOINT, f"{method} {path} is not served for scripts under amlplan.")


def is_native(path: str) -> bool:
    """Whether a path is one of our own."""
    return path.startswith(NATIVE)
