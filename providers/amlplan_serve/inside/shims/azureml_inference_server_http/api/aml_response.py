"""`AMLResponse`: what a script answers, with its status and headers."""

import importlib
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

try:
    _Response = importlib.import_module("flask").Response  # type: Any
except ImportError:
    from amlplan_serve.inside.bare_response import BareResponse as _Response


class AMLResponse(_Response):  # type: ignore[misc]
    """An answer; a message that is None is an empty JSON object.

    A header with commas in its value is sent once for each part.
    """

    def __init__(
        self,
        message: "Any",
        status_code: int,
        response_headers: "Mapping[str, str]" = {},  # noqa: B006 - never changed
        json_str: bool = False,
        run_function_failed: bool = False,
    ) -> None:
        if message is None or json_str:
            body = json.dumps({} if message is None else message)
            super().__init__(body, status=status_code, mimetype="application/json")
        else:
            super().__init__(message, status=status_code)
            if "Content-Type" in response_headers:
                self.headers.remove("Content-Type")
        self.headers["x-ms-run-function-failed"] = str(run_function_failed)
        for name, values in response_headers.items():
            for value in values.split(","):
                self.headers.add(name, value.strip())
