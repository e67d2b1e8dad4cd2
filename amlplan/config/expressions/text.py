"""Text as its reader counts it: characters of one or more code points, composed where possible."""

from __future__ import annotations

import unicodedata


def composed(text: str) -> str:
    """Give text whose accents are one with their letters (NFC), as every string value has it."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def characters(text: str) -> list[str]:
    """Give what a reader sees as the characters of a text; an emoji of several parts is one."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    import regex

    found: list[str] = regex.findall(r"\X", text)
    return found


def length(text: str) -> int:
    """Count the characters that a reader sees."""
    return len(text) if text.isascii() and "\r\n" not in text else len(characters(text))


def upper(text: str) -> str:
    """Give capitals, each of one code point: ß stays."""
    return text.upper() if text.isascii() else "".join(map(_capital, text))


def lower(text: str) -> str:
    """Give small letters, each of one code point."""
    return text.lower() if text.isascii() else "".join(letter.lower()[0] for letter in text)


def titled(text: str) -> str:
    """Give every word with a capital at its start; letters, digits and _ make words."""
    found: list[str] = []
    is_inside = False
    for letter in text:
        found.append(letter if is_inside else _title_letter(letter))
        is_inside = letter.isalnum() or letter == "_" or not (letter.isascii() or letter.isspace())
    return "".join(found)


def _capital(letter: str) -> str:
    capital = letter.upper()
    return capital if len(capital) == 1 else _title_letter(letter)


def _title_letter(letter: str) -> str:
    title = letter.title()
    return title if len(title) == 1 else letter
