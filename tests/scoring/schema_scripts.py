"""Scripts decorated by the package inference-schema, of which swagger tells more."""

from __future__ import annotations

from scoring.comparing import Case, Difference, Request
from scoring.text_scripts import post

STANDARD_TYPE = """
    from inference_schema.schema_decorators import input_schema, output_schema
    from inference_schema.parameter_types.standard_py_parameter_type import (
        StandardPythonParameterType,
    )
    def init(): pass
"""
NUMPY_TYPE = (
    STANDARD_TYPE
    + """
    from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
    import numpy as np
"""
)
PANDAS_TYPE = (
    NUMPY_TYPE
    + """
    from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
    import pandas as pd
"""
)


def each(*bodies: object) -> tuple[object, ...]:
    return bodies


SWAGGER = [
    *[Request("GET", f"/swagger.json{query}") for query in (
        "", "?version=2", "?version=2.0", "?version=3", "?version=3.0", "?version=3.1",
        "?version=9", "?version=", "?other=1",
    )],
    Request("GET", "/swagger.json?version=3&version=2"),
]  # fmt: skip
STANDARD = (
    STANDARD_TYPE
    + """
    @input_schema("rows", StandardPythonParameterType([{"name": "a", "size": 1.5, "on": True}]))
    @input_schema("limit", StandardPythonParameterType(10))
    @output_schema(StandardPythonParameterType({"kept": ["a"], "count": 1}))
    def run(rows, limit=10):
        kept = [row["name"] for row in rows[:limit]]
        return {"kept": kept, "count": len(kept)}
"""
)
NUMPY = (
    NUMPY_TYPE
    + """
    @input_schema("data", NumpyParameterType(np.array([[1.0, 2.0, 3.0]])))
    @output_schema(NumpyParameterType(np.array([6.0])))
    def run(data):
        return data.sum(axis=1).tolist()
"""
)
NUMPY_LOOSE = (
    NUMPY_TYPE
    + """
    @input_schema(
        "Inputs",
        NumpyParameterType(np.array([[1, 2]]), enforce_column_type=False, enforce_shape=False),
    )
    def run(Inputs):
        return {"shape": list(Inputs.shape), "kind": str(Inputs.dtype)}
"""
)
PANDAS = (
    PANDAS_TYPE
    + """
    sample = pd.DataFrame({"age": [40], "name": ["a"], "weight": [61.5], "member": [True]})
    @input_schema("data", PandasParameterType(sample))
    @output_schema(NumpyParameterType(np.array([0])))
    def run(data):
        return (data["age"] * 2 + data["weight"]).tolist()
"""
)
PANDAS_DATES = (
    PANDAS_TYPE
    + """
    sample = pd.DataFrame({"when": [pd.Timestamp("2018-09-24")], "sold": [1]})
    @input_schema("data", PandasParameterType(sample, enforce_shape=False, orient="split"))
    @output_schema(PandasParameterType(sample))
    def run(data):
        return data["when"].dt.day.tolist()
"""
)
NESTED = (
    PANDAS_TYPE
    + """
    numpy_part = NumpyParameterType(np.array([[1.0, 2.0]]))
    pandas_part = PandasParameterType(pd.DataFrame({"state": ["WA"], "size": [3]}))
    standard_part = StandardPythonParameterType(0.5)
    nested = StandardPythonParameterType(
        {"numbers": numpy_part, "table": pandas_part, "threshold": standard_part}
    )
    @input_schema("Inputs", nested)
    @input_schema("GlobalParameters", StandardPythonParameterType({"method": "predict"}))
    @output_schema(StandardPythonParameterType({"Results": [1.5]}))
    def run(Inputs, GlobalParameters={"method": "predict"}):
        total = Inputs["numbers"].sum() + Inputs["table"]["size"].sum()
        return {"Results": [float(total * Inputs["threshold"])], **GlobalParameters}
"""
)
TUPLES = (
    STANDARD_TYPE
    + """
    @input_schema("pair", StandardPythonParameterType((1, "two")))
    @input_schema("many", StandardPythonParameterType([1, "two", None]))
    def run(pair, many=()):
        return [list(pair), list(many)]
"""
)
DATES = (
    STANDARD_TYPE
    + """
    import datetime
    @input_schema("day", StandardPythonParameterType(datetime.date(2018, 9, 24)))
    @input_schema("raw", StandardPythonParameterType(b"bytes"))
    def run(day, raw=b""):
        return [str(day), type(day).__name__, type(raw).__name__]
"""
)
OUTPUT_ONLY = (
    STANDARD_TYPE
    + """
    @output_schema(StandardPythonParameterType([1.5]))
    def run(data):
        return [data]
"""
)
UNDECORATED = """
    def init(): pass
    def run(data): return data
"""
WITH_HEADERS = (
    STANDARD_TYPE
    + """
    @input_schema("value", StandardPythonParameterType(1))
    def run(value, request_headers):
        return [value, request_headers.get("X-Own-Thing")]
"""
)
ROW = {"name": "b", "size": 2.5, "on": False}
SCHEMA_CASES = [
    Case(
        "standard parameters",
        STANDARD,
        [
            *[post(body) for body in each(
                {"rows": [ROW, ROW], "limit": 1}, {"rows": [ROW]}, {"limit": 1}, {}, [], "x", 1,
                {"rows": "text"}, {"rows": [1]}, {"rows": [ROW], "more": 1}, {"rows": None},
                {"rows": [ROW], "limit": "many"},
            )],
            post(b""),
            post(b"{broken"),
            post(b"\xef\xbb\xbf" + b'{"rows": []}'),
            post('{"rows": []}'.encode("utf-16")),
            Request(body=b'{"rows": []}', headers={"Content-Type": "application/vnd.a+json"}),
            Request(body=b'{"rows": []}', headers={"Content-Type": "text/json"}),
            Request(body=b'{"rows": []}'),
            post(b'{"rows": "\xff"}', Difference("Bytes that are no text", "500\n", "400\n")),
            Request("GET", "/score?rows=[]&limit=2"),
            Request("GET", "/score?limit=2"),
            Request("OPTIONS"),
            Request("HEAD"),
            *SWAGGER,
        ],
    ),
    Case(
        "numpy parameters",
        NUMPY,
        [
            *[post(body) for body in each(
                {"data": [[1, 2, 3], [4, 5, 6]]}, {"data": [[1, 2]]}, {"data": [1, 2, 3]},
                {"data": [["1", "2", "3"]]}, {"data": [["a", "b", "c"]]}, {"data": []},
            )],
            *SWAGGER,
        ],
    ),
    Case(
        "numpy parameters of any shape",
        NUMPY_LOOSE,
        [post({"Inputs": [1, 2, 3]}), post({"Inputs": [[1.5]]}), post({"Inputs": "x"}), *SWAGGER],
    ),
    Case(
        "pandas parameters",
        PANDAS,
        [
            *[post({"data": rows}) for rows in each(
                [{"age": 1, "name": "x", "weight": 1, "member": False}],
                [{"age": "1", "name": 2, "weight": "3", "member": 0}],
                [{"age": "old", "name": "x", "weight": 1, "member": False}],
                [{"age": 1}], [], {}, "text", [[1, 2, 3, 4]],
            )],
            *SWAGGER,
        ],
    ),
    Case(
        "pandas with dates in another orientation",
        PANDAS_DATES,
        [
            post({"data": {"columns": ["when", "sold"], "data": [["2018-09-24", 1]]}}),
            post({"data": {"columns": ["when"], "data": [["2018-09-25"], ["2018-10-01"]]}}),
            post({"data": [{"when": "2018-09-24"}]}),
            *SWAGGER,
        ],
    ),
    Case(
        "parameters nested in parameters",
        NESTED,
        [
            post({
                "Inputs": {
                    "numbers": [[1, 2]], "table": [{"state": "OR", "size": 1}], "threshold": 2,
                },
                "GlobalParameters": {"method": "explain"},
            }),
            post({"Inputs": {"numbers": [[1, 2]]}}),
            post({"GlobalParameters": {}}),
            *SWAGGER,
        ],
    ),
    Case(
        "parameters of mixed types",
        TUPLES,
        [post({"pair": [1, "x"]}), post({"pair": 1}), post({"pair": [1], "many": [2]}), *SWAGGER],
    ),
    Case(
        "dates and bytes",
        DATES,
        [
            *[post(body) for body in each(
                {"day": "2018-09-25"}, {"day": "x"}, {"day": "2018-09-25", "raw": "eA=="},
            )],
            *SWAGGER,
        ],
    ),
    Case("a schema of the output only", OUTPUT_ONLY, [post({"data": 1}), post([1]), *SWAGGER]),
    Case("no schema", UNDECORATED, SWAGGER),
    Case(
        "a service with a name and a prefix",
        UNDECORATED,
        SWAGGER,
        variables={
            "SERVICE_NAME": "diabetes",
            "SERVICE_VERSION": "7",
            "SERVICE_PATH_PREFIX": "/api/v1/service/diabetes/",
        },
    ),
    Case(
        "settings in a file beside the script",
        UNDECORATED,
        [Request("GET", "/swagger.json", differs=Difference("Settings", "from a file", "ML serv"))],
        files={"config.json": '{"SERVICE_NAME": "from a file"}'},
    ),
    Case(
        "descriptions of the script's own",
        UNDECORATED,
        SWAGGER,
        files={
            "swagger.json": '{"swagger": "2.0", "info": {"title": "mine ü"}}',
            "swagger3.json": '{"openapi": "3.0.0", "mine": true}',
        },
    ),
    Case(
        "a description that init makes",
        """
        def init():
            with open("swagger2.json", "w") as file:
                file.write('{"swagger": "2.0", "made": "by init"}')
        def run(data): return data
        """,
        SWAGGER,
        files={"swagger.json": "{}"},
    ),
    Case(
        "a schema and headers",
        WITH_HEADERS,
        [
            post({"value": 1}, headers={"X-Own-Thing": "x"}),
            post({}),
            Request("GET", "/score?value=2"),
        ],
    ),
]  # fmt: skip
