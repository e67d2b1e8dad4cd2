"""The user's entry script: loaded once, `init` called once, `run` for each request."""

import importlib.util
import inspect
import json
import os
import sys
import types  # noqa: TC003 - typing is slow to import

from amlplan_serve.inside import logs, raw
from amlplan_serve.inside.requests import (
    RefusedError,
    Request,
    json_body,
    query_values,
    text_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager

RAW_MODULES = (
    "azureml_inference_server_http.api.aml_request",
    "azureml.contrib.services.aml_request",
)


class UnusableScriptError(Exception):
    """The script cannot be served; the text says what it lacks."""


class Script:
    """An entry script that has what it takes to be served."""

    def __init__(self, path: str) -> None:
        module = load(path)
        for name in ("init", "run"):
            if not hasattr(module, name):
                raise UnusableScriptError(f"{path} does not define a function {name}().")
        self.init = module.init
        # A generated driver script forwards to the real one, with the wrong arguments.
        self.run = getattr(getattr(module, "driver_module", None), "run", None) or module.run
        self._read_signature(path)
        self.needs_context = (self._is_raw and raw.has_flask()) or raw.names_flask(module)
        if self._is_raw or self.needs_context:
            raw.make_ready(self.needs_context)

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
        self._has_schema = has_schema(self.run)
        if self._is_raw and self._has_schema:
            raise UnusableScriptError("run() cannot have both @rawhttp and @input_schema.")

    @property
    def needs_only_body(self) -> bool:
        """Whether a POST may come as its body alone, which is the quick way."""
        is_plain = not (self._is_raw or self._has_schema or self._takes_headers)
        return is_plain and not self.needs_context

    def context_of(self, request: Request) -> "AbstractContextManager[object]":
        """What has to be there while `run` works on a request."""
        return raw.context_of(request) if self.needs_context else raw.no_context()

    def arguments_of(self, request: Request) -> "dict[str, object]":
        """Give the arguments of `run`; raises RefusedError for a request that has none."""
        if self._is_raw:
            arguments = {self._first: raw.request_of(request)}  # type: dict[str, object]
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
        return {self._first: text_of(body)}

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


def has_schema(run: object) -> bool:
    """Whether `run` carries decorators of the package inference-schema."""
    module = sys.modules.get("inference_schema.schema_util")
    return module is not None and bool(module.is_schema_decorated(run))


def prepared(setup: "dict[str, object]") -> Script:
    """Enter the script's folder, load it, and call its `init`."""
    os.environ.update(setup["secrets"])  # type: ignore[call-overload]
    source = str(setup["source"])
    os.chdir(source)
    sys.path[:] = [source] + [entry for entry in sys.path if entry != source]
    logs.configure(source)
    script = Script(os.path.join(source, str(setup["entry_script"])))
    script.init()
    return script
