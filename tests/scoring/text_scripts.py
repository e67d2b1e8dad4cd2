"""Scripts whose `run` takes the body as text, as most samples of Azure ML do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scoring.comparing import Case, Difference, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = {"Content-Type": "application/json"}


MODULE = "The module of a script"


def post(
    body: object, differs: Difference | None = None, headers: Mapping[str, str] | None = None
) -> Request:
    """A request with a body of JSON, or with these bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(body=data, headers={**JSON, **(headers or {})}, differs=differs)


LINEAR = """
    import json
    import numpy
    import joblib
    from azureml_like import Linear

    def init():
        global model
        model = Linear([2.0, 1.0], 0.5)

    def run(raw_data):
        data = numpy.array(json.loads(raw_data)["data"])
        return model.predict(data).tolist()
"""
LINEAR_MODULE = """
import numpy

class Linear:
    def __init__(self, weights, bias):
        self.weights, self.bias = numpy.array(weights), bias

    def predict(self, rows):
        return rows @ self.weights + self.bias
"""
CAUGHT = """
    import json
    import numpy as np

    def init():
        global scale
        scale = np.float64(3)

    def run(data):
        try:
            rows = np.array(json.loads(data)["data"], dtype=float)
            return {"result": (rows * scale).tolist()}
        except Exception as e:
            error = str(type(e).__name__)
            return error
"""
DUMPED = """
    import json

    def init(): pass

    def run(data):
        return json.dumps({"predictions": [1, 0], "given": json.loads(data)})
"""
TYPES = """
    import collections, datetime, decimal, enum, json
    import numpy

    class Word(str): pass
    class Level(enum.IntEnum):
        LOW = 1

    def init(): pass

    def run(data):
        return {
            "numpy int": lambda: numpy.int64(3),
            "numpy float": lambda: numpy.float64(1.5),
            "numpy float32": lambda: numpy.float32(1.5),
            "numpy array": lambda: numpy.array([1, 2]),
            "numpy bool": lambda: numpy.bool_(True),
            "decimal": lambda: decimal.Decimal("1.5"),
            "date": lambda: datetime.date(2018, 9, 24),
            "ordered": lambda: collections.OrderedDict([("b", 1), ("a", 2)]),
            "named": lambda: collections.namedtuple("P", "x y")(1, 2),
            "subclass": lambda: Word("text"),
            "enum": lambda: Level.LOW,
            "infinity": lambda: [float("inf"), float("-inf"), float("nan")],
            "keys": lambda: {1: "a", None: "b", True: "c"},
            "tuple keys": lambda: {(1, 2): "a"},
            "generator": lambda: (n for n in range(3)),
            "bytes": lambda: b"raw",
            "bytearray": lambda: bytearray(b"raw"),
            "function": lambda: init,
            "class": lambda: Word,
            "circle": lambda: [].append,
            "deep": lambda: [[[[[1]]]]],
            "big": lambda: 10 ** 40,
            "empty": lambda: "",
            "zero": lambda: 0,
            "false": lambda: False,
            "surrogate": lambda: "\\ud800",
        }[json.loads(data)]()
"""
TYPE_NAMES = (
    *("numpy int", "numpy float", "numpy float32", "numpy array", "numpy bool", "decimal"),
    *("date", "ordered", "named", "subclass", "enum", "infinity", "keys", "tuple keys"),
    *("generator", "bytes", "bytearray", "function", "class", "circle", "deep", "big"),
    *("empty", "zero", "false", "surrogate"),
)
UNICODE = """
    # -*- coding: utf-8 -*-
    def init():
        global words
        words = {"zdravo": "ćao", "雪": "snow ❄", "🐍": "snake"}

    def run(data):
        return {"given": data, "length": len(data), "found": words.get(data)}
"""
DEFAULTS = """
    def init(): pass

    def run(data, threshold=0.5, *, more=None):
        return [data, threshold, more]
"""
ANNOTATED = """
    from __future__ import annotations
    import json
    from dataclasses import dataclass
    from typing import Any, Dict, List

    @dataclass
    class Row:
        x: float
        y: float

    def init() -> None: ...

    def run(mini_batch: str) -> List[Dict[str, Any]]:
        return [vars(Row(**row)) for row in json.loads(mini_batch)]
"""
HEADERS = """
    def init(): pass

    def run(data, request_headers):
        wanted = ("X-Own-Thing", "Accept-Language", "Content-Type", "Authorization", "Cookie")
        seen = {name: request_headers.get(name) for name in wanted}
        return [data, seen, type(request_headers).__name__, "x-own-thing" in request_headers]
"""
CLASS_BASED = """
    import json

    class Scorer:
        def __init__(self): self.asked = 0
        def __call__(self, data):
            self.asked += len(json.loads(data))
            return {"asked": self.asked}
        def init(self): self.asked = 100

    scorer = Scorer()
    init = scorer.init
    def run(data): return scorer(data)
"""
ASYNC_LIKE = """
    import asyncio, json

    async def ask(number):
        await asyncio.sleep(0)
        return number * 2

    def init(): pass

    def run(data):
        async def everything():
            return await asyncio.gather(*map(ask, json.loads(data)))
        return asyncio.run(everything())
"""
COROUTINE = """
    def init(): pass
    async def run(data): return data
"""
BIG = """
    def init(): pass
    def run(data):
        return {"length": len(data), "back": data if len(data) < 3_000_000 else None}
"""
DRIVER = """
    import types
    driver_module = types.ModuleType("real")
    def real_run(data, request_headers): return ["the real one", data]
    driver_module.run = real_run
    driver_module.__file__ = "real.py"
    def init(): pass
    def run(data): return "the wrong one"
"""
EVERY_METHOD = (
    Request("GET"),
    Request("GET", "/score?a=1&b=[1,2]&c=x&d=null&e=%C3%BC&f=&g"),
    Request("GET", "/score?a=1&a=two&a=%5B3%5D"),
    Request("GET", "/score?a=%ff&b=%zz&=1&&c;d=2"),
    Request("GET", "/score?a=1+2&b=%2B&c.d=1&e[]=2"),
    Request("OPTIONS"),
    Request("HEAD"),
)
TEXT_CASES = [
    Case(
        "a model of numpy and a module beside the script",
        LINEAR,
        [
            post({"data": [[1, 2], [3, 4]]}),
            post({"data": [[1]]}),
            post({}),
            post(b"{broken"),
            post(b""),
            *EVERY_METHOD,
        ],
        files={"azureml_like.py": LINEAR_MODULE},
    ),
    Case(
        "errors that the script catches itself",
        CAUGHT,
        [post({"data": [1, 2]}), post({"data": ["x"]}), post({}), post(b"no")],
    ),
    Case("an answer that is JSON already", DUMPED, [post([1]), post("ü")]),
    Case("results of many types", TYPES, [post(name) for name in TYPE_NAMES]),
    Case(
        "text of all alphabets",
        UNICODE,
        [
            *[post(text.encode()) for text in ("zdravo", "雪", "🐍", "\ufeffmark", "a\0b", " ")],
            post(b"\xff\xfe"),
            post(b"\xed\xa0\x80"),
            post("ü".encode("latin-1")),
            Request(body="雪".encode(), headers={"Content-Type": "text/plain; charset=utf-8"}),
            Request(
                body="雪".encode("utf-16"), headers={"Content-Type": "text/plain; charset=utf-16"}
            ),
            Request(body=b"no type"),
        ],
    ),
    Case("arguments with defaults", DEFAULTS, [post([1]), Request("GET", "/score?threshold=1")]),
    Case(
        "annotations and data classes",
        ANNOTATED,
        [
            post([{"x": 1, "y": 2}], Difference(MODULE, None, "200")),
            post([{"x": 1}], Difference(MODULE, None, "500")),
        ],
    ),
    Case(
        "headers as an argument",
        HEADERS,
        [
            post([1], headers={"X-Own-Thing": "a, b", "Accept-Language": "sr", "Cookie": "a=1"}),
            post([1], Difference("Keys", "Bearer x", "200"), {"Authorization": "Bearer x"}),
            post([1], headers={"x-OWN-thing": "ü".encode().decode("latin-1")}),
            Request("GET", "/score?a=1", headers={"X-Own-Thing": ""}),
            post(b""),
        ],
    ),
    Case("an object with state", CLASS_BASED, [post([1, 2]), post([3]), post("x"), post([4])]),
    Case("a loop of asyncio in run", ASYNC_LIKE, [post([1, 2, 3]), post([])]),
    Case("a coroutine for run", COROUTINE, [post([1])]),
    Case(
        "large bodies",
        BIG,
        [post(b"x" * size) for size in (0, 1, 65_535, 65_536, 2_000_000, 20_000_000)],
    ),
    Case("a driver script before the real one", DRIVER, [post([1])]),
]
