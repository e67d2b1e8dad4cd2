"""The table of all functions."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.collections import COLLECTION_FUNCTIONS
from amlplan.config.expressions.functions.encoding import ENCODING
from amlplan.config.expressions.functions.numeric import NUMERIC
from amlplan.config.expressions.functions.outside import OUTSIDE
from amlplan.config.expressions.functions.strings import STRING_FUNCTIONS
from amlplan.config.expressions.functions.types import TYPE_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.expressions.functions.function import Function

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        function.name: function
        for function in (
            *COLLECTION_FUNCTIONS,
            *ENCODING,
            *NUMERIC,
            *OUTSIDE,
            *STRING_FUNCTIONS,
            *TYPE_FUNCTIONS,
        )
    }
)
