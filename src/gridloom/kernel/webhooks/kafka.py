"""Messages into a topic instead of to a URL: `kafka://broker:9092,other:9092/topic`.

Needs the package aiokafka (`gridloom[kafka]`), which is imported when the first message goes out. The rest of what a
cluster wants to know is in the subscription's attributes, under `kafka`, see `Cluster`.
"""

import asyncio
import importlib
import importlib.util
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, Protocol, TypeAlias

import msgspec
import structlog

from gridloom.kernel.security.outbound import AddressRefused, Guard
from gridloom.kernel.security.sealing import Sealer, Unsealable
from gridloom.kernel.webhooks.post import Answer, Parcel

MISSING = "Kafka is not available here: install gridloom[kafka]"

_IDLE_S = 300.0
_MOST = 50
_CHECKED_S = 60.0

log = structlog.get_logger(__name__)


class Cluster(msgspec.Struct, frozen=True):
    """How to reach a cluster. brokers: `host:port`. password: sealed, in base64."""

    topic: str
    brokers: tuple[str, ...]
    compression: Literal["gzip", "snappy", "lz4"] | None = "gzip"
    security: Literal["PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    username: str | None = None
    password: str | None = None


class Producer(Protocol):
    """What is used of `aiokafka.AIOKafkaProducer`."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Send what waits, and disconnect."""

    async def send_and_wait(
        self, topic: str, *, value: bytes, key: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> Any:
        """Send a record, and wait until the cluster has it."""


Make: TypeAlias = Callable[[Mapping[str, Any]], Producer]


def is_installed() -> bool:
    """Whether messages can be sent to a cluster from here."""
    return importlib.util.find_spec("aiokafka") is not None


def seal_password(sealer: Sealer, tenant: int, password: str) -> str:
    """A password as the attributes keep it."""
    return sealer.seal(password, context=_context(tenant)).hex()


def _make(options: Mapping[str, Any]) -> Producer:
    made: Producer = importlib.import_module("aiokafka").AIOKafkaProducer(**options)
    return made


class _Kept:
    """A producer that is there or on its way."""

    def __init__(self, producer: Producer) -> None:
        self.producer = producer
        self.starting = asyncio.Lock()
        self.is_started = False
        self.used = time.monotonic()
        self.users = 0


class Kafka:
    """The transport of `kafka://` URLs: one producer for each cluster and login of a tenant, closed when nobody uses it.

    make: a producer from aiokafka's options. Without `allow_private` a cluster with an address that is not public is refused;
    names are resolved again by the library, so the check is not proof against a name that changes in between.
    """

    def __init__(self, sealer: Sealer, *, allow_private: bool = False, make: Make = _make) -> None:
        self._sealer = sealer
        self._guard = Guard(allow_private=allow_private)
        self._make = make
        self._kept: dict[tuple[int, Cluster], _Kept] = {}
        self._checked: dict[str, float] = {}

    async def carry(self, parcel: Parcel, *, timeout_s: float) -> Answer:
        """Send one message; success when the cluster has acknowledged it."""
        began = time.monotonic()
        error: str | None = None
        is_final = False
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(parcel)
        except TimeoutError:
            error = f"no acknowledgement within {timeout_s:g} s"
        except (AddressRefused, msgspec.ValidationError, Unsealable) as problem:
            error, is_final = str(problem), True
        except ModuleNotFoundError:
            error = MISSING
        except Exception as problem:  # noqa: BLE001 - the library's errors have no common ancestor before it is imported
            error = f"{type(problem).__name__}: {problem}"
        took_ms = round((time.monotonic() - began) * 1000)
        return Answer(None, None, error, took_ms, is_final=is_final)

    async def aclose(self) -> None:
        """Close every producer."""
        kept, self._kept = self._kept, {}
        for each in kept.values():
            await _stop(each)

    async def _send(self, parcel: Parcel) -> None:
        cluster = msgspec.convert(parcel.attributes.get("kafka"), Cluster)
        await self._check(cluster.brokers)
        await self._close_idle()
        login = (parcel.tenant, msgspec.structs.replace(cluster, topic=""))
        kept = self._producer(login)
        kept.users += 1
        try:
            await self._started(kept)
            await self._check(_advertised(kept.producer))
            await kept.producer.send_and_wait(
                cluster.topic,
                value=parcel.body,
                key=None if parcel.key is None else parcel.key.encode(),
                headers=[(name, value.encode()) for name, value in parcel.headers.items()],
            )
        finally:
            kept.users -= 1
            kept.used = time.monotonic()
            if not kept.is_started and not kept.users:
                self._kept.pop(login, None)
                await _stop(kept)

    def _producer(self, login: tuple[int, Cluster]) -> _Kept:
        kept = self._kept.get(login)
        if kept is None:
            kept = self._kept[login] = _Kept(self._make(self._options(*login)))
        return kept

    async def _started(self, kept: _Kept) -> None:
        async with kept.starting:
            if not kept.is_started:
                await kept.producer.start()
                kept.is_started = True

    def _options(self, tenant: int, cluster: Cluster) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap_servers": list(cluster.brokers),
            "client_id": "gridloom",
            "acks": "all",
            "compression_type": cluster.compression,
            "security_protocol": cluster.security,
        }
        if cluster.security == "SASL_SSL":
            sealed = bytes.fromhex(cluster.password or "")
            options |= {
                "ssl_context": ssl.create_default_context(),
                "sasl_mechanism": cluster.mechanism,
                "sasl_plain_username": cluster.username,
                "sasl_plain_password": self._sealer.open(sealed, context=_context(tenant)),
            }
        return options

    async def _check(self, brokers: Sequence[str]) -> None:
        """Raise AddressRefused when one of them is at an address that may not be called."""
        if self._guard.allow_private:
            return
        now = time.monotonic()
        for broker in brokers:
            if self._checked.get(broker, 0.0) > now:
                continue
            host, _, port = broker.rpartition(":")
            found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), int(port))
            for address in {each[4][0] for each in found}:
                self._guard.check(str(address), host)
            if len(self._checked) >= _MOST * 10:
                self._checked.clear()
            self._checked[broker] = now + _CHECKED_S

    async def _close_idle(self) -> None:
        now = time.monotonic()
        free = [(key, each) for key, each in self._kept.items() if not each.users]
        free.sort(key=lambda found: found[1].used)
        surplus = max(0, len(self._kept) - _MOST + 1)
        for place, (key, each) in enumerate(free):
            if place < surplus or now - each.used > _IDLE_S:
                del self._kept[key]
                await _stop(each)


async def _stop(kept: _Kept) -> None:
    with suppress(Exception):
        async with asyncio.timeout(5):
            await kept.producer.stop()


def _advertised(producer: Any) -> list[str]:
    """The brokers that the cluster itself names, to which the record goes."""
    client = getattr(producer, "client", None)
    return [] if client is None else [f"{each.host}:{each.port}" for each in client.cluster.brokers()]


def _context(tenant: int) -> bytes:
    return f"webhooks-kafka:{tenant}".encode()
