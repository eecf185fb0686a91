"""Declared subscriptions: the current version, and what it calls its first one."""

from typing import Any

from gridloom.charging.notifications import subscribing
from gridloom.charging.notifications.schemas import (
    OldSubscription,
    OldSubscriptionWrite,
    Subscription,
    SubscriptionWrite,
)
from gridloom.charging.notifications.subscribing import S
from gridloom.charging.writing import ignored
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Owner, Resource
from gridloom.kernel.webhooks.tables import subscription

SCOPE = "charging.notifications"
TAGS = ("notifications",)
ROOT = "/public-api/notifications"
OWNER = Owner(S.realm, "operator_id")


def _names(suffix: str, updates: str) -> dict[Any, Named]:
    verbs = {"list": "Listing", "create": "Subscribe", "read": "Read", "update": updates, "delete": "Unsubscribe"}
    is_old = bool(suffix)
    return {verb: Named(f"notifications{word}{suffix}", deprecated=is_old) for verb, word in verbs.items()}


subscriptions = Resource(
    subscription,
    f"{ROOT}/v2.0",
    item="notification",
    shows=Subscription,
    creates=SubscriptionWrite,
    updates=SubscriptionWrite,
    update_method="PUT",
    scope=SCOPE,
    pages=Pages.CURSOR,
    owner=OWNER,
    where=subscribing.MINE,
    columns=subscribing.COLUMNS,
    writes={
        "id": ignored,
        "via": ignored,
        "notifications": subscribing.once,
        "webhook": subscribing.by_http,
        "kafka": subscribing.by_kafka,
    },
    on_write_with_call=subscribing.complete,
    on_delete=subscribing.before_it_goes,
    tags=TAGS,
    names=_names("", "Create"),
    documented={"create": (422,), "update": (422,)},
)

# Made by an action of its own: its answer has no envelope.
old_subscriptions = Resource(
    subscription,
    f"{ROOT}/v1.0",
    item="notification",
    shows=OldSubscription,
    creates=OldSubscriptionWrite,
    updates=OldSubscriptionWrite,
    verbs=("list", "read", "update", "delete"),
    update_method="PUT",
    scope=SCOPE,
    pages=Pages.NUMBER,
    owner=OWNER,
    where=subscribing.MINE & ~subscribing.IS_KAFKA,
    columns={"webhook_id": S.id, "notifications": S.events, "callback_url": S.url},
    writes={"notifications": subscribing.once, "callback_url": subscribing.to_url},
    on_write_with_call=subscribing.complete,
    on_delete=subscribing.before_it_goes,
    tags=TAGS,
    names=_names("Deprecated", "Update"),
    documented={"update": (422,)},
)
