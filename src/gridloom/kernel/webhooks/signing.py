"""How a receiver can tell that a message is ours, and fresh."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec


class Outgoing(msgspec.Struct, frozen=True):
    """One attempt at a message, as it goes out."""

    message_id: UUID
    subscription_id: int
    tenant: str
    event: str
    body: bytes
    sent_at: datetime
    attempt: int
    attributes: Mapping[str, Any]


class Signer(Protocol):
    """What an API promised to put into the headers of a message."""

    def headers(self, outgoing: Outgoing, secret: str | None) -> Mapping[str, str]:
        """The headers. secret: the subscription's, or None when it has none."""
        ...


@dataclass(frozen=True)
class StandardSigner:
    """Standard Webhooks (standardwebhooks.com, 1.0): `webhook-id`, `webhook-timestamp` and `webhook-signature`.

    The signature is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. A secret that begins with `whsec_`
    holds its key in base64; any other is used as it is.
    """

    def headers(self, outgoing: Outgoing, secret: str | None) -> Mapping[str, str]:
        """See the class; without a secret there is no signature."""
        stamp = str(int(outgoing.sent_at.timestamp()))
        headers = {"webhook-id": str(outgoing.message_id), "webhook-timestamp": stamp}
        if secret is not None:
            signed = f"{outgoing.message_id}.{stamp}.".encode() + outgoing.body
            digest = hmac.digest(_standard_key(secret), signed, hashlib.sha256)
            headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
        return headers


@dataclass(frozen=True)
class HmacSigner:
    """The hexadecimal HMAC-SHA256 of the body under the secret, in a header of that name; others where they are named.

    timestamp: when this attempt was made (ISO 8601, microseconds, Z). tenant: the tenant's short name. subscription:
    its number. event: the message's name. message: its id, the same at every attempt.
    """

    signature: str
    timestamp: str | None = None
    tenant: str | None = None
    subscription: str | None = None
    event: str | None = None
    message: str | None = None

    def headers(self, outgoing: Outgoing, secret: str | None) -> Mapping[str, str]:
        """See the class; without a secret there is no signature."""
        named = {
            self.timestamp: outgoing.sent_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            self.tenant: outgoing.tenant,
            self.subscription: str(outgoing.subscription_id),
            self.event: outgoing.event,
            self.message: str(outgoing.message_id),
        }
        headers = {name: value for name, value in named.items() if name is not None}
        if secret is not None:
            headers[self.signature] = signature_of(outgoing.body, secret)
        return headers


def signature_of(body: bytes, secret: str) -> str:
    """The hexadecimal HMAC-SHA256 of a body, in small letters."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _standard_key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()
