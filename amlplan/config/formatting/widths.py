"""How many characters a reader sees: accents, flags and joined emoji count with their base."""

from __future__ import annotations

import unicodedata
from typing import Final

_JOINER: Final = "\u200d"
_MARKS: Final = frozenset({"Mn", "Me", "Mc"})
_EXTENDING: Final = frozenset("\u200c\u0e33\u0eb3\uff9e\uff9f") | {
    chr(code) for code in (*range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))
}
_LEADING, _VOWEL, _TRAILING, _WITH_VOWEL, _WITH_TRAILING = range(1, 6)
_MAY_FOLLOW: Final = {
    _LEADING: {_LEADING, _VOWEL, _WITH_VOWEL, _WITH_TRAILING},
    _VOWEL: {_VOWEL, _TRAILING},
    _WITH_VOWEL: {_VOWEL, _TRAILING},
    _TRAILING: {_TRAILING},
    _WITH_TRAILING: {_TRAILING},
}  # fmt: skip


def width(text: str) -> int:
    """The number of extended grapheme clusters, but for the rarest scripts."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    count = 0
    before = ""
    flags = 0
    for character in text:
        flags = flags + 1 if _is_flag_letter(character) else 0
        is_second_letter = flags > 0 and flags % 2 == 0
        if not is_second_letter and not _goes_on(before, character):
            count += 1
        before = character
    return count


def _goes_on(before: str, character: str) -> bool:
    """Whether a character belongs to the one before it."""
    if before in {"", "\r", "\n"} or unicodedata.category(before) in {"Cc", "Zl", "Zp"}:
        return (before, character) == ("\r", "\n")
    if character == _JOINER or character in _EXTENDING:
        return True
    if unicodedata.category(character) in _MARKS:
        return True
    if before == _JOINER:
        return unicodedata.category(character) == "So"
    return _syllable_part(character) in _MAY_FOLLOW.get(_syllable_part(before), ())


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _syllable_part(character: str) -> int:
    """What a character is in a Korean syllable, or 0."""
    if "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c":
        return _LEADING
    if "\u1160" <= character <= "\u11a7" or "\ud7b0" <= character <= "\ud7c6":
        return _VOWEL
    if "\u11a8" <= character <= "\u11ff" or "\ud7cb" <= character <= "\ud7fb":
        return _TRAILING
    if "\uac00" <= character <= "\ud7a3":
        return _WITH_VOWEL if (ord(character) - 0xAC00) % 28 == 0 else _WITH_TRAILING
    return 0
