"""What the sun and the wind make: never negative, nothing at night, the curve of the plant."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridloom.metering.graphs import profiles
from gridloom.metering.graphs.data import HOUR_MS
from gridloom.metering.graphs.profiles import Plant

MIDSUMMER = 1_782_000_000_000  # 2026-06-21T00:00Z
EQUINOX = 1_773_964_800_000  # 2026-03-20T00:00Z
QUARTERS_OF_A_DAY = 900_000 * np.arange(97)
BRUSSELS = (50.85, 4.35)
ROOF = Plant(type="PV", power=5.0)


def day(start: int) -> np.ndarray:
    return start + QUARTERS_OF_A_DAY


def test_a_roof_under_a_clear_sky_yields_by_day_and_nothing_by_night() -> None:
    profile = profiles.photovoltaic(ROOF, *BRUSSELS, {}, day(MIDSUMMER))
    assert profile.absolute
    assert not profile.certain
    assert profile.values[:12].sum() == 0.0
    assert profile.values[-8:].sum() == 0.0
    assert 25.0 < profile.values.sum() < 40.0
    # The sun stands in the south at 11:43 UTC that day.
    assert 46 <= int(profile.values.argmax()) <= 48


def test_a_known_irradiance_is_taken_as_it_is() -> None:
    level = Plant(type="PV", power=10.0, inclination=0.0, efficiency=1.0)
    edges = EQUINOX + 12 * HOUR_MS + 900_000 * np.arange(5)
    profile = profiles.photovoltaic(level, *BRUSSELS, {"global": np.full(4, 400.0)}, edges)
    assert profile.values.tolist() == pytest.approx([1.0] * 4)
    assert profile.certain


def test_a_hole_in_the_irradiance_by_day_is_bridged_and_uncertain() -> None:
    edges = EQUINOX + 11 * HOUR_MS + 900_000 * np.arange(5)
    known = profiles.photovoltaic(ROOF, *BRUSSELS, {"global": np.full(4, 400.0)}, edges).values
    holed = profiles.photovoltaic(ROOF, *BRUSSELS, {"global": np.array([400.0, np.nan, 400.0, 400.0])}, edges)
    assert not holed.certain
    assert holed.values[1] == pytest.approx(known[1], rel=0.15)
    assert holed.values[[0, 2, 3]].tolist() == pytest.approx(known[[0, 2, 3]].tolist())


def test_a_hole_by_night_leaves_the_profile_certain() -> None:
    irradiance = np.full(96, 200.0)
    irradiance[:8] = np.nan
    assert profiles.photovoltaic(ROOF, *BRUSSELS, {"global": irradiance}, day(EQUINOX)).certain


def test_a_roof_to_the_east_yields_before_one_to_the_west() -> None:
    def middle(orientation: float) -> float:
        plant = Plant(type="PV", power=5.0, orientation=orientation, inclination=40.0)
        values = profiles.photovoltaic(plant, *BRUSSELS, {}, day(EQUINOX)).values
        return float((values * np.arange(96)).sum() / values.sum())

    assert middle(90.0) < middle(180.0) - 2 < middle(270.0) - 4


def test_twice_the_power_yields_twice_as_much() -> None:
    one = profiles.photovoltaic(ROOF, *BRUSSELS, {}, day(EQUINOX)).values
    two = profiles.photovoltaic(Plant(type="PV", power=10.0), *BRUSSELS, {}, day(EQUINOX)).values
    assert two.tolist() == pytest.approx((2 * one).tolist())


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(0, 90),
    st.floats(-360, 360),
    st.lists(st.one_of(st.just(np.nan), st.floats(-20, 2000)), min_size=3, max_size=3),
)
def test_no_roof_anywhere_yields_less_than_nothing(
    lat: float, lon: float, inclination: float, orientation: float, irradiance: list[float]
) -> None:
    plant = Plant(type="pv", power=1.0, inclination=inclination, orientation=orientation)
    edges = EQUINOX + 8 * HOUR_MS * np.arange(4)
    values = profiles.photovoltaic(
        plant, lat, lon, {name: np.array(irradiance) for name in ("global", "direct")}, edges
    )
    assert np.isfinite(values.values).all()
    assert (values.values >= 0).all()


TURBINE = Plant(type="wind", power=100.0, cut_in_speed=3.0, rated_speed=12.0, cut_out_speed=25.0)


@pytest.mark.parametrize(
    ("speed", "power"),
    [
        (0.0, 0.0),
        (2.9, 0.0),
        (3.0, 0.0),
        (12.0, 100.0),
        (20.0, 100.0),
        (25.0, 100.0),
        (25.1, 0.0),
        (8.0, 100.0 * (8**3 - 27) / (12**3 - 27)),
    ],
)
def test_a_turbine_follows_its_power_curve(speed: float, power: float) -> None:
    assert profiles.wind_power_kw(TURBINE, np.array([speed])).tolist() == pytest.approx([power])


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_a_turbine_gives_between_nothing_and_its_rated_power(speeds: list[float]) -> None:
    power = profiles.wind_power_kw(TURBINE, np.array(speeds))
    assert ((power >= 0) & (power <= 100.0)).all()


def test_wind_is_stronger_at_the_hub() -> None:
    assert profiles.lifted(np.array([10.0]), 10.0).tolist() == [10.0]
    assert profiles.lifted(np.array([10.0]), 100.0).tolist() == pytest.approx([13.9], abs=0.01)


def test_a_turbine_without_any_known_wind_has_only_a_flat_shape() -> None:
    profile = profiles.wind(TURBINE, np.full(4, np.nan), EQUINOX + 900_000 * np.arange(5))
    assert profile.values.tolist() == [0.25] * 4
    assert not profile.absolute
    assert not profile.certain


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "coal", "power": 1},
        {"type": "PV"},
        {"type": "PV", "power": 0},
        {"type": "PV", "power": -1},
        {"type": "PV", "power": 1, "inclination": 91},
        {"type": "PV", "power": 1, "efficiency": 1.5},
        {"type": "PV", "power": 1, "colour": "blue"},
        {"type": "wind", "power": 1, "cut_in_speed": 13},
        {"type": "wind", "power": 1, "cut_out_speed": 5},
        {"type": "wind", "power": 1, "hub_height": 0},
    ],
)
def test_a_plant_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Plant)
