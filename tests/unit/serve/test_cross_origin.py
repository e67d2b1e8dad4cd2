from __future__ import annotations

import pytest

from amlplan_serve.cross_origin import CrossOrigin, origins_in

ASKED = {b"origin": b"https://a.example.com", b"access-control-request-method": b"POST"}


def allowed(text: str, origin: str) -> bool:
    headers = CrossOrigin(origins_in(text)).headers("GET", {b"origin": origin.encode()})
    return (b"access-control-allow-origin", origin.encode()) in headers


@pytest.mark.parametrize(
    ("text", "origin", "is_allowed"),
    [
        ("*", "https://any.example", True),
        ("https://a.example", "https://a.example", True),
        ("https://a.example", "HTTPS://A.example", True),
        ("https://a.example", "https://a.example.evil.example", False),
        ("https://a.example", "https://aXexample", False),
        (" https://b.example , https://a.example", "https://a.example", True),
        (r"https://.*\.a\.example", "https://x.a.example", True),
        (r"https://.*\.a\.example", "https://x.a.example.evil.example", False),
        ("https://(a", "https://(a", True),
        ("https://(a", "https://b", False),
    ],
)
def test_an_origin_is_allowed_as_a_whole_or_not_at_all(
    text: str, origin: str, is_allowed: bool
) -> None:
    assert allowed(text, origin) is is_allowed


def test_a_browser_learns_what_it_may_send() -> None:
    told = dict(
        CrossOrigin(("https://a.example.com",)).headers(
            "OPTIONS", {**ASKED, b"access-control-request-headers": b"x-b, Authorization"}
        )
    )
    assert told[b"access-control-allow-methods"] == b"GET, POST"
    assert told[b"access-control-allow-headers"] == b"Authorization, x-b"
    assert b"vary" not in told


def test_an_answer_that_depends_on_the_page_says_so() -> None:
    many = CrossOrigin(("https://a.example.com", "https://b.example.com"))
    assert (b"vary", b"Origin") in many.headers("POST", ASKED)


def test_nobody_is_told_without_an_origin_unless_all_may_ask() -> None:
    assert CrossOrigin(("https://a.example.com",)).headers("POST", {}) == []
    assert CrossOrigin(("*",)).headers("POST", {}) == [(b"access-control-allow-origin", b"*")]


def test_empty_origins_are_none() -> None:
    assert origins_in(" , ") == ()
