"""Answers requests with azureml-inference-server-http itself, each script in a process of its own.

Run by the interpreter of its environment. A line of JSON on the standard input is a job: variables
and requests. A line on the standard output has the answers; None for one that never came, as the
process ended on it. What is slow to import is imported once, and a job is a fork of that.
"""

import base64
import importlib
import json
import os
import sys
import traceback
from typing import Any

PACKAGE = "azureml_inference_server_http"


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what scripts print is no answer
    import_what_is_slow()
    for line in sys.stdin:
        os.write(answers, json.dumps(answered(json.loads(line))).encode() + b"\n")


def import_what_is_slow() -> None:
    """Import all of it, and forget what read the variables of this process."""
    importlib.import_module(PACKAGE + ".server.create_app")
    importlib.import_module("pandas")
    importlib.import_module("inference_schema.parameter_types.pandas_parameter_type")
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def answered(job: dict[str, Any]) -> list[Any]:
    ours, theirs = os.pipe()
    if os.fork() == 0:
        try:
            answer_all(job, theirs)
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        lines = pipe.read().splitlines()
    os.wait()
    found = [json.loads(line) for line in lines]
    return found + [None] * (len(job["requests"]) - len(found))


def answer_all(job: dict[str, Any], pipe: int) -> None:
    os.environ.update(job["variables"])
    os.chdir(job["source"])
    sys.path.insert(0, job["source"])  # as gunicorn does with the folder it works in
    client = (
        importlib.import_module(PACKAGE + ".server.create_app")
        .create()
        .test_client(use_cookies=False)
    )
    for method, path, body, headers in job["requests"]:
        data = None if body is None else base64.b64decode(body)
        response = client.open(path, method=method, data=data, headers=headers)
        answer = {
            "status": response.status_code,
            "headers": [[name.lower(), value] for name, value in response.headers],
            "body": base64.b64encode(response.get_data()).decode(),
        }
        os.write(pipe, json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
