"""Portals for the rest of the API."""

from gridloom.portal.configuration.presenting import organisation_id
from gridloom.portal.configuration.store import Place, at_domain, by_id, with_id
from gridloom.portal.configuration.tables import portal

__all__ = ["Place", "at_domain", "by_id", "organisation_id", "portal", "with_id"]
