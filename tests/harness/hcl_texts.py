"""Makes texts in the native syntax, laid out at random: valid ones, and ones with a slip."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

NAMES = ["a", "bc", "def", "x-y", "_z", "é", "for1", "type", "list", "var", "in1"]
PIECES = [
    '"', "${", "%{", "}", "{", "(", ")", "[", "]", "\n", " ", "a", " = ", "b ", "1", ".", "*",
    "for ", "if ", "<<E\n", "<<-E\n", "E\n", "\\", "~", "?", ":", ",", "...", "!", "-", '"x"',
    "/*", "*/", "#", ";", "=>", " in ", "else", "endif", "&&", "é", "²", "\r\n", "\t", "\ufeff",
    "$$", "%%{", "\0", "\u200d", "'", "`", "::", "\n}\n", "b {\n", "e5", "0x",
]  # fmt: skip


class Texts:
    """A source of texts; the same random numbers give the same texts.

    With `plain` nothing is written that layout must not touch but other tools do.
    """

    def __init__(self, random: Random, *, plain: bool = False) -> None:
        self.random = random
        self._plain = plain
        self._lines_are_free = 0

    def file(self) -> str:
        """A file of arguments and blocks."""
        self._lines_are_free = 0
        text = self._body(3, "").rstrip() + "\n"
        if self.random.random() < 0.1:
            text = text.rstrip()
        # Where a lone $ or % ends a line, Terraform counts the \r\n behind it as two characters.
        may_be_crlf = "$\n" not in text and "%\n" not in text
        is_crlf = self.random.random() < 0.05 and may_be_crlf
        return text.replace("\n", "\r\n") if is_crlf else text

    def slip(self, text: str) -> str:
        """A text with one to three pieces taken out, put in, or moved."""
        for _ in range(self.random.randint(1, 3)):
            start = self.random.randrange(len(text) + 1)
            end = min(len(text), start + self.random.choice([0, 0, 1, 1, 2, 5, 20]))
            place = self.random.randrange(len(text) + 1)
            piece = self.random.choice([self._one(PIECES), text[start:end], ""])
            text = text[:start] + text[end:] if piece == "" else text[:place] + piece + text[place:]
        return text

    def _one(self, options: list[str]) -> str:
        return self.random.choice(options)

    def _gap(self, *, needed: bool = False) -> str:
        """Space between two tokens, and now and then a comment or a line break."""
        kind = self.random.random()
        if self._lines_are_free and kind < 0.06:
            return self._one(["\n", " \n\n  ", " # c\n", "// d e\n ", "\n\t"])
        if kind < 0.04 and not self._plain:
            return self._one([" /* c */ ", "/* c\n d */"])
        return self._one([" ", " ", "  ", "\t"] if needed else ["", "", " ", "  "])

    def _end_of_line(self) -> str:
        return self._one(
            ["\n"] * 6 + ["  \n", "\n\n", " # c\n", "# c  \n", " // é\n", "\n\n \n", " /* z */\n"]
        )

    def _body(self, depth: int, margin: str) -> str:
        names = self.random.sample(NAMES, self.random.randint(0, 4))
        items = [self._attribute(name, depth) for name in names]
        if depth:
            items += [self._block(depth, margin) for _ in range(self.random.randint(0, 2))]
        self.random.shuffle(items)
        lines = []
        for item in items:
            if self.random.random() < 0.15:
                lines.append(margin + self._one(["# c\n", "// d\n", "/* e\n f */\n", "\n", "  \n"]))
            lines.append(margin + item + self._end_of_line())
        return "".join(lines)

    def _attribute(self, name: str, depth: int) -> str:
        return f"{name}{self._gap()}={self._gap()}{self.expression(depth + 1)}"

    def _block(self, depth: int, margin: str) -> str:
        labels = ""
        for _ in range(self.random.choice([0, 1, 1, 2])):
            label = self._one([*NAMES, '"l"', '"two words"', '"é"'])
            labels += self._one([" ", "  "]) + label
        header = self._one([*NAMES, "variable", "variable"]) + labels + self._one([" ", "", "  "])
        kind = self.random.random()
        if kind < 0.15:
            return header + self._one(["{}", "{ }", "{\n}", "{\n\n}"])
        if kind < 0.3:
            inner = self._attribute(self._one(NAMES), 0)
            return f"{header}{{{self._one(['', ' '])}{inner}{self._one(['', ' '])}}}"
        inside = self._body(depth - 1, margin + self._one(["", " ", "  ", "\t"]))
        return f"{header}{{{self._end_of_line()}{inside}{margin}}}"

    def expression(self, depth: int) -> str:
        """An expression; below depth 0 a name or a literal."""
        if depth <= 0 or self.random.random() < 0.25:
            return self._one([*NAMES, "1", "2.5", "1e3", "true", "null", '"s"', '""', "a.b", "-1"])
        forms: list[Callable[[int], str]] = [
            self._string, self._string, self._list, self._object, self._call, self._steps,
            self._operation, self._conditional, self._for, self._parentheses, self._heredoc,
            self._wrapped,
        ]  # fmt: skip
        return self.random.choice(forms)(depth - 1)

    def _inside(self, make: Callable[[], str], *, free: bool = True) -> str:
        """What stands in brackets: line breaks may stand anywhere in it, or nowhere."""
        before, self._lines_are_free = self._lines_are_free, int(free)
        try:
            return make()
        finally:
            self._lines_are_free = before

    def _quoted(self, text: str) -> str:
        return f'"{text}"'

    def _string(self, depth: int) -> str:
        return self._quoted("".join(self._part(depth) for _ in range(self.random.randint(0, 3))))

    def _wrapped(self, depth: int) -> str:
        return self._quoted(self._interpolation(depth))

    def _part(self, depth: int) -> str:
        kind = self.random.random()
        if kind < 0.4:
            return self._one(
                ["t", " ", "é", "\\n", "\\u00e9", "$${x}", "%%{y}", "$", "%", "日", "#"]
            )
        if kind < 0.8:
            return self._interpolation(depth)
        return self._directive(depth)

    def _interpolation(self, depth: int) -> str:
        left, right = self._one(["${", "${", "${~"]), self._one(["}", "}", "~}"])
        inner = self._inside(lambda: self._gap() + self.expression(depth))
        return left + inner + self._one(["", " ", "\n "]) + right

    def _directive(self, depth: int) -> str:
        left, right = self._one(["%{", "%{~"]), self._one(["}", " ~}"])
        part = self._part(depth - 1) if depth > 0 else "t"
        value = self._inside(lambda: self.expression(depth))
        if self.random.random() < 0.5:
            otherwise = self._one(["", "%{ else }o", "%{else~}"])
            return f"{left} if {value} {right}{part}{otherwise}{left} endif {right}"
        return f"{left} for k, v in {value} {right}{part}{left}endfor{right}"

    def _list(self, depth: int) -> str:
        def make() -> str:
            items = [self.expression(depth) for _ in range(self.random.randint(0, 3))]
            return f"[{self._joined(items)}]"

        return self._inside(make)

    def _joined(self, items: list[str]) -> str:
        text = self._gap()
        for index, item in enumerate(items):
            is_last = index == len(items) - 1
            comma = self._one(["", "", ","]) if is_last else ","
            text += f"{item}{self._gap()}{comma}{self._gap()}"
        return text

    def _object(self, depth: int) -> str:
        def make() -> str:
            breaks = self.random.random() < 0.6
            text = self._end_of_line() if breaks else self._one(["", " "])
            count = self.random.randint(0, 3)
            for index in range(count):
                sign = self._one(["=", " = ", ":", " : "])
                text += f"{self._key(depth)}{sign}{self.expression(depth)}"
                if breaks:
                    text += self._one(["", "", ",", " ,"]) + self._end_of_line()
                elif index < count - 1:
                    text += self._one([",", " , "])
            return f"{{{text}}}"

        return self._inside(make, free=False)

    def _key(self, depth: int) -> str:
        return self._one(
            [*NAMES, '"k"', '"é"', "(a.b)", '"${x}"', "1", f"({self.expression(depth)})"]
        )

    def _call(self, depth: int) -> str:
        def make() -> str:
            items = [self.expression(depth) for _ in range(self.random.randint(0, 3))]
            if items and self.random.random() < 0.2:
                return f"f({self._gap()}{', '.join(items)}...{self._gap()})"
            return f"f({self._joined(items)})"

        return "g" + self._inside(make) if self.random.random() < 0.1 else self._inside(make)

    def _steps(self, depth: int) -> str:
        source = self._one(
            [*NAMES, "f(x)", f"({self._inside(lambda: self.expression(depth))})", "[a]"]
        )
        steps = [".b", ".c", "[0]", '["k"]', "[*]", ".0", "[ a ]", " .b", ". b", ".*.d"]
        return source + "".join(self._one(steps) for _ in range(self.random.randint(1, 3)))

    def _operation(self, depth: int) -> str:
        operators = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||"]
        text = self.expression(depth)
        for _ in range(self.random.randint(0, 2)):
            sign = self._one(["", "", "", "-", "!", "- ", "! "])
            needed = self._gap(needed=True)
            text += f"{needed}{self._one(operators)}{self._gap()}{sign}{self.expression(depth)}"
        return self._one(["", "", "-", "!"]) + text

    def _conditional(self, depth: int) -> str:
        condition, then, otherwise = (self.expression(depth) for _ in range(3))
        return f"{condition}{self._gap()}?{self._gap()}{then}{self._gap()}:{self._gap()}{otherwise}"

    def _for(self, depth: int) -> str:
        def make() -> str:
            names = self._one(["k", "k, v", "k ,v"])
            head = f"for {names} in {self.expression(depth)}{self._gap()}:{self._gap()}"
            tail = self._one(["", "", f" if {self.expression(depth)}"])
            if self.random.random() < 0.5:
                return f"[{head}{self.expression(depth)}{tail}]"
            groups = self._one(["", "..."])
            return f"{{{head}k{self._gap()}=>{self._gap()}{self.expression(depth)}{groups}{tail}}}"

        return self._inside(make)

    def _parentheses(self, depth: int) -> str:
        return self._inside(lambda: f"({self._gap()}{self.expression(depth)}{self._gap()})")

    def _heredoc(self, depth: int) -> str:
        """A heredoc; what follows its marker may only be a line break, so it is wrapped."""
        dash = self._one(["", "-"])
        lines = "".join(
            self._one(["", " ", "    "]) + self._part(depth) + "\n"
            for _ in range(self.random.randint(0, 3))
        )
        heredoc = f"<<{dash}E\n{lines}{self._one(['', '  '])}E\n"
        return self._one([f"[{heredoc}]", f'"${{{heredoc}}}"'])
