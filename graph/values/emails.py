"""E-mail addresses: what was typed, the form to send to, and the form to compare by."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from .problem import Problem, quoted
from .text import fold


@dataclass(frozen=True, kw_only=True, slots=True)
class Email:
    """An e-mail address. `normalised` is to send to: local part as typed, domain in small letters and ASCII (IDNA).

    `folded` is to compare by: a mail server may part Ann@ from ann@, but none that people use does. `domain` is the
    part after the @ as in both.
    """

    typed: str
    normalised: str
    folded: str
    domain: str


def normalise_email(typed: str, *, field: str = "email") -> Email | Problem:
    """The address, or why it cannot be one, by its form alone: nothing is looked up in the network.

    Addresses under .test are accepted, so that test and demonstration data can be stored: none can ever be delivered
    to a stranger. Names that never work between organisations (.local, .invalid, localhost) are refused, and so are
    addresses with a display name, in quotes, or with an IP address instead of a domain.
    """
    text = typed.strip()
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if not text:
        return _refused(field, "required", "The e-mail address is empty: expected is one such as 'ann@example.com'.")
    try:
        parts = validate_email(text, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError as refusal:
        message = f"{quoted(typed)} is not an e-mail address such as 'ann@example.com': {_as_clause(str(refusal))}."
        return _refused(field, "invalid", message)
    domain = parts.ascii_domain
    if "." not in domain:
        message = f"{quoted(typed)} is not an e-mail address such as 'ann@example.com': its domain has no dot."
        return _refused(field, "invalid", message)
    normalised = f"{parts.local_part}@{domain}"
    return Email(typed=typed, normalised=normalised, folded=fold(normalised), domain=domain)


def _as_clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(". ")


def _refused(field: str, code: str, message: str) -> Problem:
    return Problem(field=field, code=code, message=message)
