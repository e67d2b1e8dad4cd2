"""Types: read from expressions, and values converted to them."""

from amlplan.config.expressions.conversion import ConversionError, convert
from amlplan.config.expressions.type_expressions import parse_type
from amlplan.config.expressions.typed_collections import type_name
from amlplan.config.expressions.types import ObjectAttribute, Type

__all__ = ["ConversionError", "ObjectAttribute", "Type", "convert", "parse_type", "type_name"]
