"""The table of all functions."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.character_sets import CHARACTER_SETS
from amlplan.config.expressions.functions.csv import CSV
from amlplan.config.expressions.functions.dates import DATES
from amlplan.config.expressions.functions.encoding import ENCODING
from amlplan.config.expressions.functions.file_sets import FILE_SETS
from amlplan.config.expressions.functions.files import FILES
from amlplan.config.expressions.functions.hashes import HASHES
from amlplan.config.expressions.functions.lists import LIST_FUNCTIONS
from amlplan.config.expressions.functions.maps import MAP_FUNCTIONS
from amlplan.config.expressions.functions.networks import NETWORKS
from amlplan.config.expressions.functions.numeric import NUMERIC
from amlplan.config.expressions.functions.regular_expressions import REGULAR_EXPRESSIONS
from amlplan.config.expressions.functions.secrets import SECRETS
from amlplan.config.expressions.functions.set_operations import SET_FUNCTIONS
from amlplan.config.expressions.functions.strings import STRING_FUNCTIONS
from amlplan.config.expressions.functions.templates import TEMPLATES
from amlplan.config.expressions.functions.types import TYPE_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.expressions.functions.function import Function

OURS: Final = "environment and secrets"
FAMILIES: Final[Mapping[str, tuple[Function, ...]]] = MappingProxyType(
    {
        "numbers": NUMERIC,
        "strings": (*STRING_FUNCTIONS, *REGULAR_EXPRESSIONS),
        "lists": LIST_FUNCTIONS,
        "objects and maps": MAP_FUNCTIONS,
        "sets": SET_FUNCTIONS,
        "encoding": (*ENCODING, *CHARACTER_SETS, *CSV),
        "hashes": HASHES,
        "times": DATES,
        "networks": NETWORKS,
        "files and paths": (*FILES, *FILE_SETS, *TEMPLATES),
        "types and errors": TYPE_FUNCTIONS,
        OURS: SECRETS,
    }
)
FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {function.name: function for family in FAMILIES.values() for function in family}
)
