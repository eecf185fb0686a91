"""Distance, shares and blending: what must hold at any place and for any values."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridloom.metering.weather import rules
from gridloom.metering.weather.faults import WrongPosition
from gridloom.metering.weather.rules import Point, Position, Samples

BRUSSELS = Position(50.8503, 4.3517)
LIEGE = Position(50.6326, 5.5797)

places = st.builds(
    Position,
    st.floats(-90, 90, allow_nan=False),
    st.floats(-180, 180, allow_nan=False),
)
numbers = st.floats(-1e6, 1e6, allow_nan=False, allow_infinity=False)


def samples(*pairs: tuple[int, float]) -> Samples:
    return Samples(np.array([t for t, _ in pairs], np.int64), np.array([v for _, v in pairs], np.float64))


def grid(south: int, west: int, rows: int, columns: int) -> list[Point[str]]:
    """Points of the 0.1° grid; south and west in tenths of a degree."""
    return [
        Point(f"{row}/{column}", (south + row) / 10, (west + column) / 10)
        for row in range(rows)
        for column in range(columns)
    ]


def test_the_distance_from_brussels_to_liege_is_90_kilometres() -> None:
    assert rules.distance_km(BRUSSELS, LIEGE) == pytest.approx(89.7, abs=0.3)


def test_a_quarter_of_the_meridian_is_the_quarter_of_a_great_circle() -> None:
    expected = math.pi * rules.EARTH_RADIUS_KM / 2
    assert rules.distance_km(Position(0, 0), Position(90, 0)) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(places, places)
def test_distance_is_symmetric_and_never_more_than_half_the_way_round(a: Position, b: Position) -> None:
    there, back = rules.distance_km(a, b), rules.distance_km(b, a)
    assert there == pytest.approx(back, abs=1e-9)
    assert 0.0 <= there <= math.pi * rules.EARTH_RADIUS_KM + 1e-9


@settings(deadline=None)
@given(places, st.floats(0, 2 * math.pi), st.floats(0, 0.999))
def test_everything_within_reach_lies_in_the_box(at: Position, bearing: float, share: float) -> None:
    angle = share * rules.REACH_KM / rules.EARTH_RADIUS_KM
    lat = math.radians(at.lat)
    there = math.asin(
        max(-1.0, min(1.0, math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing)))
    )
    turn = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(lat), math.cos(angle) - math.sin(lat) * math.sin(there)
    )
    lon = (at.lon + math.degrees(turn) + 180) % 360 - 180
    box = rules.box_around(at)
    slack = 1e-9
    wide = rules.Box(box.south - slack, box.north + slack, box.west - slack, box.east + slack)
    assert wide.holds(math.degrees(there), lon)


def test_the_box_of_a_place_near_the_date_line_spans_it() -> None:
    box = rules.box_around(Position(-17.0, 179.9))
    assert box.west > box.east
    assert box.holds(-17.0, -179.9)
    assert not box.holds(-17.0, 0.0)


def test_a_point_at_the_position_speaks_alone() -> None:
    points = [*grid(508, 43, 2, 2), Point("here", 50.85, 4.35)]
    assert rules.shares(Position(50.85, 4.35), points) == [("here", 1.0)]


def test_inside_a_cell_the_four_corners_share_bilinearly() -> None:
    found = dict(rules.shares(Position(50.825, 4.35), grid(508, 43, 2, 2)))
    assert found == pytest.approx({"0/0": 0.375, "0/1": 0.375, "1/0": 0.125, "1/1": 0.125}, abs=1e-9)


def test_on_an_edge_of_a_cell_its_two_corners_are_enough() -> None:
    points = grid(508, 43, 1, 2)
    assert dict(rules.shares(Position(50.8, 4.375), points)) == pytest.approx({"0/0": 0.25, "0/1": 0.75}, abs=1e-9)


def test_at_a_grid_point_the_point_itself_is_the_answer() -> None:
    assert rules.shares(Position(50.9, 4.4), grid(508, 43, 3, 3)) == [("1/1", 1.0)]


def test_a_cell_across_the_date_line_is_a_cell_like_any_other() -> None:
    points = [Point("w", 10.0, 179.9), Point("e", 10.0, -180.0), Point("nw", 10.1, 179.9), Point("ne", 10.1, 180.0)]
    found = dict(rules.shares(Position(10.05, 179.95), points))
    assert found == pytest.approx({"w": 0.25, "e": 0.25, "nw": 0.25, "ne": 0.25}, abs=1e-9)


def test_with_a_corner_missing_nearer_points_count_by_the_inverse_square_of_their_distance() -> None:
    points = [Point("near", 50.0, 4.0), Point("far", 50.3, 4.0)]
    found = dict(rules.shares(Position(50.1, 4.0), points))
    assert found["near"] / found["far"] == pytest.approx(4.0, rel=1e-6)


def test_beyond_fifty_kilometres_nobody_speaks() -> None:
    assert rules.shares(BRUSSELS, [Point("liege", *LIEGE)]) == []
    assert rules.shares(BRUSSELS, []) == []


@settings(deadline=None)
@given(places, st.lists(places, max_size=8))
def test_shares_are_positive_and_add_up_to_one(at: Position, around: list[Position]) -> None:
    found = rules.shares(at, [Point(i, *place) for i, place in enumerate(around)])
    assert all(share.weight > 0 for share in found)
    assert not found or math.fsum(share.weight for share in found) == pytest.approx(1.0, abs=1e-12)


@settings(deadline=None)
@given(st.integers(-899, 898), st.integers(-1800, 1798), st.floats(0, 1), st.floats(0, 1))
def test_inside_any_complete_cell_only_its_corners_speak(south: int, west: int, up: float, right: float) -> None:
    points = grid(south, west, 2, 2)
    at = Position((south + up) / 10, (west + right) / 10)
    found = rules.shares(at, points)
    assert {share.key for share in found} <= {point.key for point in points}
    assert math.fsum(share.weight for share in found) == pytest.approx(1.0, abs=1e-9)
    assert math.fsum(
        share.weight * point.lat for share in found for point in points if point.key == share.key
    ) == pytest.approx(at.lat, abs=1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.001, 1), numbers), min_size=1, max_size=6))
def test_a_blend_lies_between_the_values_it_was_made_of(parts: list[tuple[float, float]]) -> None:
    found = rules.blend([(weight, samples((0, value))) for weight, value in parts])
    values = [value for _, value in parts]
    assert min(values) <= found.values[0] <= max(values)


@settings(deadline=None)
@given(st.floats(0.001, 1), st.dictionaries(st.integers(0, 10**12), numbers, min_size=1, max_size=20))
def test_one_point_alone_is_given_back_unchanged(weight: float, series: dict[int, float]) -> None:
    alone = samples(*sorted(series.items()))
    found = rules.blend([(weight, alone)])
    assert found.times.tolist() == alone.times.tolist()
    assert found.values.tolist() == alone.values.tolist()


def test_a_point_without_a_value_leaves_the_word_to_the_others() -> None:
    found = rules.blend([(0.75, samples((0, 10.0))), (0.25, samples((0, 20.0), (60_000, 30.0)))])
    assert found.times.tolist() == [0, 60_000]
    assert found.values.tolist() == [12.5, 30.0]


def test_points_without_values_blend_to_nothing() -> None:
    assert rules.blend([(1.0, Samples.empty())]).times.size == 0


def test_directions_are_averaged_around_the_north_and_not_through_the_south() -> None:
    found = rules.blend([(0.5, samples((0, 350.0))), (0.5, samples((0, 20.0)))], circular=True)
    assert found.values[0] == pytest.approx(5.0, abs=1e-9)


def test_opposite_directions_leave_the_word_to_the_heaviest() -> None:
    found = rules.blend([(0.5, samples((0, 90.0))), (0.5, samples((0, 270.0)))], circular=True)
    assert found.values.tolist() == [90.0]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0, 360)), min_size=1, max_size=5))
def test_a_blended_direction_is_a_direction(parts: list[tuple[float, float]]) -> None:
    found = rules.blend([(weight, samples((0, value))) for weight, value in parts], circular=True)
    assert 0.0 <= found.values[0] <= 360.0


def test_amounts_of_quarter_hours_become_four_times_as_many_kilowatts() -> None:
    found = rules.chart_power(samples((0, 1.0), (900_000, 0.5), (1_800_000, 0.25)), register=False)
    assert found.values.tolist() == [4.0, 2.0, 1.0]


def test_a_register_becomes_the_power_between_its_readings() -> None:
    found = rules.chart_power(samples((0, 100.0), (900_000, 101.0), (4_500_000, 103.0)), register=True)
    assert found.times.tolist() == [0, 900_000]
    assert found.values.tolist() == [4.0, 2.0]


def test_one_value_alone_has_no_power() -> None:
    assert rules.chart_power(samples((0, 1.0)), register=False).times.size == 0


@pytest.mark.parametrize(
    ("lat", "lon", "field"),
    [
        (90.1, 0.0, "lat"),
        (-91.0, 0.0, "lat"),
        (math.nan, 0.0, "lat"),
        (0.0, 360.1, "lon"),
        (0.0, math.inf, "lon"),
    ],
)
def test_a_place_that_is_none_is_refused_by_name(lat: float, lon: float, field: str) -> None:
    with pytest.raises(WrongPosition) as refused:
        rules.position(lat, lon)
    assert refused.value.field == field


def test_a_longitude_counted_to_the_east_only_is_taken_round() -> None:
    assert rules.position(10.0, 355.0) == Position(10.0, -5.0)
