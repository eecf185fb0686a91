"""What other parts of the charging API may use of sites."""

from gridloom.charging.sites.partners import location_partners
from gridloom.charging.sites.rules import touch

__all__ = ["location_partners", "touch"]
