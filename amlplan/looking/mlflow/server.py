"""Speaks with an MLflow server; imported on use, since what speaks HTTP is slow to import."""

from __future__ import annotations

import base64
import json
import os
import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from amlplan.errors import AuthError, NotFoundError, ProviderError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TIMEOUT = 60.0
_API = "/api/2.0/mlflow/"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"
_REFUSED = frozenset({401, 403})
_SHOWN = 300


class MlflowServer:
    """A server at a URI, for one thread. Each method blocks and raises ProviderError.

    MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, are the login,
    as for MLflow itself; or what the URI has before its host, which `uri` and messages leave out.
    """

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        self.uri = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ProviderError(
                "Not the address of an MLflow server",
                f"{self.uri} has no form like http://localhost:5000 or https://mlflow.example.com.",
            )
        self._path = parts.path.rstrip("/")
        login = _login() or _basic(unquote(parts.username or ""), unquote(parts.password or ""))
        self._headers = {"Authorization": login} if login else {}
        if parts.scheme == "https":
            self._connection: HTTPConnection = HTTPSConnection(
                parts.hostname, parts.port, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        else:
            self._connection = HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)

    def get(self, route: str, **query: str) -> dict[str, Any]:
        """What a GET of a route answers."""
        return self._json("GET", f"{_API}{route}?{urlencode(query)}", None)

    def post(self, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What a POST to a route answers."""
        return self._json("POST", _API + route, json.dumps(body).encode())

    def upload(self, path: str, file: Path) -> None:
        """Put a file among the artifacts that the server keeps itself."""
        with file.open("rb") as opened:
            headers = {"Content-Length": str(file.stat().st_size)}
            response = self._request("PUT", _ARTIFACTS + quote(path), opened, headers)
            _check(response, response.read(), self.uri)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _json(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        response = self._request(method, path, body, headers)
        data = response.read()
        _check(response, data, self.uri)
        try:
            found = json.loads(data or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise _no_mlflow(self.uri, data)
        return found

    def _request(
        self, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> HTTPResponse:
        try:
            self._connection.request(method, self._path + path, body, {**self._headers, **headers})
            return self._connection.getresponse()
        except (OSError, HTTPException) as failure:
            self._connection.close()
            raise UnreachableError(
                "The MLflow server does not answer",
                f"{self.uri}: {failure or type(failure).__name__}. See that it runs and that the "
                "address is right, then export again; what is there already is not made twice.",
            ) from failure


def _login() -> str:
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if token:
        return f"Bearer {token}"
    user = os.environ.get("MLFLOW_TRACKING_USERNAME", "")
    return _basic(user, os.environ.get("MLFLOW_TRACKING_PASSWORD", ""))


def _basic(user: str, password: str) -> str:
    if not user:
        return ""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _check(response: HTTPResponse, data: bytes, uri: str) -> None:
    if response.status < 300:  # noqa: PLR2004 - all of 2xx is success
        return
    try:
        told = json.loads(data)
        code, message = str(told.get("error_code", "")), str(told.get("message", ""))
    except (ValueError, AttributeError):
        code, message = "", data.decode(errors="replace")
    what = f"{uri}: {response.status} {response.reason}. {message[:_SHOWN]}".rstrip()
    if response.status in _REFUSED:
        raise AuthError(
            "The MLflow server refuses the login",
            f"{what} Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD.",
        )
    if code == "RESOURCE_DOES_NOT_EXIST":
        raise NotFoundError("The MLflow server has no such thing", what)
    raise ProviderError("The MLflow server refuses a request", what)


def _no_mlflow(uri: str, data: bytes) -> ProviderError:
    shown = data[:80].decode(errors="replace")
    return ProviderError(
        "Not an MLflow server", f"{uri} answers, but not as MLflow does: {shown!r}. Correct it."
    )
