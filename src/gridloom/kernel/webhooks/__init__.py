"""Telling partners over HTTP what happened, in the form that each API promised them."""

from gridloom.kernel.webhooks.formats import Format, Message, registry
from gridloom.kernel.webhooks.publish import is_wanted, tell
from gridloom.kernel.webhooks.signing import HmacSigner, Outgoing, Signer, StandardSigner

__all__ = ["Format", "HmacSigner", "Message", "Outgoing", "Signer", "StandardSigner", "is_wanted", "registry", "tell"]
