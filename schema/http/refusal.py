"""Requests that are turned away before anything of GraphQL is looked at."""

from collections.abc import Mapping
from http import HTTPStatus

from graphql import GraphQLError

from ..exchange import Result


class Refusal(Exception):
    """A request that is no GraphQL request, or not one that is answered here."""

    def __init__(
        self,
        code: str,
        message: str,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}

    def result(self) -> Result:
        """The refusal as a GraphQL client can read it."""
        error = GraphQLError(self.message, extensions={"code": self.code})
        return Result(data=None, errors=[error], ran=False)
