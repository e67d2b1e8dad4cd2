"""Scripts with @rawhttp: they get the request itself and may give the whole answer."""

from __future__ import annotations

from dataclasses import replace

from scoring.comparing import Case, Difference, Request
from scoring.text_scripts import JSON, post

NEW = """
    from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
    from azureml_inference_server_http.api.aml_response import AMLResponse
    import io, json
    def init(): pass
"""
OLD = NEW.replace("azureml_inference_server_http.api", "azureml.contrib.services")
BOUNDARY = "------------------------0123456789abcdef"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8 + b"\r\n--" + b"\r\n"


def form(*parts: tuple[str, bytes]) -> Request:
    """A form with files, as curl sends it; each part is what describes it and its content."""
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {about}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for about, content in parts
    )
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return Request(body=body + f"--{BOUNDARY}--\r\n".encode(), headers={"Content-Type": kind})


def cut_short(request: Request) -> Request:
    """A form whose end did not arrive."""
    return replace(request, body=(request.body or b"")[:-10])


BODIES = """
    @rawhttp
    def run(request):
        if request.method == "GET":
            respBody = str.encode(request.full_path)
            return AMLResponse(respBody, 200)
        elif request.method == "POST":
            reqBody = request.get_data(False)
            return AMLResponse(reqBody, 200)
        return AMLResponse("bad request", 500)
"""
BODY_REQUESTS = [
    Request("GET", "/score?a=1&b=%C3%BC"),
    Request("GET"),
    post([1]),
    post(b"\x00\xff" * 1000),
    Request(body=PNG, headers={"Content-Type": "image/png"}),
    Request(body=b"x=1&y=2", headers={"Content-Type": "application/x-www-form-urlencoded"}),
    Request("OPTIONS"),
    Request("HEAD"),
]
IMAGE = (
    NEW
    + """
    @rawhttp
    def run(request):
        image = io.BytesIO(request.get_data())
        head = image.read(4)
        answer = bytes(reversed(head)) + image.read()
        return AMLResponse(answer, 200, {"Content-Type": "image/png", "X-Own-Size": "8"})
"""
)
ATTRIBUTES = (
    NEW
    + """
    @rawhttp
    def run(request):
        headers = request.headers
        return {
            "method": request.method, "path": request.path, "args": request.args.to_dict(),
            "all": request.args.to_dict(flat=False), "one": request.args.get("a"),
            "number": request.args.get("a", type=int), "default": request.args.get("q", "none"),
            "list": request.args.getlist("a"), "has": "a" in request.args,
            "data": request.data.decode("latin-1"), "text": request.get_data(as_text=True),
            "json": request.get_json(silent=True),
            "forced": request.get_json(force=True, silent=True),
            "is_json": request.is_json, "type": request.content_type, "mimetype": request.mimetype,
            "length": request.content_length, "query": request.query_string.decode("latin-1"),
            "header": headers.get("x-own-thing"), "present": "X-Own-Thing" in headers,
            "item": headers["Host"] != "", "many": headers.get("X-Twice"),
            "form": dict(request.form), "files": sorted(request.files),
            "cookies": dict(request.cookies),
            "values": request.values.to_dict(), "base": request.base_url.partition("//")[0],
            "full": request.full_path, "kind": isinstance(request, AMLRequest.__mro__[1]),
        }
"""
)
ATTRIBUTE_REQUESTS = [
    Request("GET", "/score?a=1&a=x&b=%C3%BC&c"),
    Request(
        "GET", headers={"Cookie": "one=1; two=2", "X-Own-Thing": "ü".encode().decode("latin-1")}
    ),
    post({"x": 1}, headers={"X-OWN-THING": "mine"}),
    post(b"{broken"),
    Request(
        body=b"a=b&c=%C3%BC&c=2", headers={"Content-Type": "application/x-www-form-urlencoded"}
    ),
    Request(body=b"plain", headers={"Content-Type": "Text/Plain; Charset=utf-8"}),
    form(('name="field"', "ü".encode()), ('name="file"; filename="a.png"', PNG)),
]
FILES = (
    NEW
    + """
    @rawhttp
    def run(request):
        file = request.files["image"]
        content = file.read()
        file.seek(0)
        told = [file.filename, file.name, len(content), file.read(4) == content[:4]]
        more = [each.filename for each in request.files.getlist("image")]
        file.seek(0)
        file.save("copy.bin")
        saved = open("copy.bin", "rb").read() == content
        return AMLResponse(
            {"told": told, "more": more, "saved": saved, "form": request.form.to_dict(),
             "type": file.content_type, "stream": file.stream.tell() >= 0}, 200, json_str=True)
"""
)
RESPONSES = (
    NEW
    + """
    def pieces():
        yield b"one "
        yield b"two"
    def words():
        yield "d\\u00fc"
        yield "o"
    def changed(response):
        response.headers["X-Own"] = "a\\nX-Own-Evil: 1"
        return response
    class Words:
        def __iter__(self): return iter([b"a", b"b"])
    @rawhttp
    def run(request):
        return {
            "text": lambda: AMLResponse("text \\u00fc", 200),
            "empty": lambda: AMLResponse("", 200),
            "bytes": lambda: AMLResponse(b"\\x00\\xff", 201),
            "list": lambda: AMLResponse([b"a", b"b"], 200),
            "generator": lambda: AMLResponse(pieces(), 200),
            "generator of text": lambda: AMLResponse(words(), 200),
            "iterable": lambda: AMLResponse(Words(), 200),
            "none": lambda: AMLResponse(None, 202),
            "json": lambda: AMLResponse({"a": [1, None]}, 200, json_str=True),
            "json text": lambda: AMLResponse("a", 200, json_str=True),
            "headers": lambda: AMLResponse("x", 200, {"X-Own": "a", "X-Own-Two": "b, c,d"}),
            "type": lambda: AMLResponse("<p>", 200, {"Content-Type": "text/html"}),
            "lower type": lambda: AMLResponse("<p>", 200, {"content-type": "text/x"}),
            "json type": lambda: AMLResponse("{}", 200, {"Content-Type": "application/json"}),
            "json and type": lambda: AMLResponse({}, 200, {"X-Own": "1"}, json_str=True),
            "404": lambda: AMLResponse("no", 404),
            "418": lambda: AMLResponse({"error": "tea"}, 418, {}, True),
            "500": lambda: AMLResponse("bad", 500),
            "503": lambda: AMLResponse("down", 503, {"X-Own": "1"}, run_function_failed=False),
            "failed": lambda: AMLResponse("x", 200, run_function_failed=True),
            "204": lambda: AMLResponse("", 204),
            "redirect": lambda: AMLResponse("", 302, {"Location": "https://example.com/a"}),
            "cookie": lambda: AMLResponse("", 200, {"Set-Cookie": "a=1"}),
            "dictionary": lambda: {"plain": True},
            "nothing": lambda: None,
            "unserializable": lambda: AMLResponse({1, 2}, 200, json_str=True),
            "line break": lambda: AMLResponse("", 200, {"X-Own": "a\\r\\nX-Own-Evil: 1"}),
            "late break": lambda: changed(AMLResponse("", 200)),
            "bad header": lambda: AMLResponse("", 200, {"X-Own": 1}),
        }[request.args["how"]]()
"""
)
RESPONSE_NAMES = (
    *("text", "empty", "bytes", "list", "generator", "generator+of+text", "iterable", "none"),
    *("json", "json+text", "headers", "type", "lower+type", "json+type", "json+and+type", "404"),
    *("418", "500", "503", "failed", "204", "redirect", "cookie", "dictionary", "nothing"),
    *("unserializable", "bad+header", "line+break", "late+break", "unknown"),
)
CHANGED = (
    NEW
    + """
    @rawhttp
    def run(request):
        response = AMLResponse("first", 200)
        response.headers["X-Own"] = "set"
        response.headers.add("X-Own", "added")
        response.headers["Access-Control-Allow-Origin"] = "https://example.com"
        response.status_code = 203
        response.set_data(b"second")
        response.content_type = "text/csv"
        return response
"""
)
FLASK = (
    NEW
    + """
    import flask
    from flask import Response, abort, jsonify, make_response, send_file, stream_with_context
    @rawhttp
    def run(request):
        how = request.args.get("how")
        if how == "jsonify": return jsonify(a=1, b=[2])
        if how == "made": return make_response("text", 201, {"X-Own": "1"})
        if how == "file":
            return send_file(io.BytesIO(b"\\x89PNG"), mimetype="image/png",
                             as_attachment=True, download_name="a.png", etag=False)
        if how == "stream":
            return Response(stream_with_context(p for p in [flask.request.method, "!"]))
        if how == "global": return flask.request.args.to_dict()
        if how == "same": return flask.request.get_data() == request.get_data()
        if how == "abort": abort(404)
        if how == "json": return request.get_json()
        return Response(status=204)
"""
)
FLASK_NAMES = ("jsonify", "made", "file", "stream", "global", "same", "abort", "json", "other")
FLASK_GLOBAL = """
    from flask import request
    def init(): pass
    def run(data):
        return [data, request.method, request.headers.get("X-Own-Thing")]
"""
RAW_WITH_HEADERS = (
    NEW
    + """
    @rawhttp
    def run(req, request_headers):
        return [req.method, request_headers.get("X-Own-Thing"), sorted(req.args)]
"""
)
BROKEN = (
    NEW
    + """
    @rawhttp
    def run(request):
        how = request.args.get("how")
        if how == "missing": return request.args["missing"]
        if how == "file": return request.files["missing"]
        if how == "json": return request.get_json()
        if how == "attribute": return request.nothing
        if how == "in pieces":
            def pieces():
                yield b"one"
                raise ValueError("in the middle")
            return AMLResponse(pieces(), 200)
        raise KeyError(how)
"""
)
RAW_CASES = [
    Case("the request as it is", NEW + BODIES, BODY_REQUESTS),
    Case("the request by its older address", OLD + BODIES, BODY_REQUESTS),
    Case("an image in and out", IMAGE, [Request(body=PNG, headers={"Content-Type": "image/png"})]),
    Case("attributes of a request", ATTRIBUTES, ATTRIBUTE_REQUESTS),
    Case(
        "uploaded files",
        FILES,
        [
            form(('name="image"; filename="cat ü.png"', PNG), ('name="x"', b"1")),
            form(('name="image"; filename="a"', b""), ('name="image"; filename="b"', b"2")),
            form(('name="other"', b"1")),
            form(('name="image"; filename="a%22b"', b"x"), ("name=image", b"no file")),
            cut_short(form(('name="image"; filename="a"', PNG))),
            post(b"no form"),
        ],
    ),
    Case(
        "answers of all kinds",
        RESPONSES,
        [Request(path=f"/score?how={name}", body=b"", headers=JSON) for name in RESPONSE_NAMES],
    ),
    Case("an answer that is changed once it is made", CHANGED, [post([1])]),
    Case(
        "names of flask",
        FLASK,
        [Request(path=f"/score?how={name}", body=b"[1]", headers=JSON) for name in FLASK_NAMES],
    ),
    Case(
        "the request of flask in a plain script",
        FLASK_GLOBAL,
        [post([1], headers={"X-Own-Thing": "x"}), Request("GET", "/score?a=1")],
    ),
    Case("a request and its headers", RAW_WITH_HEADERS, [post([1], headers={"X-Own-Thing": "x"})]),
    Case(
        "mistakes with a request",
        BROKEN,
        [
            *[
                Request(path=f"/score?how={name}", body=b"{", headers=JSON)
                for name in ("missing", "file", "json", "attribute", "other")
            ],
            Request(
                path="/score?how=in+pieces",
                body=b"",
                differs=Difference("Answers in pieces", None, "500\n"),
            ),
        ],
    ),
]
