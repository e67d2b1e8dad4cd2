"""Runs a scoring script: answers framed requests on a socket with what its `run` gives.

Started by path under the user's interpreter, with the socket's number: standard library only,
imports nothing of ours, and must work from Python 3.6 on. It ends when the socket closes.
"""

import faulthandler
import importlib.util
import inspect
import io
import json
import os
import socket
import struct
import sys
import time
import traceback
import types  # noqa: TC003 - typing is slow to import
import urllib.parse

HEADER = struct.Struct("!IIIB")
"""Length of the payload, number of the request, microseconds that `run` took, kind."""
LENGTH = struct.Struct("!I")
SETUP, BODY, REQUEST = range(3)
HELLO, READY, FAILED, VALUE, ANSWER = range(3, 8)
"""VALUE is a result as JSON with status 200; ANSWER has its status and headers before the body."""
READ_SIZE = 1 << 18
PLAIN = frozenset((dict, list, str, int, float, bool, type(None)))
RUN_FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
RESULT_FAILED = "An unexpected internal error occurred. Check the logs for more info."
RAW_MODULES = (
    "azureml_inference_server_http.api.aml_request",
    "azureml.contrib.services.aml_request",
)


class UnusableScriptError(Exception):
    """The script cannot be served; the text says what it lacks."""


class RefusedError(Exception):
    """A request that is answered without `run`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Request:
    """What came from the client, with header names as WSGI writes them."""

    def __init__(self, payload: bytes) -> None:
        (length,) = LENGTH.unpack_from(payload)
        end = LENGTH.size + length
        about = json.loads(payload[LENGTH.size : end].decode())
        self.body = payload[end:]
        self.method = about["method"]
        self.query = about["query"]
        self.headers = {name.title(): value for name, value in about["headers"]}


class Script:
    """The user's entry script: `init` once, `run` for each request."""

    def __init__(self, path: str) -> None:
        module = load(path)
        for name in ("init", "run"):
            if not hasattr(module, name):
                raise UnusableScriptError(f"{path} does not define a function {name}().")
        self.init = module.init
        # A generated driver script forwards to the real one, with the wrong arguments.
        self.run = getattr(getattr(module, "driver_module", None), "run", None) or module.run
        self._read_signature(path)

    def _read_signature(self, path: str) -> None:
        parameters = list(inspect.signature(self.run).parameters.values())
        named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        if any(parameter.kind not in named for parameter in parameters):
            raise UnusableScriptError(f"run() of {path} may take named arguments only.")
        self._takes_headers = any(item.name == "request_headers" for item in parameters)
        self._parameters = [item for item in parameters if item.name != "request_headers"]
        if not self._parameters:
            raise UnusableScriptError(f"run() of {path} needs an argument for the input.")
        self._first = self._parameters[0].name
        self._is_raw = wants_raw_request()
        self._has_schema = has_input_schema(self.run)
        if self._is_raw and self._has_schema:
            raise UnusableScriptError("run() cannot have both @rawhttp and @input_schema.")

    @property
    def needs_only_body(self) -> bool:
        """Whether a POST may come as its body alone, which is the quick way."""
        return not (self._is_raw or self._has_schema or self._takes_headers)

    def arguments_of(self, request: Request) -> "dict[str, object]":
        """Give the arguments of `run`; raises RefusedError for a request that has none."""
        if self._is_raw:
            arguments = {self._first: raw_request(request)}  # type: dict[str, object]
        elif request.method == "OPTIONS":
            raise RefusedError(200, "")
        elif request.method not in ("GET", "POST"):
            raise RefusedError(405, "Method not allowed")
        elif self._has_schema:
            arguments = self._select(
                query_values(request.query) if request.method == "GET" else json_body(request)
            )
        elif request.method == "GET":
            arguments = {self._first: json.dumps(query_values(request.query))}
        else:
            arguments = self.arguments_of_body(request.body)
        if self._takes_headers:
            arguments["request_headers"] = request.headers
        return arguments

    def arguments_of_body(self, body: bytes) -> "dict[str, object]":
        """Give the arguments of `run` for a script that takes the body as text."""
        try:
            return {self._first: str(body, "utf-8")}
        except UnicodeDecodeError as failure:
            raise RefusedError(400, f"Input cannot be decoded as UTF-8: {failure}") from None

    def _select(self, values: "dict[str, object]") -> "dict[str, object]":
        arguments = {}
        for parameter in self._parameters:
            value = values.get(parameter.name, parameter.default)
            if value is inspect.Parameter.empty:
                raise RefusedError(
                    400, f"A value is not provided for the {parameter.name!r} parameter."
                )
            arguments[parameter.name] = value
        return arguments


