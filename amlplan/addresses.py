"""Addresses: what names one object of a configuration, as in `module.team["a"].model.ridge[0]`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Final

Key = str | int

RUN_BLOCKS: Final = ("run_config", "estimator")
"""The blocks that `amlplan run` takes by their labels, which are unique over both."""
CHOSEN: Final = "@"
"""What stands in a kind before the target that chose it, as in `image@docker`."""
_STEP: Final = re.compile(r'([^\W\d][\w-]*)(?:\[(\d+|"(?:[^"\\]|\\.)*")\])?(?:\.|\Z)')


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address: the module calls that lead to it, block type, label and key."""

    calls: tuple[tuple[str, Key | None], ...]
    block: str
    label: str
    key: Key | None = None

    def __str__(self) -> str:
        calls = "".join(f"module.{name}{key_text(key)}." for name, key in self.calls)
        return f"{calls}{self.block}.{self.label}{key_text(self.key)}"

    @property
    def without_key(self) -> Address:
        """What all objects of its block have in common, in the same instance of its module."""
        return replace(self, key=None)

    @property
    def node(self) -> str:
        """The block that the object is of, without any key."""
        return "".join(f"module.{name}." for name, _ in self.calls) + f"{self.block}.{self.label}"


def parse_address(text: str) -> Address | None:
    """The parts of an address; None where the text is none."""
    steps: list[tuple[str, Key | None]] = []
    position = 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            return None
        steps.append((step[1], _key(step[2])))
        position = step.end()
    if text.endswith(".") or len(steps) % 2 or not steps:
        return None
    names, keyed = steps[::2], steps[1::2]
    if any(key is not None for _, key in names) or any(name != "module" for name, _ in names[:-1]):
        return None
    label, key = keyed[-1]
    return Address(tuple(keyed[:-1]), names[-1][0], label, key)


def relocated(inside: Address, origin: Address, target: Address) -> Address | None:
    """Where an object is once what `origin` names is at `target`; None where it is not of that.

    Both may name an object, all objects of a block, or a module with all that is in it.
    """
    depth = len(origin.calls)
    if inside.calls[:depth] != origin.calls:
        return None
    if origin.block == "module":
        if len(inside.calls) <= depth:
            return None
        label, key = inside.calls[depth]
        keeps = origin.key is None and target.key is None
        if label != origin.label or (not keeps and key != origin.key):
            return None
        call = (target.label, key if keeps else target.key)
        return replace(inside, calls=(*target.calls, call, *inside.calls[depth + 1 :]))
    if len(inside.calls) != depth or (inside.block, inside.label) != (origin.block, origin.label):
        return None
    keeps = origin.key is None and target.key is None
    if not keeps and inside.key != origin.key:
        return None
    return replace(target, key=inside.key if keeps else target.key)


def covers(pattern: Address, address: Address) -> bool:
    """Whether what somebody names, an object, a block or a module, is or holds an object.

    A name without a key stands for every instance.
    """
    is_module = pattern.block == "module"
    way = (*pattern.calls, (pattern.label, pattern.key)) if is_module else pattern.calls
    is_deep_enough = len(address.calls) >= len(way) if is_module else len(address.calls) == len(way)
    if not is_deep_enough:
        return False
    steps = zip(way, address.calls, strict=False)
    if any(name != other or key not in {None, found} for (name, key), (other, found) in steps):
        return False
    same = (pattern.block, pattern.label) == (address.block, address.label)
    return is_module or (same and pattern.key in {None, address.key})


def _key(text: str | None) -> Key | None:
    if text is None or text.isdecimal():
        return None if text is None else int(text)
    try:
        return str(json.loads(text)).replace("$${", "${").replace("%%{", "%{")
    except ValueError:
        return text[1:-1]


def block_type_of(kind: str) -> str:
    """The block type of a kind: `datastore` of `datastore.local`, `image` of `image@docker`."""
    return kind.partition(".")[0].partition(CHOSEN)[0]


def block_labels(kind: str) -> tuple[str, str]:
    """How a kind is written: its block type, and its first label or nothing."""
    block, _, label = kind.partition(CHOSEN)[0].partition(".")
    return block, label


def node_of(address: str) -> str:
    """The block that an object is of: its address without any key."""
    parsed = parse_address(address)
    return address if parsed is None else parsed.node


def label_of(address: str) -> str:
    """The label of the block that an object is of."""
    parsed = parse_address(address)
    return address.partition(".")[2] if parsed is None else parsed.label


def key_text(key: Key | None) -> str:
    """How an address tells one of several apart: nothing, `[0]` or `["a"]`."""
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    quoted = json.dumps(key, ensure_ascii=False)
    return f"[{quoted.replace('${', '$${').replace('%{', '%%{')}]"
