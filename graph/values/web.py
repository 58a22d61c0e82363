"""Web addresses of organisations: one form to open, and the domain to recognise the organisation by."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import idna

from .problem import Problem, quoted
from .text import refuse_controls

_MOST_CHARACTERS = 2048
_TOO_LONG = f"it is longer than {_MOST_CHARACTERS} characters"
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):(?!\d{1,5}(?:[/?#]|$))", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ALL_DIGITS = re.compile(r"[0-9.]+|0x[0-9a-f.x]+")
# What RFC 3986 lets stand in a path, query or fragment, and the percent sign of what is already quoted.
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~-._"
_SAFE_IN_QUERY = _SAFE_IN_PATH + "?[]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Website:
    """A web address. `domain` is its host in small ASCII letters (IDNA) without a leading www. and without the port."""

    typed: str
    url: str
    domain: str


def normalise_website(typed: str, *, field: str = "website") -> Website | Problem:
    """The address with https:// put before when it has no scheme, or why it cannot be a web address.

    Refused are all schemes but http and https (javascript:, data:, file: …), user names and passwords in the address,
    backslashes and blanks, which browsers read differently from one another, IP addresses, and hosts without a dot.
    """
    text = typed.strip()
    if not text:
        return _refused(field, "required", "The web address is empty: expected is one such as 'https://example.com'.")
    if len(text) > _MOST_CHARACTERS:
        return _not_web(field, typed, _TOO_LONG)
    if refuse_controls(text) or "\\" in text or any(character.isspace() for character in text):
        return _not_web(field, typed, "it holds blanks, control characters or backslashes")
    scheme = _SCHEME.match(text)
    if scheme and scheme.group(1).lower() not in _DEFAULT_PORTS:
        return _not_web(field, typed, f"{quoted(scheme.group())} is no website's: only http and https are")
    try:
        parts = urlsplit(text if scheme else "https://" + text.removeprefix("//"))
        port = parts.port
    except ValueError:
        return _not_web(field, typed, "its host or port is not one")
    if parts.username is not None or parts.password is not None:
        return _not_web(field, typed, "it holds a user name, which does not belong in an address that others see")
    host = _ascii_host(parts.hostname or "")
    if host is None:
        return _not_web(field, typed, "its host is not a domain name with a dot")
    place = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    path = "" if parts.path == "/" and not parts.query and not parts.fragment else quote(parts.path, safe=_SAFE_IN_PATH)
    rest = (quote(parts.query, safe=_SAFE_IN_QUERY), quote(parts.fragment, safe=_SAFE_IN_QUERY))
    url = urlunsplit((parts.scheme, place, path, *rest))
    if len(url) > _MOST_CHARACTERS:
        return _not_web(field, typed, _TOO_LONG)
    bare = host.removeprefix("www.")
    return Website(typed=typed, url=url, domain=bare if "." in bare else host)


def _ascii_host(host: str) -> str | None:
    """The host by IDNA 2008 in ASCII, if it is a domain name of two labels or more."""
    host = host.rstrip(".")
    if "." not in host:
        return None
    try:
        ascii_host = idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
    return None if _ALL_DIGITS.fullmatch(ascii_host) else ascii_host


def _not_web(field: str, typed: str, why: str) -> Problem:
    message = f"{quoted(typed)} is not a web address such as 'https://example.com': {why}."
    return _refused(field, "invalid", message)


def _refused(field: str, code: str, message: str) -> Problem:
    return Problem(field=field, code=code, message=message)
