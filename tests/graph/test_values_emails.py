"""E-mail addresses as they are typed, and the form they are compared in."""

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.graph.values.emails import Email, normalise_email
from accord.graph.values.problem import Problem


def test_the_typed_form_is_kept_beside_the_normal_and_the_folded_one() -> None:
    assert normalise_email("Ann.Lee@Example.COM") == Email(
        typed="Ann.Lee@Example.COM",
        normalised="Ann.Lee@example.com",
        folded="ann.lee@example.com",
        domain="example.com",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@example.com", "ANN@EXAMPLE.COM"),
        ("ann@münchen.de", "ann@xn--mnchen-3ya.de"),
        ("ann@MÜNCHEN.de", "ann@münchen.de"),
        ("JÜRGEN@example.com", "jürgen@example.com"),
        (" ann@example.com\n", "mailto:ann@example.com"),
    ],
)
def test_ways_of_writing_one_address_fold_to_the_same(one: str, other: str) -> None:
    first, second = normalise_email(one), normalise_email(other)
    assert isinstance(first, Email)
    assert isinstance(second, Email)
    assert first.folded == second.folded


def test_a_tag_or_a_dot_makes_another_address() -> None:
    emails = [normalise_email(one) for one in ("a.b@x.com", "ab@x.com", "ab+c@x.com")]
    assert len({one.folded for one in emails if isinstance(one, Email)}) == 3


def test_addresses_of_the_test_domain_are_accepted() -> None:
    assert isinstance(normalise_email("ann@acme.test"), Email)


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("", "required", "is empty"),
        ("  ", "required", "is empty"),
        ("ann", "invalid", "must have an @-sign"),
        ("@example.com", "invalid", "something before the @-sign"),
        ("ann@", "invalid", "something after the @-sign"),
        ("ann@localhost", "invalid", "should have a period"),
        ("ann@test", "invalid", "no dot"),
        ("ann@acme.local", "invalid", "special-use or reserved"),
        ("Ann <ann@example.com>", "invalid", "display name"),
        ('"a b"@example.com', "invalid", "quoting"),
        ("ann@[127.0.0.1]", "invalid", "IP address"),
        ("a" * 65 + "@example.com", "invalid", "too long before the @-sign"),
        ("a@" + "b" * 63 + "." + "c" * 190 + ".com", "invalid", "too long"),
        ("ann@example.com, bob@example.com", "invalid", "is not an e-mail address"),
        ("a\x00b@example.com", "invalid", "U+0000"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(typed: str, code: str, said: str) -> None:
    problem = normalise_email(typed, field="workEmail")
    assert isinstance(problem, Problem)
    assert (problem.field, problem.code, problem.severity) == ("workEmail", code, "ERROR")
    assert said in problem.message


def test_nothing_is_looked_up_in_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert isinstance(normalise_email("ann@example.com"), Email)


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(st.text(max_size=80) | st.emails())
def test_any_text_is_answered_and_a_normal_form_stays_as_it_is(typed: str) -> None:
    email = normalise_email(typed)
    if isinstance(email, Email):
        again = normalise_email(email.normalised)
        assert isinstance(again, Email)
        assert (again.normalised, again.folded, again.domain) == (email.normalised, email.folded, email.domain)
