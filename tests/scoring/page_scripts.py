"""Requests of pages of other origins, which browsers let through where the answer says so."""

from __future__ import annotations

from scoring.comparing import Case, Difference, Request
from scoring.text_scripts import JSON, post

CORS = r"https://a.example.com, https://.*\.example\.org"
ORIGINS = ("https://a.example.com", "HTTPS://A.EXAMPLE.COM", "https://b.example.org", "null")
NO_SUCH = """
    def init(): pass
    def run(data): return data
"""


def preflight(origin: str, method: str = "POST", path: str = "/score") -> Request:
    asked = {"Access-Control-Request-Method": method, "Origin": origin}
    return Request("OPTIONS", path, headers={**asked, "Access-Control-Request-Headers": "b, A"})


ASKED_BY_PAGES = [
    *[post([1], headers={"Origin": origin}) for origin in ORIGINS],
    *[preflight(origin) for origin in ORIGINS],
    *[preflight(ORIGINS[0], method) for method in ("GET", "DELETE", "post")],
    Request("OPTIONS", headers={"Origin": ORIGINS[0]}),
    Request("GET", "/", headers={"Origin": ORIGINS[0]}),
    Request(body=b"\xff", headers={**JSON, "Origin": ORIGINS[0]}),
    Request("GET", "/swagger.json", headers={"Origin": ORIGINS[0]}),
]
ALLOWED = "access-control-allow-origin"
PAGES = "Pages of other origins"
ASKED_BY_OTHERS = [
    post([1], Difference(PAGES, ALLOWED, "200")),
    post(
        [1],
        Difference(PAGES, ALLOWED, "200"),
        headers={"Origin": "https://x.example.org.evil.example"},
    ),
]
PAGE_CASES = [
    Case(
        "pages of other origins",
        NO_SUCH,
        [*ASKED_BY_PAGES, *ASKED_BY_OTHERS],
        variables={"AML_CORS_ORIGINS": CORS},
    ),
    Case(
        "pages of every origin",
        NO_SUCH,
        [*ASKED_BY_PAGES, post([1])],
        variables={"AML_CORS_ORIGINS": "*"},
    ),
]
