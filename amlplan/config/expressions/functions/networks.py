"""Functions of IP addresses and networks."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.arguments import whole_number
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.typed_collections import strings
from amlplan.config.expressions.types import NUMBER, STRING

if TYPE_CHECKING:
    import ipaddress

    from amlplan.config.expressions.numbers import Number
    from amlplan.values import Value

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PREFIX: Final = Parameter("prefix", STRING)
_NEW_BITS: Final = Parameter("newbits", NUMBER)
_FORM = re.compile(r"[0-9a-fA-F:.]+/\d{1,3}\Z", re.ASCII)
_LEADING_ZEROS = re.compile(r"(?<![0-9a-fA-F:])0+(?=\d)", re.ASCII)
_MOST_NEW_BITS: Final = 32


def _network(prefix: str) -> Network:
    """Give the network an address with a prefix length is in."""
    import ipaddress

    if _FORM.match(prefix):
        address, _, length = prefix.partition("/")
        if ":" not in address:
            address = _LEADING_ZEROS.sub("", address)
        with suppress(ValueError):
            return ipaddress.ip_network(f"{address}/{int(length)}", strict=False)
    raise FunctionFailure(f'"{prefix}" is no network. Write it as in 10.0.0.0/16 or fd00::/64.', 0)


def _number(value: Number, argument: int) -> int:
    if not isinstance(value, int):
        raise FunctionFailure("a whole number is required.", argument)
    return value


def _cidrhost(prefix: str, hostnum: Number) -> Value:
    """Give an address of a network by its number; negative ones count from the end."""
    network, number = _network(prefix), _number(hostnum, 1)
    if not -network.num_addresses <= number < network.num_addresses:
        raise FunctionFailure(
            f"a prefix of {network.prefixlen} bits leaves {network.num_addresses} addresses.", 1
        )
    return str(network[number])


def _cidrnetmask(prefix: str) -> Value:
    network = _network(prefix)
    if network.version != 4:  # noqa: PLR2004 - IPv6 has none
        raise FunctionFailure("only IPv4 networks have a netmask.", 0)
    return str(network.netmask)


def _subnet(network: Network, bits: int, number: int) -> str:
    size = network.max_prefixlen - network.prefixlen - bits
    return f"{network[number << size]}/{network.prefixlen + bits}"


def _checked_bits(network: Network, bits: Number, least: int, argument: int) -> int:
    found = whole_number(bits, argument)
    if not least <= found <= network.max_prefixlen - network.prefixlen:
        raise FunctionFailure(
            f"a prefix of {network.prefixlen} bits can be lengthened by {least} to "
            f"{network.max_prefixlen - network.prefixlen}.",
            argument,
        )
    return found


def _cidrsubnet(prefix: str, newbits: Number, netnum: Number) -> Value:
    network = _network(prefix)
    bits, number = _checked_bits(network, newbits, 0, 1), _number(netnum, 2)
    if not 0 <= number < 1 << bits:
        raise FunctionFailure(f"{bits} more bits make subnets from 0 to {(1 << bits) - 1}.", 2)
    return _subnet(network, bits, number)


def _cidrsubnets(prefix: str, *newbits: Number) -> Value:
    """Give subnets one behind the other, each where its size allows."""
    network = _network(prefix)
    space = network.max_prefixlen - network.prefixlen
    found: list[str | None] = []
    start = 0
    for position, each in enumerate(newbits, start=1):
        bits = _checked_bits(network, each, 1, position)
        if bits > _MOST_NEW_BITS:
            raise FunctionFailure(f"at most {_MOST_NEW_BITS} bits can be added.", position)
        number = -(-start // (1 << (space - bits)))
        if number >= 1 << bits:
            raise FunctionFailure("there is not enough room left in the network.", position)
        found.append(_subnet(network, bits, number))
        start = (number + 1) << (space - bits)
    return strings(found)


NETWORKS: Final = (
    Function("cidrhost", _cidrhost, (_PREFIX, Parameter("hostnum", NUMBER))),
    Function("cidrnetmask", _cidrnetmask, (_PREFIX,)),
    Function("cidrsubnet", _cidrsubnet, (_PREFIX, _NEW_BITS, Parameter("netnum", NUMBER))),
    Function("cidrsubnets", _cidrsubnets, (_PREFIX,), _NEW_BITS),
)
