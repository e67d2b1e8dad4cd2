"""HTTP of one connection: who asks, what for, and the answer as JSON or as a file."""

from __future__ import annotations

import base64
import hmac
import json
import mimetypes
import os
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

from amlplan.errors import AmlplanError
from amlplan_endpoint.answers import FAILED, NOT_ALLOWED, Refusal, Request
from amlplan_endpoint.body import Body, BrokenOffError
from amlplan_endpoint.routes import DOCUMENTS, is_native, route_of

if TYPE_CHECKING:
    from amlplan_endpoint.answers import Json
    from amlplan_endpoint.server import Server

RANK = "X-Amlplan-Rank"
UNREAD = 1024 * 1024
"""Bytes of a refused request that are read, so that its client sees the answer."""


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    server_version = "amlplan"
    sys_version = ""
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        body: Body | None = None
        try:
            body = Body(self.headers, cast("Any", self.rfile))
            self._check_token()
            answer = self._called(body)
        except Refusal as refusal:
            self._refuse(refusal, body)
        except BrokenOffError:
            self.close_connection = True
        except AmlplanError as failure:
            self._refuse(Refusal(FAILED, f"{failure.summary}: {failure.detail}"), body)
        except Exception as failure:  # noqa: BLE001 - one defect must not end the run's service
            self._refuse(Refusal(FAILED, f"{type(failure).__name__}: {failure}"), body)
        else:
            if isinstance(answer, Path):
                self._send_file(answer)
            else:
                self._send(200, answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - its base calls them so

    def _called(self, body: Body) -> Json | Path:
        parts = urlsplit(self.path)
        route, words = route_of(self.command, parts.path)
        rank = self.headers.get(RANK, "")
        request = Request(
            method=self.command,
            path=parts.path,
            words=words,
            body=body.document() if route.body == DOCUMENTS else {},
            query=parse_qs(parts.query, keep_blank_values=True),
            rank=int(rank) if rank.isascii() and rank.isdecimal() else None,
            save=body.save,
        )
        service = cast("Server", self.server).service
        answer = route.handler(service, request)
        if not body.is_read:
            body.document()
        return answer

    def _check_token(self) -> None:
        kind, _, given = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":  # a user and password of another server: the latter counts
            try:
                given = base64.b64decode(given).decode().partition(":")[2]
            except ValueError:
                given = ""
        token = cast("Server", self.server).service.token
        if not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise Refusal(NOT_ALLOWED, "The request has not the token of this run.")

    def _refuse(self, refusal: Refusal, body: Body | None) -> None:
        if body is None or not body.is_read:
            self.close_connection = True
            self._drop_some()
        if is_native(self.path):
            self._send(refusal.status, {"error": refusal.summary, "detail": refusal.message})
        else:
            self._send(refusal.status, {"error_code": refusal.code, "message": refusal.message})

    def _drop_some(self) -> None:
        """Read what has come of the body: closing before that would take the answer back."""
        self.connection.settimeout(0.2)
        try:
            cast("Any", self.rfile).read1(UNREAD)
        except (OSError, ValueError):
            return
        finally:
            self.connection.settimeout(None)

    def _send(self, status: int, document: Json) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _send_file(self, path: Path) -> None:
        try:
            file = path.open("rb")
        except OSError as failure:
            why = f"{path.name} cannot be read: {failure.strerror}."
            self._send(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": why})
            return
        with file:
            size = os.fstat(file.fileno()).st_size
            self.send_response(200)
            kind = mimetypes.guess_type(self.path)[0]
            self.send_header("Content-Type", kind or "application/octet-stream")
            self.send_header("Content-Length", str(size))
            self.end_headers()
            while size and (piece := file.read(min(size, UNREAD))):
                self.wfile.write(piece)
                size -= len(piece)
            if size:  # it was cut meanwhile: what was promised cannot be had any more
                self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its base calls it so
        """Nothing: the log is that of the script."""
