"""Reads numbers exactly."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

MAX_DIGITS: Final = 1000


def number_of(text: str) -> int | Decimal | None:
    """Give the number that a numeral states, or None where it has too many digits."""
    try:
        number = Decimal(text)
    except InvalidOperation:  # its exponent is beyond what can be held
        return None
    if abs(number.adjusted()) > MAX_DIGITS or len(text) > MAX_DIGITS:
        return None
    return int(number) if number == number.to_integral_value() else number


def out_of_range() -> tuple[str, str, str]:
    """Give code, summary and detail of the mistake of too many digits."""
    detail = f"Numbers have at most {MAX_DIGITS} digits."
    return "number_out_of_range", "Number out of range", detail
