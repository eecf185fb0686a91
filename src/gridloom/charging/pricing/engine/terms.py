"""What a price depends on besides the session and its tariff: currency, tax, rates, switches of the system."""

from decimal import Decimal

from msgspec import Struct

from gridloom.charging.pricing.engine.rates import Rate
from gridloom.kernel.money import UNIT_PRICE_DIGITS


class NoRate(ValueError):
    """A tariff that follows an electricity rate, and no rate to follow."""


class Terms(Struct, frozen=True, kw_only=True):
    """The circumstances of one session.

    digits: of totals, None for those of the currency. unit_price_digits: of lines and unit prices. tax_percentage: None where
    there is no tax. prices_include_tax: whether the tariff's prices contain it. duration_fee_while_idle: levels and slots of
    `standard` and `standard_tod` go on counting time while the car is idle. allowance_wh: energy that is free, used up from
    the start. charge_point_rate, fallback_rate: what electricity costs, for the kinds that follow it.
    """

    currency: str
    digits: int | None = None
    unit_price_digits: int = UNIT_PRICE_DIGITS
    tax_percentage: Decimal | None = None
    prices_include_tax: bool = True
    duration_fee_while_idle: bool = False
    allowance_wh: Decimal = Decimal(0)
    charge_point_rate: Rate | None = None
    fallback_rate: Rate | None = None

    def rate(self, *, of_charge_point: bool) -> Rate:
        """The rate to follow; NoRate when there is none."""
        rate = self.charge_point_rate if of_charge_point else None
        if (rate := rate or self.fallback_rate) is None:
            raise NoRate("the tariff follows an electricity rate, and neither charge point nor tariff has one")
        return rate
