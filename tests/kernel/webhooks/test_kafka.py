"""Messages into a topic: what is sent, over which connections, and what goes wrong; against a cluster where there is one."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from gridloom.kernel.security.outbound import AddressRefused, Guard
from gridloom.kernel.security.sealing import Sealer
from gridloom.kernel.webhooks import kafka
from gridloom.kernel.webhooks.kafka import Cluster, Kafka, seal_password
from gridloom.kernel.webhooks.post import Parcel

SEALER = Sealer(bytes(range(32)))
PLAIN = {"topic": "news", "brokers": ["127.0.0.1:9092"]}
HEADERS = {"X-Signature": "abc", "X-Tenant": "grid"}


@dataclass
class Recorded:
    """A producer that keeps what it is told, and behaves as it is asked to."""

    options: Mapping[str, Any]
    brokers: Sequence[str] = ()
    starts: int = 0
    stops: int = 0
    sent: list[tuple[str, bytes, bytes | None, list[tuple[str, bytes]]]] = field(default_factory=list)
    fails: Exception | None = None
    hangs: bool = False

    @property
    def client(self) -> Any:
        found = [SimpleNamespace(host=each.rpartition(":")[0], port=each.rpartition(":")[2]) for each in self.brokers]
        return SimpleNamespace(cluster=SimpleNamespace(brokers=lambda: found))

    async def start(self) -> None:
        self.starts += 1
        if self.fails is not None:
            raise self.fails
        if self.hangs:
            await asyncio.sleep(60)

    async def stop(self) -> None:
        self.stops += 1

    async def send_and_wait(
        self, topic: str, *, value: bytes, key: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> Any:
        self.sent.append((topic, value, key, list(headers)))


class Making:
    """Makes producers and remembers them."""

    def __init__(self, **behaviour: Any) -> None:
        self.behaviour = behaviour
        self.made: list[Recorded] = []

    def __call__(self, options: Mapping[str, Any]) -> Recorded:
        self.made.append(Recorded(options, **self.behaviour))
        return self.made[-1]


def parcel(tenant: int = 1, key: str | None = "5", **cluster: Any) -> Parcel:
    return Parcel(tenant, "kafka://…", HEADERS, b'{"n":1}', key, {"kafka": {**PLAIN, **cluster}})


async def test_a_message_is_a_record_with_its_key_and_headers() -> None:
    making = Making()
    transport = Kafka(SEALER, allow_private=True, make=making)
    answer = await transport.carry(parcel(), timeout_s=1)
    assert (answer.is_success, answer.code, answer.error) == (True, None, None)
    (producer,) = making.made
    assert producer.sent == [("news", b'{"n":1}', b"5", [("X-Signature", b"abc"), ("X-Tenant", b"grid")])]
    assert producer.options == {
        "bootstrap_servers": ["127.0.0.1:9092"], "client_id": "gridloom", "acks": "all", "compression_type": "gzip",
        "security_protocol": "PLAINTEXT",
    }  # fmt: skip
    await transport.carry(parcel(key=None, compression=None), timeout_s=1)
    assert making.made[1].sent[0][2] is None
    assert making.made[1].options["compression_type"] is None


async def test_a_login_opens_its_sealed_password_for_its_own_tenant_only() -> None:
    making = Making()
    transport = Kafka(SEALER, allow_private=True, make=making)
    sealed = seal_password(SEALER, 1, "hunter2")
    login = {"security": "SASL_SSL", "mechanism": "SCRAM-SHA-256", "username": "me", "password": sealed}
    assert (await transport.carry(parcel(**login), timeout_s=1)).is_success
    options = making.made[0].options
    assert (options["sasl_mechanism"], options["sasl_plain_username"]) == ("SCRAM-SHA-256", "me")
    assert options["sasl_plain_password"] == "hunter2"
    assert options["ssl_context"].verify_mode.name == "CERT_REQUIRED"
    stolen = await transport.carry(parcel(2, **login), timeout_s=1)
    assert (stolen.is_success, stolen.is_final) == (False, True)
    assert len(making.made) == 1


async def test_topics_of_one_cluster_and_login_share_a_connection_and_tenants_do_not() -> None:
    making = Making()
    transport = Kafka(SEALER, allow_private=True, make=making)
    await asyncio.gather(*[transport.carry(parcel(topic=f"t{n}"), timeout_s=1) for n in range(5)])
    await transport.carry(parcel(2), timeout_s=1)
    assert [(each.starts, len(each.sent)) for each in making.made] == [(1, 5), (1, 1)]
    await transport.aclose()
    assert [each.stops for each in making.made] == [1, 1]


async def test_a_connection_that_nobody_uses_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    making = Making()
    transport = Kafka(SEALER, allow_private=True, make=making)
    await transport.carry(parcel(1), timeout_s=1)
    monkeypatch.setattr(kafka, "_IDLE_S", -1.0)
    await transport.carry(parcel(2), timeout_s=1)
    assert [each.stops for each in making.made] == [1, 0]
    monkeypatch.setattr(kafka, "_IDLE_S", 300.0)
    monkeypatch.setattr(kafka, "_MOST", 1)
    await transport.carry(parcel(3), timeout_s=1)
    assert [each.stops for each in making.made] == [1, 1, 0]


async def test_a_cluster_that_cannot_be_reached_is_tried_anew_the_next_time() -> None:
    making = Making(fails=ConnectionError("no route"))
    transport = Kafka(SEALER, allow_private=True, make=making)
    answer = await transport.carry(parcel(), timeout_s=1)
    assert (answer.error, answer.is_final) == ("ConnectionError: no route", False)
    assert (await transport.carry(parcel(), timeout_s=1)).error == "ConnectionError: no route"
    assert [(each.starts, each.stops) for each in making.made] == [(1, 1), (1, 1)]


async def test_a_cluster_that_does_not_answer_is_given_up_in_time() -> None:
    making = Making(hangs=True)
    answer = await Kafka(SEALER, allow_private=True, make=making).carry(parcel(), timeout_s=0.05)
    assert answer.error == "no acknowledgement within 0.05 s"
    assert making.made[0].stops == 1


@pytest.mark.parametrize(
    ("brokers", "advertised"),
    [(["127.0.0.1:9092"], []), (["10.0.0.1:9092"], []), (["8.8.8.8:9092"], ["192.168.1.5:9092"])],
)
async def test_private_addresses_are_refused_also_when_the_cluster_names_them(
    brokers: list[str], advertised: list[str]
) -> None:
    making = Making(brokers=advertised)
    answer = await Kafka(SEALER, make=making).carry(parcel(brokers=brokers), timeout_s=1)
    assert (answer.is_success, answer.is_final) == (False, True)
    assert "private" in (answer.error or "") or "loopback" in (answer.error or "")
    assert [each.sent for each in making.made] == [[] for _ in making.made]
    with pytest.raises(AddressRefused):
        Guard().check("192.168.1.5", "x")


async def test_without_the_library_the_message_waits_and_says_why() -> None:
    def missing(_: Mapping[str, Any]) -> Recorded:
        raise ModuleNotFoundError("No module named 'aiokafka'")

    answer = await Kafka(SEALER, allow_private=True, make=missing).carry(parcel(), timeout_s=1)
    assert (answer.error, answer.is_final) == ("Kafka is not available here: install gridloom[kafka]", False)


async def test_a_subscription_without_a_cluster_is_given_up() -> None:
    answer = await Kafka(SEALER, make=Making()).carry(Parcel(1, "kafka://x/y", {}, b"", None, {}), timeout_s=1)
    assert (answer.is_success, answer.is_final) == (False, True)


def _mock_cluster() -> tuple[Any, str]:
    """A cluster that speaks the protocol on a real port, where librdkafka is there to simulate one."""
    pytest.importorskip("aiokafka")
    rdkafka = pytest.importorskip("confluent_kafka")
    cluster = rdkafka.Producer({"bootstrap.servers": "simulated", "test.mock.num.brokers": 1})
    broker = next(iter(cluster.list_topics(timeout=5).brokers.values()))
    return cluster, f"{broker.host}:{broker.port}"


@pytest.mark.parametrize("compression", [None, "gzip", "snappy", "lz4"])
async def test_a_real_producer_hands_a_record_to_a_cluster(compression: Any) -> None:
    cluster, address = _mock_cluster()
    rdkafka = pytest.importorskip("confluent_kafka")
    topic = f"news-{uuid4().hex[:8]}"
    cluster.list_topics(topic, timeout=5)  # makes it
    transport = Kafka(SEALER, allow_private=True)
    given = parcel(topic=topic, brokers=[address], compression=compression)
    answer = await transport.carry(given, timeout_s=10)
    await transport.aclose()
    assert answer.error is None
    consumer = rdkafka.Consumer({"bootstrap.servers": address, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.assign([rdkafka.TopicPartition(topic, each, 0) for each in range(4)])
    found = await asyncio.to_thread(consumer.poll, 10.0)
    consumer.close()
    assert (json.loads(found.value()), found.key()) == ({"n": 1}, b"5")
    assert found.headers() == [("X-Signature", b"abc"), ("X-Tenant", b"grid")]


def test_what_is_left_out_of_a_cluster_is_the_usual() -> None:
    assert Cluster("t", ("a:1",)) == Cluster("t", ("a:1",), "gzip", "PLAINTEXT", "PLAIN", None, None)
