"""Web addresses as they are typed, and the domain to recognise an organisation by."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.graph.values.emails import Email, normalise_email
from accord.graph.values.problem import Problem
from accord.graph.values.web import Website, normalise_website


@pytest.mark.parametrize(
    ("typed", "url", "domain"),
    [
        ("example.com", "https://example.com", "example.com"),
        ("www.example.com/", "https://www.example.com", "example.com"),
        ("//example.com/a", "https://example.com/a", "example.com"),
        ("HTTP://WWW.Example.COM:80/A?b=C#d", "http://www.example.com/A?b=C#d", "example.com"),
        ("example.com:8443/a", "https://example.com:8443/a", "example.com"),
        ("https://example.com.", "https://example.com", "example.com"),
        ("https://example.com/?q=1", "https://example.com/?q=1", "example.com"),
        ("https://münchen.de/straße", "https://xn--mnchen-3ya.de/stra%C3%9Fe", "xn--mnchen-3ya.de"),
        ("https://例え.jp", "https://xn--r8jz45g.jp", "xn--r8jz45g.jp"),
        ("https://example.com/a%20b", "https://example.com/a%20b", "example.com"),
        (" shop.example.co.uk ", "https://shop.example.co.uk", "shop.example.co.uk"),
        ("https://www.com", "https://www.com", "www.com"),
    ],
)
def test_a_web_address_gets_one_form_and_its_domain(typed: str, url: str, domain: str) -> None:
    assert normalise_website(typed) == Website(typed=typed, url=url, domain=domain)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("javascript:alert(1)", "'javascript:' is no website's: only http and https are"),
        ("JavaScript://example.com/%0aalert(1)", "only http and https"),
        ("data:text/html,x", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://example.com", "only http and https"),
        ("mailto:ann@example.com", "only http and https"),
        ("java\nscript:alert(1)", "blanks, control characters or backslashes"),
        ("https://good.example\\@evil.example", "blanks, control characters or backslashes"),
        ("https://exa mple.com", "blanks, control characters or backslashes"),
        ("https://ann:secret@example.com", "user name"),
        ("https://good.example@evil.example", "user name"),
        ("http://127.0.0.1/", "not a domain name with a dot"),
        ("http://2130706433/", "not a domain name with a dot"),
        ("http://0x7f.1/", "not a domain name with a dot"),
        ("http://[::1]/", "not a domain name with a dot"),
        ("localhost", "not a domain name with a dot"),
        ("https://", "not a domain name with a dot"),
        ("https://a..com", "not a domain name with a dot"),
        ("https://-a.com", "not a domain name with a dot"),
        ("https://a_b.com", "not a domain name with a dot"),
        ("https://example.com:99999", "host or port"),
        ("https://[", "host or port"),
        ("example.com/" + "a" * 2048, "longer than 2048 characters"),
        ("https://example.com/" + "ä" * 1000, "longer than 2048 characters"),
    ],
)
def test_what_is_no_web_address_of_an_organisation_is_refused(typed: str, said: str) -> None:
    problem = normalise_website(typed)
    assert isinstance(problem, Problem)
    assert (problem.field, problem.code, problem.severity) == ("website", "invalid", "ERROR")
    assert said in problem.message


@pytest.mark.parametrize("typed", ["", " \n"])
def test_an_empty_web_address_is_a_missing_one(typed: str) -> None:
    problem = normalise_website(typed)
    assert isinstance(problem, Problem)
    assert problem.code == "required"


@pytest.mark.parametrize("domain", ["Example.COM", "münchen.de", "straße.de", "例え.jp", "xn--mnchen-3ya.de"])
def test_a_website_and_an_email_of_one_domain_have_the_same_domain(domain: str) -> None:
    website, email = normalise_website(f"www.{domain}"), normalise_email(f"ann@{domain}")
    assert isinstance(website, Website)
    assert isinstance(email, Email)
    assert website.domain == email.domain


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(st.text(max_size=80) | st.from_regex(r"(https?://)?[a-zäß0-9.-]{1,20}\.[a-z]{2,3}[:/?#].{0,20}", fullmatch=True))
def test_any_text_is_answered_and_a_normal_form_stays_as_it_is(typed: str) -> None:
    website = normalise_website(typed)
    if isinstance(website, Website):
        assert website.url.startswith(("https://", "http://"))
        assert website.url.isascii()
        again = normalise_website(website.url)
        assert isinstance(again, Website)
        assert (again.url, again.domain) == (website.url, website.domain)
