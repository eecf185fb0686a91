"""How a subscription of this API is kept among the webhooks of all of them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, func
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.charging.notifications.schemas import Kafka, Webhook
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.call import Call
from gridloom.kernel.security.outbound import Guard, UnusableUrl
from gridloom.kernel.security.sealing import Sealer
from gridloom.kernel.webhooks.kafka import MISSING, is_installed, seal_password
from gridloom.kernel.webhooks.subscriptions import noted, seal_secret
from gridloom.kernel.webhooks.tables import subscription
from gridloom.settings import Settings

FORMAT = "charging"
PER_SECOND = 50.0
S = subscription.c
MINE = S.owner == FORMAT
IS_KAFKA = S.attributes["via"].astext == "kafka"

_SHOWN = (
    ("topic", S.attributes["kafka"]["topic"]),
    ("brokers", S.attributes["kafka"]["brokers"]),
    ("compressionCodec", func.coalesce(S.attributes["kafka"]["compression"].astext, "none")),
    ("securityProtocol", S.attributes["kafka"]["security"]),
    ("saslMechanism", S.attributes["kafka"]["mechanism"]),
    ("saslUsername", S.attributes["kafka"]["username"]),
)
COLUMNS: Mapping[str, Any] = {
    "via": S.attributes["via"].astext,
    "notifications": S.events,
    "webhook": case((~IS_KAFKA, func.jsonb_build_object("callbackUrl", S.url, type_=JSONB()))),
    "kafka": case((IS_KAFKA, func.jsonb_build_object(*(part for pair in _SHOWN for part in pair), type_=JSONB()))),
}


def once(given: list[str]) -> Mapping[str, Any]:
    """Names, each of them once."""
    return {"events": list(dict.fromkeys(given))}


def by_http(given: Webhook) -> Mapping[str, Any]:
    """Where messages are posted to."""
    return to_url(given.callback_url)


def to_url(given: str) -> Mapping[str, Any]:
    """The same, as the first version has it."""
    return {"url": given, "attributes": {"via": "webhook"}}


def by_kafka(given: Kafka) -> Mapping[str, Any]:
    """Which topic of which cluster. The password is still to be sealed."""
    has_login = given.security_protocol == "SASL_SSL"
    brokers = list(dict.fromkeys(given.brokers))
    kept = {
        "topic": given.topic,
        "brokers": brokers,
        "compression": None if given.compression_codec == "none" else given.compression_codec,
        "security": given.security_protocol,
        "mechanism": given.sasl_mechanism or "PLAIN",
        "username": given.sasl_username or None if has_login else None,
        "password": given.sasl_password or None if has_login else None,
    }
    return {"url": f"kafka://{','.join(brokers)}/{given.topic}", "attributes": {"via": "kafka", "kafka": kept}}


async def complete(tx: Tx, columns: dict[str, Any], current: Any | None, call: Call) -> None:
    """Check where messages go to; what a request does not say. Raises Invalid for what may not or cannot be called."""
    guard = Guard(allow_private=call.services.part(Settings).outbound_private)
    sealer = call.services.part(Sealer)
    attributes = columns["attributes"]
    if attributes["via"] == "kafka":
        _settle_kafka(guard, sealer, tx.tenant, attributes["kafka"], current)
    else:
        _check_url(guard, columns["url"], "callbackUrl" if call.operation.deprecated else "webhook.callbackUrl")
    if current is None:
        columns |= {"owner": FORMAT, "format": FORMAT, "rate_per_s": PER_SECOND}
        columns["secret"] = seal_secret(sealer, tx.tenant, call.bearer)
    elif (resent := current["attributes"].get("resent_at")) is not None:
        attributes["resent_at"] = resent
    noted(tx)


async def before_it_goes(tx: Tx, _: Any) -> None:
    """What waits for it goes with it, and nobody is told any more."""
    noted(tx)


def _check_url(guard: Guard, url: str, field: str) -> None:
    try:
        guard.check_url(url)
    except UnusableUrl as problem:
        raise Invalid(f"This address cannot be called: {problem}.", field=field) from None


def _settle_kafka(guard: Guard, sealer: Sealer, tenant: int, kept: dict[str, Any], current: Any | None) -> None:
    if not is_installed():
        raise Invalid(f"{MISSING}.", field="via")
    for place, broker in enumerate(kept["brokers"]):
        _check_url(guard, f"http://{broker}", f"kafka.brokers.{place}")
    before = (current["attributes"].get("kafka") or {}) if current is not None else {}
    if kept["password"] is not None:
        kept["password"] = seal_password(sealer, tenant, kept["password"])
    elif kept["username"] is not None and before.get("username") == kept["username"]:
        kept["password"] = before.get("password")
    if kept["security"] == "SASL_SSL" and kept["password"] is None:
        raise Invalid("Needed with SASL_SSL.", field="kafka.saslPassword")
