"""What electricity costs at which local time: a price list by date, by day of the week, and a price for the rest."""

from datetime import date, datetime, time
from decimal import Decimal

from msgspec import Struct

from gridloom.charging.pricing.engine.calendar import MIDNIGHT, Calendar, within

ANY_DAY = 0
"""The key of a list that holds on every day of the week."""


class RatePeriod(Struct, frozen=True, kw_only=True):
    """A price per kWh from a local time up to, and without, another; an end of 00:00 is midnight."""

    starts_at: time
    ends_at: time
    price: Decimal

    def covers(self, at: time) -> bool:
        """Whether a local time lies inside."""
        return within(at, self.starts_at, self.ends_at)


class Rate(Struct, frozen=True, kw_only=True):
    """An electricity rate. week_days: 1 = Monday to 7 = Sunday, or ANY_DAY; dates: local days with a list of their own."""

    default_price: Decimal
    week_days: dict[int, tuple[RatePeriod, ...]] = {}
    dates: dict[date, tuple[RatePeriod, ...]] = {}

    def price_at(self, local: datetime, calendar: Calendar) -> Decimal:
        """The list of the date first, then that of the day of the week, then the price for the rest."""
        day, at = local.date(), local.time()
        week_day = calendar.week_day(day)
        for periods in (self.dates.get(day, ()), self.week_days.get(week_day, self.week_days.get(ANY_DAY, ()))):
            for period in periods:
                if period.covers(at):
                    return period.price
        return self.default_price

    def borders(self) -> set[time]:
        """The local times at which the price may change."""
        lists = (*self.week_days.values(), *self.dates.values())
        times = {at for periods in lists for period in periods for at in (period.starts_at, period.ends_at)}
        return times | {MIDNIGHT} if times else times
