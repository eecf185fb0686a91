"""What travels about subscriptions: who is told what, and where."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Mistakes, Wire

Name = Literal[
    "AuthorizationNotification",
    "authorization.changed",
    "BootNotification",
    "ChargePointChangedNotification",
    "chargePoint.changed",
    "evse.changed",
    "ChargePointSyncConfigurationNotification",
    "CircuitConsumptionNotification",
    "circuit.changed",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "HardwareStatusNotification",
    "LocationChangedNotification",
    "NetworkStatusNotification",
    "SecurityEventNotification",
    "SessionMeterValuesNotification",
    "SessionStartStopNotification",
    "session.start.stop.notification",
    "SessionUpdateNotification",
    "session.chargingPeriod.changed",
    "UserChangedNotification",
    "SubOperatorChangedNotification",
    "TariffChangedNotification",
    "user.subscriptionChanged",
    "user.subscription.changed",
    "ReservationChangedNotification",
    "PaymentMethodChangedNotification",
    "PartnerInviteChangedNotification",
    "reservation.changed",
    "user.paymentMethod.changed",
    "userBalance.changed",
    "partnerInvite.changed",
    "roamingPlatform.changed",
    "parkingSpace.occupancyStatus.changed",
    "partner.changed",
    "transaction.changed",
    "settlementReport.created",
    "idTag.changed",
    "issue.changed",
    "chargePoint.dataTransferReceived",
    "subscriptionPlan.changed",
    "user.invoiceDetails.changed",
    "cdr.received",
    "chargingProfile.applied",
    "installerJob.changed",
    "corporateBilling.limitReached",
]
Names = Annotated[list[Name], Meta(description="What is told.")]
Url = Annotated[
    str,
    Meta(
        max_length=500,
        description="Where messages are posted to. Only public addresses.",
        extra_json_schema={"format": "uri"},
    ),
]
Broker = Annotated[
    str, Meta(max_length=300, pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$", description="host:port")
]
Topic = Annotated[str, Meta(min_length=1, max_length=249, pattern=r"^[A-Za-z0-9._-]+$")]
Compression = Literal["none", "gzip", "snappy", "lz4"]
Security = Literal["PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
Login = Annotated[str, Meta(max_length=500)]


class Webhook(Wire):
    """Messages by HTTP."""

    callback_url: Url


class Kafka(Wire, kw_only=True):
    """Messages into a topic. The password is never shown; left out of an update it stays while the user name does."""

    topic: Topic
    brokers: Annotated[list[Broker], Meta(max_length=20)]
    compression_codec: Compression = "gzip"
    security_protocol: Security = "PLAINTEXT"
    sasl_mechanism: Mechanism | None = "PLAIN"
    sasl_username: Login | UnsetType | None = UNSET
    sasl_password: Login | UnsetType | None = UNSET

    def mistakes(self) -> Mistakes:
        """A cluster has brokers, and a login when it asks for one."""
        if not self.brokers:
            yield "brokers", "There must be at least one."
        if self.security_protocol == "SASL_SSL" and not self.sasl_username:
            yield "saslUsername", "Needed with SASL_SSL."


class Subscription(Wire, kw_only=True):
    """Who is told what, and by which way."""

    id: int
    via: Literal["webhook", "kafka"]
    notifications: Names
    webhook: Webhook | UnsetType = UNSET
    kafka: Kafka | UnsetType = UNSET


class SubscriptionWrite(Wire, kw_only=True):
    """A subscription as a whole. Messages are signed with the token of the request that made it."""

    id: int | UnsetType = UNSET
    via: Literal["webhook", "kafka"]
    notifications: Names
    webhook: Webhook | UnsetType = UNSET
    kafka: Kafka | UnsetType = UNSET

    def mistakes(self) -> Mistakes:
        """What belongs to the way that is chosen is there, and nothing of the other."""
        for name, said in (("webhook", self.webhook), ("kafka", self.kafka)):
            if name == self.via and said is UNSET:
                yield name, "This field is required."
            if name != self.via and said is not UNSET:
                yield name, f"Only with via {name}."


class OldSubscription(Wire):
    """A webhook, as the first version has it."""

    webhook_id: int
    notifications: Names
    callback_url: Url


class OldSubscriptionWrite(Wire):
    """A webhook as a whole."""

    notifications: Names
    callback_url: Url


class Resend(Wire, kw_only=True):
    """Which of the messages that were given up are sent once more: by what they tell, and by when they were made."""

    notifications: Names
    start_time: Annotated[datetime, Meta(description="From then on. Without an offset: UTC.")] | UnsetType = UNSET
    end_time: Annotated[datetime, Meta(description="Up to then.")] | UnsetType = UNSET
