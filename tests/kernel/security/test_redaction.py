"""No secret reaches a log line or the trail, and what is harmless stays readable."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel.security.redaction import REDACTED, is_secret, redact, redact_event, redact_text


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "newPassword",
        "password_hash",
        "Authorization",
        "X-Auth",
        "api_key",
        "apiKey",
        "APIKey",
        "client_secret",
        "secrets",
        "access_token",
        "refreshToken",
        "Set-Cookie",
        "pin",
        "otp",
        "database_url",
        "credentials",
    ],
)
def test_fields_that_hold_a_secret(name):
    assert is_secret(name)
    assert redact({name: "s3cret", "other": 1}) == {name: REDACTED, "other": 1}
    assert redact({name: None}) == {name: None}


@pytest.mark.parametrize(
    "name",
    [
        "token_id",
        "tokenKind",
        "secret_count",
        "password_changed_at",
        "monkey",
        "keyword",
        "pinned",
        "spinning",
        "optional",
        "session_id",
        "key",
        "event",
        "cookie_policy",
        "sharing_key",
        "token_uid",
    ],
)
def test_fields_that_only_sound_like_one(name):
    assert not is_secret(name)
    assert redact({name: "visible"}) == {name: "visible"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://gridloom:p@ss@db:5432/grid", "postgresql://gridloom:[redacted]@db:5432/grid"),
        ("redis://:hunter2@cache", "redis://:[redacted]@cache"),
        ("GET https://h/x?token=abc&since=2026", "GET https://h/x?token=[redacted]&since=2026"),
        ("/files/7/a?expires=1&signature=abc_-d", "/files/7/a?expires=1&signature=[redacted]"),
        ("/x?access_token=abc#end", "/x?access_token=[redacted]"),
        ("Authorization: Bearer abc.def", "Authorization: [redacted]"),
        ("Cookie: a=b; session=c\nHost: h", "Cookie: [redacted]\nHost: h"),
        ("sent bearer gl_0a1b2c3d to peer", "sent bearer [redacted] to peer"),
        ("basic authentication is needed", "basic authentication is needed"),
        ('{"password": "a\\"b", "name": "x"}', '{"password": [redacted], "name": "x"}'),
        ('body="{\\"password\\": \\"a b\\", \\"n\\": 1}"', 'body="{\\"password\\": [redacted], \\"n\\": 1}"'),
        ("login(user='x', password='a b', n=1)", "login(user='x', password=[redacted], n=1)"),
        ("{'x-auth': 'abc'}", "{'x-auth': [redacted]}"),
        ("apiKey=abc, accessToken: def", "apiKey=[redacted], accessToken: [redacted]"),
        ("pin=1234 shopping: list", "pin=[redacted] shopping: list"),
        ("got eyJhbGciOiJI.eyJzdWIiOiIx.c2ln there", "got [redacted] there"),
        ("k: -----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----!", "k: [redacted]!"),
        ("-----BEGIN PRIVATE KEY-----\nMHc", "[redacted]"),
        ("https://example.org:8000/path at 12:30", "https://example.org:8000/path at 12:30"),
        ("7 tokens left for key charging.taxes", "7 tokens left for key charging.taxes"),
    ],
)
def test_secrets_inside_a_text(text, expected):
    assert redact_text(text) == expected
    assert redact_text(expected) == expected


secrets = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=12, max_size=40)


@given(secret=secrets.map(lambda text: f"Zq9{text}"), filler=st.text(" abc/?&\n", max_size=30))
def test_a_secret_is_nowhere_in_what_is_left(secret, filler):
    texts = [
        f"{filler}postgresql://u:{secret}@h/d{filler}",
        f"{filler} Authorization: Bearer {secret}",
        f"{filler} Bearer {secret} {filler}",
        f"{filler}/x?a=1&token={secret}&b=2{filler}",
        f'{filler}{{"clientSecret": "{secret}"}}{filler}',
    ]
    event = {"event": texts[0], "list": texts, "deep": {"er": ({"password": secret},)}, "apiKey": secret}
    assert secret not in str(redact_event(None, "info", event))


def test_what_is_no_text_keeps_its_form():
    class Custom:
        def __str__(self):
            return "token=abc"

    value = {1: (1, 2.5, True, None), "raw": b"secret", "set": {7}, "object": Custom()}
    assert redact(value) == {"1": [1, 2.5, True, None], "raw": "<6 bytes>", "set": [7], "object": "token=[redacted]"}


def test_data_that_contains_itself_comes_to_an_end():
    value = {}
    value["again"] = value
    assert str(redact(value)).count("again") == 12


def test_the_original_is_left_as_it_was():
    value = {"password": "x", "list": ["token=abc"]}
    redact(value)
    assert value == {"password": "x", "list": ["token=abc"]}


@pytest.mark.parametrize(
    "text",
    [
        "a_" * 100_000,
        "token" * 40_000,
        "password=\\" * 20_000,
        'secret="' * 25_000,
        "a.a-" * 50_000,
        "eyJ" * 70_000,
        "-----BEGIN PRIVATE KEY-----" * 7_000,
        "://:" * 50_000,
        "bearer " * 30_000,
        "cookie:" * 30_000,
    ],
)
def test_no_text_keeps_the_logger_busy(text):
    started = time.process_time()
    redact_text(text)
    assert time.process_time() - started < 2
