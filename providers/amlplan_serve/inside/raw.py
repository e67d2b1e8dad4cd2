"""The HTTP request itself, for scripts that ask for it: flask's where flask is installed."""

import importlib
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import ModuleType
    from typing import Any

    from amlplan_serve.inside.requests import Request

_apps: "list[Any]" = []


class _NoContext:
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def no_context() -> "AbstractContextManager[None]":
    """A context in which nothing is there."""
    return _NoContext()


def has_flask() -> bool:
    """Whether flask can be imported here, with all that it needs."""
    try:
        importlib.import_module("flask")
    except ImportError:
        return False
    return True


def names_flask(module: "ModuleType") -> bool:
    """Whether a script has names of flask, most of which work inside a request only."""
    return "flask" in sys.modules and any(map(_is_of_flask, vars(module).values()))


def _is_of_flask(value: "Any") -> bool:
    """Look at a thing without asking it, which may import or raise anything."""
    if type(value).__module__ == "werkzeug.local":  # a proxy, as `flask.request` is
        return True
    if type(value) is type(sys):
        name = vars(value).get("__name__")
    else:
        name = value.__module__ if type(value) in (type, type(has_flask)) else None
    return isinstance(name, str) and name.partition(".")[0] == "flask"


def make_ready(needs_context: bool) -> None:  # noqa: FBT001
    """Have ready what requests need, so that the first is as quick; raises what flask does."""
    if not needs_context:
        importlib.import_module("amlplan_serve.inside.bare_request")
        return
    flask = importlib.import_module("flask")
    folder = os.path.dirname(str(sys.modules["entry_module"].__file__))
    _apps.append(flask.Flask("entry_module", root_path=folder, static_folder=None))


def context_of(request: "Request") -> "AbstractContextManager[object]":
    """A context in which flask's own names work: `request`, `jsonify`, `send_file`."""
    return _apps[0].request_context(environ_of(request))  # type: ignore[no-any-return]


def request_of(request: "Request") -> object:
    """The request object that @rawhttp promises; that of the context where there is one."""
    if _apps:
        return sys.modules["flask"].request._get_current_object()  # noqa: SLF001
    from amlplan_serve.inside.bare_request import BareRequest

    return BareRequest(environ_of(request), request.headers)


def environ_of(request: "Request") -> "dict[str, object]":
    """The request as WSGI has it."""
    host, _, port = request.headers.get("Host", "localhost").partition(":")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/score",
        "QUERY_STRING": request.query,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }  # type: dict[str, object]
    if request.body or "Content-Length" in request.headers:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    if "Content-Type" in request.headers:
        environ["CONTENT_TYPE"] = request.headers["Content-Type"]
    for name, value in request.headers.items():
        environ.setdefault("HTTP_" + name.upper().replace("-", "_"), value)
    return environ
