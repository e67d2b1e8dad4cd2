"""Package indexes: their addresses without credentials, and credentials on the way to uv only."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from amlplan.errors import AuthError
from amlplan_local.pythons import search_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.base import JsonValue

HIDDEN = "(sensitive)"
"""Stands in a request for an address that is a secret."""
DEFAULT_INDEX = "UV_DEFAULT_INDEX"
FURTHER_INDEXES = "UV_INDEX"
_KEPT = frozenset(
    {
        "UV_CACHE_DIR",
        "UV_NO_CACHE",
        "UV_OFFLINE",
        "UV_HTTP_TIMEOUT",
        "UV_HTTP_RETRIES",
        "UV_INSECURE_HOST",
        "UV_KEYRING_PROVIDER",
        "UV_CONCURRENT_DOWNLOADS",
        "UV_CONCURRENT_BUILDS",
        DEFAULT_INDEX,
    }
)
"""How this user reaches an index. What would change a resolution is not taken from here."""
_INDEX_LOGIN = re.compile(r"UV_INDEX_\w+_(?:USERNAME|PASSWORD)")
_DROPPED = frozenset({"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX"})


def public_address(url: str) -> str:
    """An address without what stands before the @ of its host."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def child_environment(
    request: Mapping[str, JsonValue],
    environment: Mapping[str, str],
    root: Path,
    cache_folder: Path,
) -> dict[str, str]:
    """The variables for uv: the user's way to the network, and the indexes of the request.

    `environment` may hold `UV_DEFAULT_INDEX` and `UV_INDEX` (separated by spaces) with
    credentials; where they name the indexes of the request they take its place. Raises
    AuthError where an address is a secret and was not given.
    """
    ours = {
        name: value
        for name, value in os.environ.items()
        if (not name.startswith("UV_") or name in _KEPT or _INDEX_LOGIN.fullmatch(name))
        and name not in _DROPPED
    }
    if os.environ.get("PIP_INDEX_URL"):
        ours.setdefault(DEFAULT_INDEX, os.environ["PIP_INDEX_URL"])
    known = {**ours, **environment}
    variables = {
        **known,
        "PATH": search_path(known),
        "UV_SYSTEM_CERTS": "1",
        "UV_NATIVE_TLS": "1",  # what uv before 0.9 calls it
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
    }
    default = request["index_url"]
    if default is not None:
        variables[DEFAULT_INDEX] = _with_login(default, [known.get(DEFAULT_INDEX, "")])
    further = request["extra_index_urls"]
    given = environment.get(FURTHER_INDEXES, "").split()
    if further == HIDDEN:
        further = given or [HIDDEN]
    variables[FURTHER_INDEXES] = " ".join(_with_login(url, given) for url in further)
    if not further:
        del variables[FURTHER_INDEXES]
    if request["find_links"]:
        variables["UV_FIND_LINKS"] = ",".join(_place(link, root) for link in request["find_links"])
    if not os.access(Path(os.environ.get("HOME") or "/nowhere"), os.W_OK):
        variables.setdefault("UV_CACHE_DIR", str(cache_folder / "uv"))
    return variables


def _with_login(url: str, given: list[str]) -> str:
    """The given address that is this one with credentials, else this one."""
    if url == HIDDEN:
        found = next((item for item in given if item), None)
        if found is None:
            raise AuthError(
                "The address of the package index is a secret that cannot be had",
                "index_url or extra_index_urls is sensitive, and its value was not found here. "
                "Provide the secret it is taken from, then lock again.",
            )
        return found
    return next((item for item in given if item and public_address(item) == url), url)


def _place(link: str, root: Path) -> str:
    return link if "://" in link else os.path.normpath(root / link)


def without_secrets(text: str, variables: Mapping[str, str]) -> str:
    """A text with every user name and password of these variables masked."""
    for secret in sorted(_secrets_in(variables), key=len, reverse=True):
        text = text.replace(secret, "****")
    return text


def _secrets_in(variables: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    for name, value in variables.items():
        if _INDEX_LOGIN.fullmatch(name):
            found.add(value)
            continue
        if "://" not in value or "@" not in value:
            continue
        for url in re.split(r"[\s,]+", value):
            login = urlsplit(url).netloc.rpartition("@")[0]
            user, _, password = login.partition(":")
            found |= {login, password or user, unquote(password or user)}
    return {secret for secret in found if secret}
