"""Between `pricing` as it travels and the tariffs that the engine prices with, both ways; no I/O.

    tariff = tariff_of("flat rate", Pricing(price_per_session=Decimal(5)))
    wired(tariff).pricing == Pricing(price_per_session=Decimal(5))

What a type does not use is left out on the way in. What the engine needs and does not get, or cannot make sense of, is refused
with the wire path of the field.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import time
from decimal import Decimal
from typing import Any, TypeAlias, get_args

import msgspec
from msgspec import UNSET, Struct

from gridloom.charging.pricing.engine import public as engine
from gridloom.charging.tariffs import pricing_schemas as wire
from gridloom.charging.tariffs.pricing_schemas import Pricing
from gridloom.kernel.errors import FieldError, Invalid

Mistake: TypeAlias = tuple[str, str]
_KINDS: dict[str, Any] = {each.kind: each for each in get_args(engine.Tariff)}
_DAY = ("day_tariff_start", "night_tariff_start")
_WIRE_NAMES = {each.name: each.encode_name for each in msgspec.structs.fields(Pricing)}
_CLOCKS = frozenset((*_DAY, "duration_fee_from", "duration_fee_to", "idle_fee_period_start", "idle_fee_period_end"))
_WINDOWS = (("duration_fee_from", "duration_fee_to"), ("idle_fee_period_start", "idle_fee_period_end"))
_LEVELS: dict[str, tuple[Any, Any]] = {
    "multi_price_per_kwh": (engine.EnergyLevel, wire.EnergyLevel),
    "multi_price_per_duration": (engine.UnitLevel, wire.UnitLevel),
    "multi_idle_fee": (engine.UnitLevel, wire.UnitLevel),
    "average_power_levels": (engine.AveragePowerLevel, wire.AveragePowerLevel),
    "peak_power_levels": (engine.PeakPowerLevel, wire.PeakPowerLevel),
}
_COMPONENTS = ("connection_fee_periods", "energy_fee_periods", "duration_fee_periods", "idle_fee_periods")
_BESIDE = ("pre_authorize_amount", "tax_id", "state_of_charge_idle_threshold", "average_power_idle_threshold")
_BESIDE_OF: dict[str, tuple[str, ...]] = {
    "energy tou": ("fallback_electricity_rate_id", "subsidy_integration_id"),
    "optimised dynamic pricing": ("fallback_electricity_rate_id", "optimised_label"),
}
REQUIRED = "This field is required."
MIDNIGHT = 24 * 60


class Wired(Struct, frozen=True):
    """A tariff of the engine as it travels. Times of the day are None for types that do not have them."""

    type: str
    pricing: Pricing
    day_tariff_start: str | None = None
    night_tariff_start: str | None = None


def tariff_of(
    kind: str, pricing: Pricing, day_tariff_start: str | None = None, night_tariff_start: str | None = None
) -> engine.Tariff:
    """The tariff that prices sessions. Raises Invalid with everything that is wrong."""
    tariff, mistakes = _read(kind, pricing, {_DAY[0]: day_tariff_start, _DAY[1]: night_tariff_start})
    if mistakes or tariff is None:
        errors = [FieldError("body", _steps(path), message) for path, message in mistakes]
        raise Invalid(errors=errors)
    return tariff


def mistakes(
    kind: str, pricing: Pricing, day_tariff_start: str | None = None, night_tariff_start: str | None = None
) -> Iterator[Mistake]:
    """What keeps this from being a tariff: wire path with dots, and what is wrong."""
    yield from _read(kind, pricing, {_DAY[0]: day_tariff_start, _DAY[1]: night_tariff_start})[1]


def wired(tariff: engine.Tariff) -> Wired:
    """A tariff as it travels; what is not set is left out."""
    values: dict[str, Any] = {}
    for name in tariff.__struct_fields__:
        shown = _outward(name, getattr(tariff, name))
        if shown is not None:
            values[name] = shown
    starts = [values.pop(name, None) for name in _DAY]
    return Wired(tariff.kind, Pricing(**values), *starts)


def kept(
    kind: str, pricing: Pricing, day_tariff_start: str | None = None, night_tariff_start: str | None = None
) -> tuple[Wired, Mapping[str, Any]]:
    """What is stored: the checked form, and its pricing as JSON with what the type uses and nothing else."""
    tariff = tariff_of(kind, pricing, day_tariff_start, night_tariff_start)
    checked = wired(tariff)
    beside = (*_BESIDE, *_BESIDE_OF.get(kind, ()))
    for name in beside:
        setattr(checked.pricing, name, getattr(pricing, name))
    names = {_WIRE_NAMES[each] for each in (*tariff.__struct_fields__, *beside) if each not in _DAY}
    shown = as_json(checked.pricing)
    return checked, {name: value for name, value in shown.items() if name in names and value is not None}


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def as_json(value: Any) -> Any:
    """A struct as JSON has it. Decimals of up to fifteen digits become numbers that read back as the same decimals."""
    return msgspec.json.decode(_ENCODER.encode(value))


def from_json(stored: Mapping[str, Any]) -> Pricing:
    """Pricing as it was kept."""
    return msgspec.convert(stored, Pricing)


# --- from the wire ----------------------------------------------------------------------------------------------------


def _read(kind: str, pricing: Pricing, day: Mapping[str, str | None]) -> tuple[engine.Tariff | None, list[Mistake]]:
    shape = _KINDS[kind]
    wrong: list[Mistake] = []
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(shape):
        given: Any = day[field.name] if field.name in _DAY else getattr(pricing, field.name)
        if given is None or given is UNSET:
            if field.required:
                wrong.append((_path(field.name), REQUIRED))
            continue
        try:
            values[field.name] = _inward(field.name, given)
        except _WrongAt as error:
            wrong.append((".".join((_path(field.name), *error.path)), error.message))
    if shape is engine.EnergyTou:
        _take_default(pricing, values)
    wrong.extend(_missing(shape, pricing, values))
    if wrong:
        return None, wrong
    try:
        return shape(**values), []
    except ValueError as error:
        # The engine's refusals begin with the wire name of the field.
        return None, [(f"pricing.{str(error).partition(' ')[0]}", f"{error}.")]


class _WrongAt(ValueError):
    """A part of a field that makes no sense; it never leaves this module."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.path = [str(step) for step in path]


