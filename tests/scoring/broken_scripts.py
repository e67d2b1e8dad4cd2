"""Scripts that neither server serves."""

from __future__ import annotations

from scoring.comparing import Case, Request
from scoring.raw_scripts import NEW
from scoring.schema_scripts import STANDARD_TYPE

RUN = "\ndef run(data): return data\n"
INIT = "\ndef init(): pass\n"
ASKED = [Request(body=b"{}"), Request("GET", "/"), Request("GET", "/swagger.json")]
BOTH = """
    @rawhttp
    @input_schema("data", StandardPythonParameterType(1))
    def run(data): return data
"""


def broken(name: str, script: str, **files: str) -> Case:
    return Case(name, script, ASKED, files={f"{each}.json": text for each, text in files.items()})


BROKEN_CASES = [
    (broken("init that raises", "def init(): raise ValueError('no model')" + RUN), "no model"),
    (broken("init that exits", "import sys\ndef init(): sys.exit(0)" + RUN), "SystemExit"),
    (broken("init with an argument", "def init(folder): pass" + RUN), "folder"),
    (broken("no init", RUN), "function init"),
    (broken("no run", INIT), "function run"),
    (broken("run without an argument", INIT + "def run(): return 1"), "needs an argument"),
    (broken("run with headers", INIT + "def run(request_headers): pass"), "needs an argument"),
    (broken("run with any arguments", INIT + "def run(*data): pass"), "named arguments"),
    (broken("run with any names", INIT + "def run(data, **more): pass"), "named arguments"),
    (broken("run that is no function", INIT + "run = 3"), "not a callable"),
    (broken("no Python", "this is no Python"), "SyntaxError"),
    (broken("an import that is missing", "import not_there" + INIT + RUN), "not_there"),
    (broken("an exit when it is loaded", "exit(4)" + INIT + RUN), "SystemExit: 4"),
    (broken("the request and a schema", STANDARD_TYPE + NEW + BOTH), "cannot have both"),
    (broken("a broken logging.json", INIT + RUN, logging='{"version": 3}'), "Unsupported version"),
    (broken("a broken swagger.json", INIT + RUN, swagger="{"), "swagger.json is no JSON"),
]
"""Each with what is told of it."""
