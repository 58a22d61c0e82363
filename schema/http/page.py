"""The GraphiQL page and its parts as responses."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ..graphiql_page import DIST, PAGE_CACHE, SECURITY_HEADERS, asset, missing_page, page


def page_response(request: Request) -> Response:
    """GraphiQL, or what to do where it isn't built."""
    built = page(DIST)
    headers = {**SECURITY_HEADERS, "Cache-Control": PAGE_CACHE, "Vary": "Accept"}
    address = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
    return HTMLResponse(missing_page(address) if built is None else built, headers=headers)


async def asset_response(request: Request) -> Response:
    """One part of the GraphiQL page."""
    found = asset(DIST, request.path_params["name"])
    if found is None:
        return Response("Not found", HTTPStatus.NOT_FOUND, media_type="text/plain")
    headers = {**SECURITY_HEADERS, "Cache-Control": found.cache_control}
    return Response(found.content, headers=headers, media_type=found.media_type)
