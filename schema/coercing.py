"""Coercing the variables of a request: quickly where all is right; what is wrong otherwise, graphql-core says.

graphql-core looks at every field that an input type has, this at those that are given.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

DEEPEST = 50  # levels of lists and objects; deeper ones are left to graphql-core

Coerce = Callable[[Any, int], Any]


class Unfit(Exception):
    """A value that has to be looked at more closely."""


class Variable:
    """A variable of an operation."""

    def __init__(self, signature: GraphQLVariableSignature, coerce: Coerce) -> None:
        self.signature = signature
        self.coerce = coerce
        self.may_be_absent = signature.default is None and not _is(GraphQLNonNull, cast(Any, signature).type)


class Coercer:
    """Coerces variables by the input types of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._objects: dict[str, Coerce] = {}

    def variables(self, nodes: Sequence[VariableDefinitionNode]) -> Sequence[Variable]:
        """The variables of an operation, as far as they can be used at all."""
        signatures = (get_variable_signature(self._schema, node) for node in nodes)
        return [Variable(one, self._of(cast(Any, one).type)) for one in signatures if not isinstance(one, GraphQLError)]

    def coerced(self, variables: Sequence[Variable], given: Mapping[str, Any]) -> VariableValues | None:
        """The values of the variables; None where something may be wrong with one."""
        sources: dict[str, VariableValueSource] = {}
        values: dict[str, Any] = {}
        try:
            for variable in variables:
                name = variable.signature.name
                if name in given:
                    sources[name] = VariableValueSource(variable.signature, given[name])
                    values[name] = variable.coerce(given[name], DEEPEST)
                elif variable.may_be_absent:
                    sources[name] = VariableValueSource(variable.signature)
                else:
                    return None
        except Exception:  # whatever a scalar says: it is coerced once more by who can tell what is wrong
            return None
        return VariableValues(sources, values)

    def _of(self, type_: Any) -> Coerce:
        """What coerces a value of a type."""
        if _is(GraphQLNonNull, type_):
            return _stated(self._of(type_.of_type))
        if _is(GraphQLList, type_):
            return _listed(self._of(type_.of_type))
        return self._object(type_) if isinstance(type_, GraphQLInputObjectType) else _leaf(type_)

    def _object(self, type_: GraphQLInputObjectType) -> Coerce:
        """What coerces an object; made when the first one comes, since types may hold each other."""

        def coerce(value: Any, room: int) -> Any:
            if value is None:
                return None
            if type_.name not in self._objects:
                self._objects[type_.name] = self._made(type_)
            return self._objects[type_.name](value, room)

        return coerce

    def _made(self, type_: GraphQLInputObjectType) -> Coerce:
        fields = type_.fields
        parts = {name: (field.out_name or name, self._of(field.type)) for name, field in fields.items()}
        places = {name: place for place, name in enumerate(fields)}
        # what is left out may have a default, or be missed
        awaited = {
            name
            for name, field in fields.items()
            if _is(GraphQLNonNull, field.type) or coerce_default_value(field) is not Undefined
        }

        def coerce(value: Any, room: int) -> Any:
            if not isinstance(value, dict) or not room:
                raise Unfit
            given = cast(dict[str, Any], value)
            if not awaited <= given.keys() or (type_.is_one_of and (len(given) != 1 or None in given.values())):
                raise Unfit
            found: dict[str, Any] = {}
            for name in sorted(given, key=places.__getitem__):  # in the order in which the type has them
                out, inner = parts[name]
                found[out] = inner(given[name], room - 1)
            return type_.out_type(found)

        return coerce


def _is(kind: type[Any], type_: Any) -> bool:
    return isinstance(type_, kind)


def _stated(inner: Coerce) -> Coerce:
    def coerce(value: Any, room: int) -> Any:
        if value is None:
            raise Unfit
        return inner(value, room)

    return coerce


def _listed(inner: Coerce) -> Coerce:
    def coerce(value: Any, room: int) -> Any:
        if value is None:
            return None
        if not isinstance(value, list) or not room:
            raise Unfit  # one value by itself may be a list as well
        return [inner(item, room - 1) for item in cast(list[Any], value)]

    return coerce


def _leaf(type_: Any) -> Coerce:
    def coerce(value: Any, room: int) -> Any:
        if value is None:
            return None
        found = type_.coerce_input_value(value)
        if found is Undefined:
            raise Unfit
        return found

    return coerce
