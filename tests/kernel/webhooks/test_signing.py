"""Signatures are those of the published examples."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from gridloom.kernel.webhooks.signing import HmacSigner, Outgoing, StandardSigner, signature_of

SENT_AT = datetime(2021, 2, 25, 15, 15, 30, 123456, tzinfo=UTC)


def outgoing(**more: Any) -> Outgoing:
    given: dict[str, Any] = {
        "message_id": UUID(int=9),
        "subscription_id": 42,
        "tenant": "sunny",
        "event": "session.start.stop.notification",
        "body": b'{"test": 2432232314}',
        "sent_at": SENT_AT,
        "attempt": 1,
        "attributes": {},
    }
    return Outgoing(**{**given, **more})


def test_the_standard_signature_is_the_one_of_the_published_example() -> None:
    headers = StandardSigner().headers(
        outgoing(message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", sent_at=datetime.fromtimestamp(1614265330, UTC)),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["plain text", "whsec_not base64!"])
def test_a_secret_in_no_special_form_signs_as_it_is(secret: str) -> None:
    assert StandardSigner().headers(outgoing(), secret)["webhook-signature"].startswith("v1,")
    assert StandardSigner().headers(outgoing(), secret) != StandardSigner().headers(outgoing(), secret + "x")


def test_the_hmac_is_the_one_of_the_published_test_case() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"  # RFC 4231, test case 2
    assert signature_of(b"what do ya want for nothing?", "Jefe") == expected


def test_a_signer_puts_each_fact_into_the_header_it_is_given() -> None:
    signer = HmacSigner(
        signature="X-Signature",
        timestamp="X-Timestamp",
        tenant="X-Tenant",
        subscription="X-Webhook-Id",
        event="X-Webhook-Type",
    )
    assert signer.headers(outgoing(body=b"what do ya want for nothing?"), "Jefe") == {
        "X-Signature": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "X-Timestamp": "2021-02-25T15:15:30.123456Z",
        "X-Tenant": "sunny",
        "X-Webhook-Id": "42",
        "X-Webhook-Type": "session.start.stop.notification",
    }


def test_without_a_secret_nothing_is_signed() -> None:
    assert HmacSigner(signature="X-Signature").headers(outgoing(), None) == {}
    assert "webhook-signature" not in StandardSigner().headers(outgoing(), None)
