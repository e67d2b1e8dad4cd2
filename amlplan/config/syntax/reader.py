"""Walks through tokens and says what is wrong where something else was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.syntax import tokens as token
from amlplan.config.syntax.tokens import Tokens
from amlplan.diagnostics import Diagnostic, SourceRange, error

if TYPE_CHECKING:
    from amlplan.diagnostics import SourceFile

MAX_DEPTH: Final = 100
_MOST_READ_AGAIN: Final = 1_000_000  # characters, since each time costs the rest of the file
_BITWISE = {"&": '"&&"', "|": '"||"', "~": '"!"'}


class SyntaxFailure(Exception):  # noqa: N818 - carries one diagnostic up to where parsing goes on
    """Ends the parsing of one attribute or block header."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.summary)
        self.diagnostic = diagnostic


class Reader:
    """The tokens of a file and the `position` in them, and the mistakes found so far."""

    __slots__ = (
        "_read_again",
        "depth",
        "diagnostics",
        "ends",
        "kinds",
        "position",
        "source",
        "starts",
        "text",
    )

    def __init__(self, source: SourceFile, *, is_template: bool = False) -> None:
        found = Tokens(source.text, is_template=is_template)
        self.source = source
        self.text = source.text
        self.kinds = found.kinds
        self.starts = found.starts
        self.ends = found.ends
        self.position = 0
        self.depth = 0
        self._read_again = 0
        self.diagnostics: list[Diagnostic] = []

    def read_again(self) -> None:
        """Split the text into tokens anew from here on, as if nothing were open."""
        self._read_again += len(self.text) - self.starts[self.position]
        if self._read_again > _MOST_READ_AGAIN:
            return
        found = Tokens(self.text, self.starts[self.position])
        self.kinds[self.position :] = found.kinds
        self.starts[self.position :] = found.starts
        self.ends[self.position :] = found.ends

    def token_text(self, position: int) -> str:
        """Give the text of a token."""
        return self.text[self.starts[position] : self.ends[position]]

    def is_word(self, word: str) -> bool:
        """Say whether the next token is this identifier."""
        position = self.position
        return self.kinds[position] == token.IDENTIFIER and self.token_text(position) == word

    def skip_newlines(self) -> None:
        """Go to the next token that is no newline."""
        while self.kinds[self.position] == token.NEWLINE:
            self.position += 1

    def take(self, kind: str) -> bool:
        """Step over the next token if it is of this kind."""
        if self.kinds[self.position] == kind:
            self.position += 1
            return True
        return False

    def expect(self, kind: str, code: str, summary: str, detail: str) -> None:
        """Step over a token of this kind; fails where another stands."""
        if self.kinds[self.position] != kind:
            raise self.unexpected(code, summary, detail)
        self.position += 1

    def identifier(self, code: str, summary: str, detail: str) -> str:
        """Step over an identifier and give its text; fails where something else stands."""
        self.expect(token.IDENTIFIER, code, summary, detail)
        return self.token_text(self.position - 1)

    def deeper(self) -> None:
        """Count one level of nesting; whoever calls it takes it back from `depth`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.failure(*too_deep(), self.starts[self.position], self.ends[self.position])

    def failure(self, code: str, summary: str, detail: str, start: int, end: int) -> SyntaxFailure:
        """Give the exception for a mistake at `[start, end)`."""
        return SyntaxFailure(error(code, summary, detail, SourceRange(self.source, start, end)))

    def unexpected(self, code: str, summary: str, detail: str) -> SyntaxFailure:
        """Give the exception for the next token; one that is no token at all says so itself."""
        position = self.position
        kind, start, end = self.kinds[position], self.starts[position], self.ends[position]
        if kind == token.UNTERMINATED:
            return self._unterminated(start)
        if kind == token.INVALID:
            return self._invalid(start, end)
        if kind == token.NEWLINE:
            start = end = start if self.text[start] == "\r" else end - 1
        return self.failure(code, summary, detail, start, end)

    def _unterminated(self, start: int) -> SyntaxFailure:
        if self.text[start] == '"':
            return self.failure(
                "unterminated_string",
                "Unterminated string",
                "No closing quote was found on the line where this string begins. Close it, and "
                "every ${ and %{ inside it; for text of several lines use a heredoc, like <<EOT.",
                start,
                start + 1,
            )
        end = self.text.find("\n", start)
        marker = self.text[start:end].lstrip("<-").rstrip()
        return self.failure(
            "unterminated_heredoc",
            "Unterminated heredoc",
            f'No line was found that holds only the closing marker "{marker}". Add one, followed '
            "by a line break, and close every ${ and %{ before it.",
            start,
            end,
        )

    def _invalid(self, start: int, end: int) -> SyntaxFailure:
        character = self.text[start]
        if character == "/":
            return self.failure(
                "unterminated_comment",
                "Unterminated comment",
                "A comment that begins with /* ends with */, which was not found.",
                start,
                start + 2,
            )
        if self.text.startswith("<<", start):
            return self.failure(
                "invalid_heredoc",
                "Invalid heredoc",
                "A heredoc begins with << or <<- and a marker without quotes, like <<EOT, and the "
                "line ends behind the marker.",
                start,
                start + 2,
            )
        if character in _BITWISE:
            return self.failure(
                "unsupported_operator",
                "Unsupported operator",
                f"Bitwise operators do not exist here. Did you mean {_BITWISE[character]}?",
                start,
                end,
            )
        if character in "'`":
            detail = 'Strings stand in double quotes ("), not in others.'
        elif character == ";":
            detail = (
                'The ";" character is not used. End arguments and blocks with a line break, and '
                "separate items with commas."
            )
        elif character.isprintable():
            detail = f"The character {character} has no meaning here."
        else:
            detail = (
                f"The invisible character U+{ord(character):04X} has no meaning here. Remove it."
            )
        return self.failure("invalid_character", "Invalid character", detail, start, end)


def too_deep() -> tuple[str, str, str]:
    """Give code, summary and detail of the mistake of nesting without end."""
    detail = (
        f"Blocks and expressions nest at most {MAX_DEPTH} levels deep. Name an inner part in "
        "locals and refer to it."
    )
    return "nested_too_deep", "Nesting too deep", detail