def _inward(name: str, given: Any) -> Any:
    read = _READERS.get(name)
    return given if read is None else read(given)


def _clock(text: str, *path: str | int) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise _WrongAt("Expected a time of the day.", *path) from None


def _end(text: str, *path: str | int) -> time:
    return time(0) if text == "24:00" else _clock(text, *path)


def _copied(shape: Any, source: Any) -> Any:
    given = {name: getattr(source, name) for name in shape.__struct_fields__}
    return shape(**{name: value for name, value in given.items() if value is not UNSET})


def _fees(given: wire.PricePeriods) -> engine.PricePeriods:
    found: dict[str, tuple[Decimal, ...]] = {}
    for name in _COMPONENTS:
        component = getattr(given, name)
        if component is not UNSET and component.fee is not UNSET:
            found[name] = tuple(component.fee)
    return engine.PricePeriods(**found)


def _days(index: int, given: wire.DaysWhenApplied) -> engine.DaysWhenApplied:
    if given.price_periods is UNSET:
        raise _WrongAt(REQUIRED, index, "pricePeriods")
    values = {name: getattr(given, name) for name in engine.DaysWhenApplied.__struct_fields__}
    values |= {"price_periods": _fees(given.price_periods)}
    if given.special_dates is not UNSET:
        values["special_dates"] = tuple(given.special_dates)
    return engine.DaysWhenApplied(**{name: value for name, value in values.items() if value is not UNSET})


def _intervals(given: wire.FlexibleMarkUp) -> tuple[engine.MarkUpInterval, ...]:
    found: list[engine.MarkUpInterval] = []
    taken: list[tuple[int, int]] = []
    for i, each in enumerate(() if given.interval_pricing is UNSET else given.interval_pricing):
        start = _clock(each.starts_at, "intervalPricing", i, "startsAt")
        end = _end(each.ends_at, "intervalPricing", i, "endsAt")
        for piece in _pieces(start, end):
            if any(piece[0] < last and first < piece[1] for first, last in taken):
                raise _WrongAt("This overlaps with an interval before it.", "intervalPricing", i)
            taken.append(piece)
        found.append(engine.MarkUpInterval(starts_at=start, ends_at=end, price=each.price))
    return tuple(found)


def _pieces(start: time, end: time) -> list[tuple[int, int]]:
    """Minutes of the day, in two pieces where the interval runs over midnight; equal ends are the whole day."""
    first, last = start.hour * 60 + start.minute, end.hour * 60 + end.minute or MIDNIGHT
    return [(first, last)] if first < last else [(first, MIDNIGHT), (0, last)]


def _take_default(pricing: Pricing, values: dict[str, Any]) -> None:
    flexible = pricing.flexible_mark_up_as_fixed_per_kwh
    if isinstance(flexible, wire.FlexibleMarkUp) and flexible.default_price is not UNSET:
        values["markup_fixed_fee_per_kwh"] = flexible.default_price


