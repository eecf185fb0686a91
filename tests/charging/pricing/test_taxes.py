"""Taxes."""

from gridloom.charging.pricing.resources import taxes
from tests.suites.resource import ResourceSuite


class TestTaxes(ResourceSuite):
    resource = taxes
    good = {"name": "VAT", "percentage": 21.5, "displayName": [{"locale": "en", "translation": "VAT"}]}
    changed = {"percentage": 6}
    bad = {
        "percentage": (-1, 100.5, "many", None, 1e300, 20.123456),
        "displayName": ("VAT", [{"locale": 5}]),
        "name": ("", 5, None, "x" * 300, "a\x00b"),
    }