def load(path: str) -> "types.ModuleType":
    """Run the entry script's file as a module; raises what it raises."""
    spec = importlib.util.spec_from_file_location("entry_module", path)
    if spec is None or spec.loader is None:
        raise UnusableScriptError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["entry_module"] = module
    spec.loader.exec_module(module)
    return module


def wants_raw_request() -> bool:
    """Whether the script imported `rawhttp` and put it on a function."""
    modules = [sys.modules.get(name) for name in RAW_MODULES]
    return any(getattr(module, "_rawHttpRequested", False) for module in modules)


def has_input_schema(run: object) -> bool:
    """Whether `run` carries decorators of the package inference-schema."""
    module = sys.modules.get("inference_schema.schema_util")
    return module is not None and bool(module.is_schema_decorated(run))


def query_values(query: str) -> "dict[str, object]":
    """Read a query's arguments as JSON where they are JSON; a repeated one makes a list."""
    found = {}  # type: dict[str, object]
    for name, texts in urllib.parse.parse_qs(query, keep_blank_values=True).items():
        values = [json_or_text(text) for text in texts]
        found[name] = values[0] if len(values) == 1 else values
    return found


def json_or_text(text: str) -> object:
    """Read JSON; text that is none stays what it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def json_body(request: Request) -> "dict[str, object]":
    """Read the body as a JSON dictionary, which decorated functions take; raises RefusedError."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise RefusedError(415, "Expects Content-Type to be application/json")
    if not request.body:
        raise RefusedError(400, "POST body is empty. Expecting a JSON dictionary.")
    try:
        body = json.loads(request.body.decode())
    except ValueError as failure:
        raise RefusedError(400, f"POST body could not be decoded as JSON: {failure}") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "POST body should be a JSON dictionary.")
    return body


def raw_request(request: Request) -> object:
    """Make the request object that @rawhttp promises; its package brought flask along."""
    flask = importlib.import_module("flask")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/score",
        "QUERY_STRING": request.query,
        "SERVER_NAME": request.headers.get("Host", "localhost").partition(":")[0],
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(request.body)),
    }
    if "Content-Type" in request.headers:
        environ["CONTENT_TYPE"] = request.headers["Content-Type"]
    for name, value in request.headers.items():
        environ.setdefault("HTTP_" + name.upper().replace("-", "_"), value)
    return flask.Request(environ)


def answer_of(script: Script, kind: int, payload: bytes) -> "tuple[int, int, bytes]":
    """Answer one request, whatever happens in it: kind, microseconds and payload."""
    try:
        if kind == BODY:
            arguments = script.arguments_of_body(payload)
        else:
            arguments = script.arguments_of(Request(payload))
    except RefusedError as refused:
        return ANSWER, 0, error(refused.status, refused.message)
    started = time.perf_counter()
    try:
        result = script.run(**arguments)
    except BaseException:  # noqa: BLE001 - a script that calls exit() is still to be answered
        traceback.print_exc()
        return ANSWER, 0, error(500, RUN_FAILED, failed=True)
    took = min(int((time.perf_counter() - started) * 1e6), 0xFFFFFFFF)
    try:
        if type(result) not in PLAIN and is_response(result):
            return ANSWER, took, answer_of_response(result)
        return VALUE, took, json.dumps({} if result is None else result).encode()
    except Exception:  # noqa: BLE001 - objects of the user, which may do anything
        traceback.print_exc()
        return ANSWER, 0, error(500, RESULT_FAILED)


def is_response(result: object) -> bool:
    """Whether a result is an HTTP response, as flask's, AMLResponse or starlette's are."""
    has_body = hasattr(result, "get_data") or hasattr(result, "body")
    return hasattr(result, "status_code") and hasattr(result, "headers") and has_body


