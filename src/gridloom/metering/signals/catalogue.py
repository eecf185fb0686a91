"""The signal types: what can be measured, in which unit, and how its values add up.

Moids 32 to 103 are those that clients in the field use (OBIS registers of electricity meters); 132 to 146 are ours for the
same quantities as amounts per interval; 148 to 154 are what an energy community shared of them and what was left; 200 to
299 are ours for heat, water and gas; 600 to 699 are weather.

Registers and states are what a meter shows, and are multiplied by what it is worth. Amounts per interval are energies at the
point, whoever worked them out: no factor is applied to them.
"""

from typing import Any

import msgspec

from gridloom.core.series import codes
from gridloom.core.series.public import Kind
from gridloom.kernel import units
from gridloom.metering.weather.quantities import QUANTITIES

INSTANT, CUMULATIVE, INTERVAL = 0, 1, 2
SUMMARY_SUM, SUMMARY_AVERAGE, SUMMARY_MIN, SUMMARY_MAX, SUMMARY_LAST = 1, 2, 3, 4, 6
KINDS: dict[int, Kind] = {INSTANT: "instant", CUMULATIVE: "register", INTERVAL: "interval"}

ENERGY_IMPORT, ENERGY_EXPORT = codes.REGISTER_CONSUMPTION, codes.REGISTER_INJECTION
INTERVAL_IMPORT, INTERVAL_EXPORT = codes.GROSS_CONSUMPTION, codes.GROSS_INJECTION


class SignalType(msgspec.Struct, frozen=True, kw_only=True):
    """A signal type.

    time_series_type: 0 an instant value, 1 a cumulative register, 2 an amount per interval. data_model_type: 0 a number.
    chart_expected_summary: 1 sum, 2 average, 3 minimum, 4 maximum, 5 first, 6 last.
    """

    signal_type_moid: int
    symbol: str
    description: str
    is_measurement: bool = True
    time_series_type: int
    apply_multiplier: bool = False
    apply_current_ratio: bool = False
    apply_voltage_ratio: bool = False
    obis_mapping: str | None = None
    chart_expected_unit: str
    keep_prefix: bool = False
    draw_chart: bool = True
    unit_id: int
    unit_symbol: str
    group_id: int
    group: str
    data_model_type: int = 0
    chart_expected_summary: list[int]
    columns: dict[str, Any] | None = None
    payload_mapping: dict[str, Any] | None = None

    @property
    def kind(self) -> Kind:
        """How the series store takes its values."""
        return KINDS[self.time_series_type]

    @property
    def charts_power(self) -> bool:
        """Whether a chart shows the power of what a register counts."""
        return self.time_series_type == CUMULATIVE and self.chart_expected_unit != self.unit_symbol


def _type(moid: int, symbol: str, text: str, kind: int, unit: str, group: tuple[int, str], **more: Any) -> SignalType:
    counted = kind != INSTANT
    return SignalType(
        signal_type_moid=moid,
        symbol=symbol,
        description=text,
        time_series_type=kind,
        unit_id=units.unit(unit).id,
        unit_symbol=unit,
        chart_expected_unit=more.pop("chart", unit),
        group_id=group[0],
        group=group[1],
        apply_multiplier=kind == CUMULATIVE,
        chart_expected_summary=[SUMMARY_SUM] if counted else [SUMMARY_AVERAGE, SUMMARY_MIN, SUMMARY_MAX],
        **more,
    )


GRID = (1, "Grid")
ENERGY = (2, "Energy")
MEDIA = (3, "Heat, water, gas")
WEATHER = (6, "Weather")
CURRENT: dict[str, bool] = {"apply_current_ratio": True}
BOTH: dict[str, bool] = {"apply_current_ratio": True, "apply_voltage_ratio": True}

_REGISTERS = (
    (32, "A+", "Active energy taken from the grid", "kW.h", "kW", "1.8.0"),
    (34, "A-", "Active energy fed into the grid", "kW.h", "kW", "2.8.0"),
    (36, "R1", "Reactive energy, first quadrant", "kvar.h", "kvar", "5.8.0"),
    (38, "R2", "Reactive energy, second quadrant", "kvar.h", "kvar", "6.8.0"),
    (40, "R3", "Reactive energy, third quadrant", "kvar.h", "kvar", "7.8.0"),
    (42, "R4", "Reactive energy, fourth quadrant", "kvar.h", "kvar", "8.8.0"),
    (44, "S+", "Apparent energy taken from the grid", "kV.A.h", "kV.A", "9.8.0"),
    (46, "S-", "Apparent energy fed into the grid", "kV.A.h", "kV.A", "10.8.0"),
)
_SHARES = (
    (codes.SHARED_CONSUMPTION, "A+ s", "Active energy taken from the grid, shared in a community, per interval"),
    (codes.NET_CONSUMPTION, "A+ n", "Active energy taken from the grid, left for the supplier, per interval"),
    (codes.SHARED_INJECTION, "A- s", "Active energy fed into the grid, shared in a community, per interval"),
    (codes.NET_INJECTION, "A- n", "Active energy fed into the grid, left for the supplier, per interval"),
)
_INSTANTS: tuple[tuple[int, str, str, str, str, dict[str, bool]], ...] = (
    (53, "U1", "Voltage L1", "V", "32.7.0", {"apply_voltage_ratio": True}),
    (54, "U2", "Voltage L2", "V", "52.7.0", {"apply_voltage_ratio": True}),
    (55, "U3", "Voltage L3", "V", "72.7.0", {"apply_voltage_ratio": True}),
    (56, "I1", "Current L1", "A", "31.7.0", CURRENT),
    (57, "I2", "Current L2", "A", "51.7.0", CURRENT),
    (58, "I3", "Current L3", "A", "71.7.0", CURRENT),
    (60, "P+", "Active power taken from the grid", "kW", "1.7.0", BOTH),
    (61, "P-", "Active power fed into the grid", "kW", "2.7.0", BOTH),
    (103, "f", "Frequency", "Hz", "14.7.0", {}),
)
_MEDIA = (
    (200, "Q", "Heat", CUMULATIVE, "kW.h"),
    (202, "V", "Water", CUMULATIVE, "m3"),
    (204, "Vg", "Gas", CUMULATIVE, "m3"),
    (210, "T", "Temperature", INSTANT, "K"),
    (212, "rh", "Relative humidity", INSTANT, "%"),
    (214, "SoC", "State of charge", INSTANT, "%"),
)

SIGNAL_TYPES: dict[int, SignalType] = {
    each.signal_type_moid: each
    for each in (
        *(
            _type(moid, symbol, text, CUMULATIVE, unit, ENERGY, chart=chart, obis_mapping=obis, **BOTH)
            for moid, symbol, text, unit, chart, obis in _REGISTERS
        ),
        *(
            _type(moid + 100, f"{symbol} Δ", f"{text}, per interval", INTERVAL, unit, ENERGY)
            for moid, symbol, text, unit, _, _ in _REGISTERS
        ),
        *(_type(moid, symbol, text, INTERVAL, "kW.h", ENERGY) for moid, symbol, text in _SHARES),
        *(
            _type(moid, symbol, text, INSTANT, unit, GRID, obis_mapping=obis, **more)
            for moid, symbol, text, unit, obis, more in _INSTANTS
        ),
        *(_type(moid, symbol, text, kind, unit, MEDIA) for moid, symbol, text, kind, unit in _MEDIA),
        *(_type(q.moid, q.name, q.label, INSTANT, q.unit, WEATHER, is_measurement=False) for q in QUANTITIES),
    )
}
