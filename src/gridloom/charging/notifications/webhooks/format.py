"""The form in which this API tells its subscribers: headers, signature, schedule of attempts."""

from gridloom.charging.notifications.subscribing import FORMAT
from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.webhooks import Format, HmacSigner, registry

# After a minute, five, half an hour, two hours and half a day; then the message is given up, and can be sent again on demand.
RETRY = Backoff((60.0, 300.0, 1_800.0, 7_200.0, 43_200.0), jitter=False)

charging = registry.add(
    Format(
        FORMAT,
        HmacSigner(
            signature="X-Signature",
            timestamp="X-Timestamp",
            tenant="X-Tenant",
            subscription="X-Webhook-Id",
            event="X-Webhook-Type",
        ),
        retry=RETRY,
    )
)
