"""What a server of another make tells at its swagger route, if it has one."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from amlplan_serve.described import UNKNOWN, Description
from amlplan_serve.http_exchange import DeadConnectionError
from amlplan_serve.swagger import ALIASES

if TYPE_CHECKING:
    from amlplan_serve.upstream import Upstream

PATIENCE = 10.0
"""Seconds for each document."""
OK = 200


async def description_of_server(upstream: Upstream, route: str) -> Description:
    """What /swagger.json tells from now on; what the server does not tell is made by the front."""
    files: dict[str, Any] = {}
    for version in sorted(set(ALIASES.values())):
        document = await _document(upstream, f"{route}?version={version}")
        if document is not None and _version_of(document) == version:
            files[version] = document
    return Description({"files": files}) if files else UNKNOWN


async def _document(upstream: Upstream, target: str) -> dict[str, Any] | None:
    try:
        answer = await asyncio.wait_for(upstream.ask("GET", target, [], b""), PATIENCE)
        document = json.loads(answer.body) if answer.status == OK else None
    except (asyncio.TimeoutError, DeadConnectionError, OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _version_of(document: dict[str, Any]) -> str:
    """The version that a document is of, as we call it."""
    told = str(document.get("openapi") or document.get("swagger") or "")
    return "3.1" if told.startswith("3.1") else told.partition(".")[0]
