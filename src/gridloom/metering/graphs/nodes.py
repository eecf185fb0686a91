"""The functions a node can have: `signals`, `estimation`, `post_estimation`.

A function says what its parameters are, which series it needs, what it takes from the nodes before it and gives to
those behind it, and computes. Computing is pure: the series it needs are read before, and what `signals` propagates is
written afterwards, so that a run can be repeated, moved to another machine or given up at any point.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from gridloom.metering.graphs import estimation, profiles
from gridloom.metering.graphs.data import (
    KNOWN_ORIGINS,
    MINUTE_MS,
    Estimate,
    Output,
    PlaceSignal,
    Request,
    SensorSignal,
    Signal,
    Times,
    Values,
    Window,
)
from gridloom.metering.graphs.profiles import Plant, Profile
from gridloom.metering.weather.public import (
    DIFFUSE_IRRADIANCE,
    DIRECT_IRRADIANCE,
    GLOBAL_IRRADIANCE,
    WIND_SPEED,
)

Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Minutes = Annotated[int, Meta(ge=1, le=1440)]
Have = Mapping[Request, Signal]

_PARTS = {GLOBAL_IRRADIANCE.moid: "global", DIRECT_IRRADIANCE.moid: "direct", DIFFUSE_IRRADIANCE.moid: "diffuse"}
_WEATHER_MINUTES = 60


class SignalsParameters(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """read: give a sensor's signal to the nodes behind. propagate: write what comes in, with origin 4 (estimated).

    When propagating, what is not given is that of the signal that comes in.
    """

    mode: Literal["read", "propagate"] = "propagate"
    client_cid: Number | None = None
    sensor_mid: Number | None = None
    signal_type_moid: Number | None = None

    def __post_init__(self) -> None:
        """Refuse to read from nowhere."""
        if self.mode == "read" and None in (self.client_cid, self.sensor_mid, self.signal_type_moid):
            raise ValueError("mode read needs client_cid, sensor_mid and signal_type_moid")

    @property
    def signal(self) -> SensorSignal:
        """The signal that mode read gives."""
        return SensorSignal(self.client_cid or 0, self.sensor_mid or 0, self.signal_type_moid or 0)

    def target(self, source: SensorSignal) -> SensorSignal:
        """The signal that mode propagate writes, when this one comes in."""
        return SensorSignal(
            source.client_cid if self.client_cid is None else self.client_cid,
            source.sensor_mid if self.sensor_mid is None else self.sensor_mid,
            source.moid if self.signal_type_moid is None else self.signal_type_moid,
        )


class EstimationParameters(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The signal whose gaps are filled, and where its shape comes from.

    The first of these that is there: `params` (a plant, and the weather at lat, lon), the signal that comes in along an
    edge, `profile_signal_moid`, the sum of the zone signals, nothing (flat).

    freq_minutes: step of the estimate. contractor_id: client of the profile and zone signals, the sensor's own when
    not given; profile_sensor_mid: their sensor, likewise. zone_signals_freq_minutes: moid -> minutes for which a value
    of it holds; with a plant these are weather signals at the position, and the usual ones when not given.
    """

    client_cid: Number
    sensor_mid: Number
    signal_type_moid: Number
    freq_minutes: Minutes = 15
    contractor_id: Number | None = None
    profile_sensor_mid: Number | None = None
    profile_signal_moid: Number | None = None
    profile_signal_freq_minutes: Minutes = 15
    zone_signals_freq_minutes: Annotated[dict[Number, Minutes], Meta(max_length=16)] = {}
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    params: Plant | None = None

    def __post_init__(self) -> None:
        """Refuse a plant without a place."""
        if self.params is not None and (self.lat is None or self.lon is None):
            raise ValueError("a plant needs lat and lon")

    @property
    def signal(self) -> SensorSignal:
        """The signal whose gaps are filled."""
        return SensorSignal(self.client_cid, self.sensor_mid, self.signal_type_moid)

    def beside(self, moid: int) -> SensorSignal:
        """A signal of the sensor that profiles come from."""
        client = self.client_cid if self.contractor_id is None else self.contractor_id
        return SensorSignal(
            client, self.sensor_mid if self.profile_sensor_mid is None else self.profile_sensor_mid, moid
        )


