"""A browser is told what it must not do, and only those sites may call that were named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel.security.headers import API_POLICY, FILE_POLICY, Cors, missing, security_headers

PREFLIGHT = {"origin": "https://portal.example.org", "access-control-request-method": "PATCH"}


def test_an_answer_of_an_api_is_no_page_and_nobody_may_frame_it():
    headers = dict(security_headers(https=False))
    assert headers == {
        b"content-security-policy": API_POLICY.encode(),
        b"x-content-type-options": b"nosniff",
        b"x-frame-options": b"DENY",
        b"referrer-policy": b"no-referrer",
    }


def test_a_page_of_ours_loads_from_us_only_and_runs_no_inline_script():
    headers = dict(security_headers(https=False, page=True))
    policy = dict(part.strip().split(" ", 1) for part in headers[b"content-security-policy"].decode().split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert headers[b"cross-origin-opener-policy"] == b"same-origin"


@pytest.mark.parametrize("page", [True, False])
def test_https_is_insisted_on_only_where_it_is_spoken(page):
    assert b"strict-transport-security" not in dict(security_headers(https=False, page=page))
    said = dict(security_headers(https=True, page=page))[b"strict-transport-security"]
    assert said == b"max-age=31536000; includeSubDomains"


def test_an_answer_can_have_a_policy_of_its_own():
    assert dict(security_headers(https=False, policy=FILE_POLICY))[b"content-security-policy"] == FILE_POLICY.encode()


def test_what_a_route_said_itself_is_not_said_again():
    own = [(b"Content-Security-Policy", b"sandbox"), (b"content-type", b"text/html")]
    added = missing(own, security_headers(https=False))
    assert [name for name, _ in added] == [b"x-content-type-options", b"x-frame-options", b"referrer-policy"]


def test_without_configuration_no_site_may_call():
    cors = Cors()
    assert cors.headers("https://portal.example.org") == []
    assert cors.headers(None) == []
    assert cors.preflight("OPTIONS", PREFLIGHT) is None


def test_a_named_site_may_call_and_read_the_headers_it_needs():
    cors = Cors(["https://Portal.example.org"], exposed=["X-Total"])
    headers = dict(cors.headers("https://portal.example.org"))
    assert headers[b"access-control-allow-origin"] == b"https://portal.example.org"
    assert headers[b"vary"] == b"Origin"
    exposed = headers[b"access-control-expose-headers"].split(b", ")
    assert {b"X-Request-ID", b"X-RateLimit-Remaining", b"Retry-After", b"X-Total"} <= set(exposed)
    assert b"access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://portal.example.org",
        "https://portal.example.org:8443",
        "https://portal.example.org.evil.example",
        "https://xportal.example.org",
        "null",
        "",
    ],
)
def test_another_site_may_not(origin):
    cors = Cors(["https://portal.example.org"])
    assert cors.headers(origin) == [(b"vary", b"Origin")]
    assert cors.preflight("OPTIONS", {**PREFLIGHT, "origin": origin}) is None


def test_a_cache_is_told_that_the_origin_matters_even_when_none_was_sent():
    assert Cors(["https://portal.example.org"]).headers(None) == [(b"vary", b"Origin")]
    assert Cors(["*"]).headers(None) == []


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://a.example.org", True),
        ("https://a.b.example.org", True),
        ("https://example.org", False),
        ("https://.example.org", False),
        ("https://aexample.org", False),
        ("http://a.example.org", False),
        ("https://evil.example/.example.org", False),
        ("https://evil.example?.example.org", False),
        ("https://evil.example#.example.org", False),
        ("https://a@evil.example.org", False),
    ],
)
def test_names_below_a_domain(origin, allowed):
    assert Cors(["https://*.example.org"]).allows(origin) is allowed


@given(st.text(max_size=40))
def test_no_origin_below_a_domain_is_invented(text):
    cors = Cors(["https://*.example.org"])
    origin = f"https://{text}.example.org"
    if cors.allows(origin):
        assert text
        assert not set(text) & set("/?#@\\ \r\n")


def test_every_site_may_be_let_in_but_not_with_cookies():
    headers = dict(Cors(["*"]).headers("https://any.example"))
    assert headers[b"access-control-allow-origin"] == b"*"
    with pytest.raises(ValueError, match="name the origins"):
        Cors(["*"], credentials=True)


def test_cookies_travel_for_named_sites_when_that_is_wanted():
    headers = dict(Cors(["https://portal.example.org"], credentials=True).headers("https://portal.example.org"))
    assert headers[b"access-control-allow-credentials"] == b"true"
    assert headers[b"access-control-allow-origin"] == b"https://portal.example.org"


@pytest.mark.parametrize(
    "origin",
    ["portal.example.org", "ftp://x", "https://a/b", "https://a.*.org", "https://*", "https://*.*.org", "", "x\r\ny"],
)
def test_what_is_no_origin_is_refused_at_the_start(origin):
    with pytest.raises(ValueError, match="no web origin"):
        Cors([origin])


def test_a_browser_that_asks_first_is_told_what_it_may_send():
    cors = Cors(["https://portal.example.org"])
    asked = {**PREFLIGHT, "access-control-request-headers": "authorization, x-community-id"}
    assert dict(cors.preflight("OPTIONS", asked)) == {
        b"access-control-allow-methods": b"GET, HEAD, POST, PUT, PATCH, DELETE",
        b"access-control-max-age": b"86400",
        b"access-control-allow-headers": b"authorization, x-community-id",
    }


@pytest.mark.parametrize("asked", ["", "a b", "x\r\nset-cookie: y", ",", "é"])
def test_headers_that_are_none_are_not_repeated(asked):
    said = Cors(["*"]).preflight("OPTIONS", {**PREFLIGHT, "access-control-request-headers": asked})
    assert b"access-control-allow-headers" not in dict(said)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", PREFLIGHT),
        ("OPTIONS", {"origin": PREFLIGHT["origin"]}),
        ("OPTIONS", {"access-control-request-method": "GET"}),
    ],
)
def test_what_is_no_such_question_goes_on_to_the_api(method, headers):
    assert Cors(["*"]).preflight(method, headers) is None