def answer_of_response(result: "object") -> bytes:
    """Take status, headers and body from a response object."""
    get_data = getattr(result, "get_data", None)
    body = result.body if get_data is None else get_data()  # type: ignore[attr-defined]
    if isinstance(body, str):
        body = body.encode()
    status = int(result.status_code)  # type: ignore[attr-defined]
    headers = [
        [str(name).lower(), str(value)]
        for name, value in result.headers.items()  # type: ignore[attr-defined]
    ]
    if status >= 500:  # noqa: PLR2004 - what HTTP calls a failure of the server
        headers = [item for item in headers if item[0] != "x-ms-run-function-failed"]
        headers.append(["x-ms-run-function-failed", "True"])
    return with_head({"status": status, "headers": headers, "timed": True}, bytes(body))


def error(status: int, message: str, failed: bool = False) -> bytes:  # noqa: FBT001, FBT002
    """Make an answer that has nothing but a message, or not even that."""
    kind = "application/json" if message else "text/html; charset=utf-8"
    headers = [["content-type", kind], ["x-ms-run-function-failed", str(failed)]]
    body = json.dumps({"message": message}) if message else ""
    return with_head({"status": status, "headers": headers, "timed": False}, body.encode())


def with_head(head: "dict[str, object]", body: bytes) -> bytes:
    """Put what is told about a body before it."""
    encoded = json.dumps(head).encode()
    return LENGTH.pack(len(encoded)) + encoded + body


class Connection:
    """Frames to and from the server; whole ones only."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - its only form
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor)
        self._data = b""
        self._position = 0

    def read(self) -> "tuple[int, int, bytes]":
        """Wait for a frame: its number, kind and payload; EOFError where the server is gone."""
        length, number, _, kind = HEADER.unpack(self._take(HEADER.size))
        return number, kind, self._take(length)

    def write(self, number: int, kind: int, payload: bytes, took: int = 0) -> None:
        """Send a frame; blocks until it is sent."""
        try:
            self._socket.sendall(HEADER.pack(len(payload), number, took, kind) + payload)
        except OSError:
            raise EOFError from None

    def _take(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._data):
            self._fill(size)
            end = size
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def _fill(self, size: int) -> None:
        """Read until there is as much as that from the position on, which moves to the start."""
        parts = [self._data[self._position :]]
        have = len(parts[0])
        while have < size:
            try:
                part = self._socket.recv(max(READ_SIZE, min(size - have, 1 << 24)))
            except OSError:
                part = b""
            if not part:
                raise EOFError
            parts.append(part)
            have += len(part)
        self._data = b"".join(parts)
        self._position = 0


def serve(connection: Connection, starter: Connection) -> None:
    """Load the script, then answer until the server is gone, which is an EOFError.

    The starter says what to load, and is told whether it is; often it is the server itself.
    """
    starter.write(0, HELLO, json.dumps({"pid": os.getpid()}).encode())
    _, _, payload = starter.read()
    setup = json.loads(payload.decode())
    try:
        script = prepared(setup)
    except BaseException as failure:  # noqa: BLE001 - also of exit() in the script
        traceback.print_exc()
        reason = f"{type(failure).__name__}: {failure}"
        starter.write(0, FAILED, json.dumps({"reason": reason}).encode())
        return
    about = {"needs_only_body": script.needs_only_body}
    starter.write(0, READY, json.dumps(about).encode())
    while True:
        number, kind, payload = connection.read()
        answer, took, payload = answer_of(script, kind, payload)
        connection.write(number, answer, payload, took)


def prepared(setup: "dict[str, object]") -> Script:
    """Enter the script's folder, load it, and call its `init`."""
    os.environ.update(setup["secrets"])  # type: ignore[call-overload]
    source = str(setup["source"])
    own = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - quick to start
    os.chdir(source)
    # What lies beside this file must not be importable: a script may have modules of these names.
    sys.path[:] = [source] + [entry for entry in sys.path if entry not in (own, source)]
    script = Script(os.path.join(source, str(setup["entry_script"])))  # noqa: PTH118
    script.init()
    return script


def main(descriptor: int, *starter: int) -> None:
    """Serve until the server closes the socket; another one may be to who started this."""
    faulthandler.enable()
    connection = Connection(descriptor)
    try:
        serve(connection, Connection(*starter) if starter else connection)
    except EOFError:
        return


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