class PostEstimationParameters(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """By how much a plant's profile may miss the readings before the estimate is marked uncertain."""

    signal_discrepancy_tolerance_kWh: Annotated[float, Meta(ge=0, le=1e12)] = 1.0  # noqa: N815 - the name clients send


Give = Literal["signal", "estimate", "nothing"]


class Function(NamedTuple):
    """One function of the registry.

    gives: what it hands on, by its parameters. takes: what it accepts from before it, and how many of these at least
    and at most. needs: the series it asks for, given those it has already (called until it asks for nothing new).
    """

    name: str
    parameters: type[Struct]
    gives: Callable[[Any], Give]
    takes: Callable[[Any], tuple[frozenset[Give], int, int]]
    needs: Callable[[Any, Window, Have], Sequence[Request]]
    compute: Callable[[Any, Window, Have, Sequence[Output]], Output]


def _signals_takes(p: SignalsParameters) -> tuple[frozenset[Give], int, int]:
    return (frozenset[Give](), 0, 0) if p.mode == "read" else (frozenset[Give](("signal", "estimate")), 1, 1)


def _signals_request(p: SignalsParameters, window: Window) -> Request:
    return Request(p.signal, window.since, window.till)


def _signals_needs(p: SignalsParameters, window: Window, _have: Have) -> Sequence[Request]:
    return [_signals_request(p, window)] if p.mode == "read" else []


def _signals_compute(p: SignalsParameters, window: Window, have: Have, before: Sequence[Output]) -> Output:
    return have[_signals_request(p, window)] if p.mode == "read" else before[0]


def _readings(p: EstimationParameters, window: Window) -> Request:
    return Request(p.signal, window.since, window.till, KNOWN_ORIGINS, around=True)


def _shapes(p: EstimationParameters, reach: Window) -> list[Request]:
    """The series a shape is made of, over everything the gaps reach to."""
    if p.params is not None and p.lat is not None and p.lon is not None:
        usual = tuple(_PARTS) if p.params.is_pv else (WIND_SPEED.moid,)
        return [
            Request(PlaceSignal(p.lat, p.lon, moid), reach.since - _hold(p, moid), reach.till)
            for moid in (p.zone_signals_freq_minutes or usual)
            if moid in usual
        ]
    if p.profile_signal_moid is not None:
        hold = p.profile_signal_freq_minutes * MINUTE_MS
        return [Request(p.beside(p.profile_signal_moid), reach.since - hold, reach.till)]
    return [
        Request(p.beside(moid), reach.since - minutes * MINUTE_MS, reach.till)
        for moid, minutes in p.zone_signals_freq_minutes.items()
    ]


def _hold(p: EstimationParameters, moid: int) -> int:
    """Milliseconds for which a value of a zone signal holds."""
    return p.zone_signals_freq_minutes.get(moid, _WEATHER_MINUTES) * MINUTE_MS


def _reach(p: EstimationParameters, window: Window, known: Signal) -> Window:
    return estimation.reach(estimation.stretches(known, window, p.freq_minutes * MINUTE_MS), window)


def _estimation_needs(p: EstimationParameters, window: Window, have: Have) -> Sequence[Request]:
    readings = _readings(p, window)
    if readings not in have:
        return [readings]
    return _shapes(p, _reach(p, window, have[readings]))


def _estimation_compute(p: EstimationParameters, window: Window, have: Have, before: Sequence[Output]) -> Output:
    known = have[_readings(p, window)]
    series = {r.source.moid: have[r] for r in _shapes(p, _reach(p, window, known))}
    incoming = before[0] if before and isinstance(before[0], Signal) else None

    def profile_of(edges: Times) -> Profile:
        profile = _profile(p, series, incoming, edges)
        # A plant's yield is in kWh, the signal counts what its meter counts.
        return profile._replace(values=profile.values / known.worth) if profile.absolute else profile

    gaps = estimation.estimate(known, window, p.freq_minutes * MINUTE_MS, profile_of)
    return Estimate(p.signal, known.unit, window, gaps, known.worth)


def _profile(p: EstimationParameters, series: Mapping[int, Signal], incoming: Signal | None, edges: Times) -> Profile:
    if p.params is not None and p.lat is not None and p.lon is not None:
        weather = {moid: _means(signal, _hold(p, moid), edges) for moid, signal in series.items()}
        if p.params.is_pv:
            parts = {_PARTS[moid]: means for moid, means in weather.items()}
            return profiles.photovoltaic(p.params, p.lat, p.lon, parts, edges)
        speeds = weather.get(WIND_SPEED.moid)
        return profiles.flat(edges) if speeds is None else profiles.wind(p.params, speeds, edges)
    hold = p.profile_signal_freq_minutes * MINUTE_MS
    if incoming is not None:
        return profiles.of_signal(_means(incoming, hold, edges), edges)
    if p.profile_signal_moid is not None:
        return profiles.of_signal(_means(series[p.profile_signal_moid], hold, edges), edges)
    if not series:
        return profiles.flat(edges)
    zone = [_means(signal, _hold(p, moid), edges) for moid, signal in series.items()]
    return profiles.of_signal(sum(zone[1:], start=zone[0]), edges)


def _means(signal: Signal, hold_ms: int, edges: Times) -> Values:
    course = profiles.of_register if signal.kind == "register" else profiles.held
    return course(signal.times, signal.values, hold_ms, edges)


def _post_compute(p: PostEstimationParameters, _window: Window, _have: Have, before: Sequence[Output]) -> Output:
    made = before[0]
    if not isinstance(made, Estimate):
        raise TypeError("post_estimation takes an estimate")
    return estimation.settle(made, p.signal_discrepancy_tolerance_kWh)


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        each.name: each
        for each in (
            Function(
                "signals",
                SignalsParameters,
                gives=lambda p: "signal" if p.mode == "read" else "nothing",
                takes=_signals_takes,
                needs=_signals_needs,
                compute=_signals_compute,
            ),
            Function(
                "estimation",
                EstimationParameters,
                gives=lambda _: "estimate",
                takes=lambda _: (frozenset[Give](("signal",)), 0, 1),
                needs=_estimation_needs,
                compute=_estimation_compute,
            ),
            Function(
                "post_estimation",
                PostEstimationParameters,
                gives=lambda _: "estimate",
                takes=lambda _: (frozenset[Give](("estimate",)), 1, 1),
                needs=lambda _p, _window, _have: [],
                compute=_post_compute,
            ),
        )
    }
)

# What decides how nodes fit together has to stand in the definition itself.
STRUCTURAL: Mapping[str, frozenset[str]] = MappingProxyType({"signals": frozenset({"mode"})})