def _missing(shape: Any, pricing: Pricing, values: Mapping[str, Any]) -> Iterator[Mistake]:
    """What the contract asks of a type beyond the engine, which prices what there is."""
    for pair in _WINDOWS:
        for name, other in (pair, pair[::-1]):
            if other in values and name not in values and getattr(pricing, name) in (None, UNSET):
                yield _path(name), "A window needs both of its ends."
    if shape is engine.FlatRate and "price_per_session" not in values:
        yield _path("price_per_session"), REQUIRED
    if shape is engine.DurationEnergyTimeOfDay and _DAY[0] in values and values[_DAY[0]] == values.get(_DAY[1]):
        yield _path(_DAY[1]), "Day and night need different beginnings."
    if (
        shape is engine.EnergyTou
        and not values.get("charge_point_electricity_rate")
        and pricing.fallback_electricity_rate_id in (None, UNSET)
    ):
        yield _path("fallback_electricity_rate_id"), "Needed unless the rate of the charge point is used."
    if shape is engine.Standard and not any(values.get(name) for name in list(_LEVELS)[:3]):
        yield _path("multi_price_per_kwh"), "Levels of energy, of time or of idle time are needed."
    for name in ("average_power_levels", "peak_power_levels"):
        if name in values and len(values[name]) < 2:
            yield _path(name), "At least two levels are needed."


def _path(name: str) -> str:
    return {_DAY[0]: "dayTariffStart", _DAY[1]: "nightTariffStart"}.get(name) or f"pricing.{_WIRE_NAMES[name]}"


def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in path.split("."))


def _periods(given: Sequence[wire.TimePeriod]) -> tuple[engine.TimePeriod, ...]:
    return tuple(
        engine.TimePeriod(
            start_time=_clock(each.start_time, i, "startTime"), end_time=_end(each.end_time, i, "endTime")
        )
        for i, each in enumerate(given)
    )


# --- to the wire ------------------------------------------------------------------------------------------------------


def _outward(name: str, value: Any) -> Any:
    """The wire form of one field; None where it is not set."""
    if value is None or value in ((), engine.PricePeriods()):
        return None
    show = _WRITERS.get(name)
    return value if show is None else show(value)


def _text(value: time) -> str:
    return value.strftime("%H:%M:%S" if value.second else "%H:%M")


def _fees_shown(value: engine.PricePeriods) -> wire.PricePeriods:
    shown = {name: wire.Fees(fee=list(fees)) for name in _COMPONENTS if (fees := getattr(value, name))}
    return wire.PricePeriods(**shown)


def _days_shown(value: engine.DaysWhenApplied) -> wire.DaysWhenApplied:
    given = {name: getattr(value, name) for name in value.__struct_fields__}
    given |= {
        "special_dates": list(value.special_dates),
        "price_periods": _fees_shown(value.price_periods),
        "name": value.name or UNSET,
    }
    return wire.DaysWhenApplied(**{name: each for name, each in given.items() if each is not None})


def _intervals_shown(value: Sequence[engine.MarkUpInterval]) -> wire.FlexibleMarkUp:
    shown = [
        wire.MarkUpInterval(starts_at=_text(each.starts_at), ends_at=_text(each.ends_at), price=each.price)
        for each in value
    ]
    return wire.FlexibleMarkUp(interval_pricing=shown)


def _periods_shown(value: Sequence[engine.TimePeriod]) -> list[wire.TimePeriod]:
    return [wire.TimePeriod(start_time=_text(each.start_time), end_time=_text(each.end_time)) for each in value]


def _all(shape: Any, into: type[list[Any]] | type[tuple[Any, ...]]) -> Callable[[Any], Any]:
    return lambda given: into(_copied(shape, each) for each in given)


_READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_CLOCKS, _clock),
    **{name: _all(shape, tuple) for name, (shape, _) in _LEVELS.items()},
    "regular_use_period": int,
    "flexible_mark_up_as_fixed_per_kwh": _intervals,
    "time_periods": _periods,
    "price_periods": _fees,
    "days_when_applied": lambda given: tuple(_days(i, each) for i, each in enumerate(given)),
}
_WRITERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_CLOCKS, _text),
    **{name: _all(shape, list) for name, (_, shape) in _LEVELS.items()},
    "regular_use_period": Decimal,
    "flexible_mark_up_as_fixed_per_kwh": _intervals_shown,
    "time_periods": _periods_shown,
    "price_periods": _fees_shown,
    "days_when_applied": lambda value: [_days_shown(each) for each in value],
}
