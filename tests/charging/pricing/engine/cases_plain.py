"""Worked by hand: free, charging not allowed, flat rate, duration+energy. EUR and without tax where nothing else is said."""

from datetime import time

from tests.charging.pricing.engine.golden import Case, D, session

from gridloom.charging.pricing.engine.public import ChargingNotAllowed, DurationEnergy, FlatRate, Free, State

HOUR = session("10:00", 60, 10)
HALF_IDLE = session("10:00", 60, 0, idle=((30, 60),))


def timed(**more: object) -> DurationEnergy:
    """0.50 a quarter hour and nothing else."""
    return DurationEnergy(price_per_period=D("0.50"), price_per_kwh=None, **more)  # type: ignore[arg-type] # its fields


def both(**more: object) -> DurationEnergy:
    """0.30 a kWh and 0.50 a quarter hour."""
    return DurationEnergy(price_per_period=D("0.50"), price_per_kwh=D("0.30"), **more)  # type: ignore[arg-type] # its fields


def idling(**more: object) -> DurationEnergy:
    """0.50 a quarter hour of charging, 0.10 a minute of idling."""
    return timed(idle_fee_per_minute=D("0.10"), **more)


CHARGED = "charging_time 30 1.00"

CASES = (
    # free, charging not allowed
    Case("free", Free(), HOUR, "nothing", "0.00", periods=("10:00 charging 10000 0",)),
    Case("free has no minimum", Free(min_price=D(5)), HOUR, "nothing costs nothing, so no minimum", "0.00"),
    Case("charging not allowed", ChargingNotAllowed(), session("10:00", 10, 1), "refused, nothing owed", "0.00"),
    # flat rate
    Case("flat", FlatRate(price_per_session=D("7.50")), HOUR, "7.50", "7.50", ("flat 1 7.50",)),
    Case("flat of nothing", FlatRate(price_per_session=D("7.50")), session("10:00", 0, 0), "7.50 for no time", "7.50",
         ("flat 1 7.50",), periods=("10:00 charging 0 7.50",)),
    Case("flat below the minimum", FlatRate(price_per_session=D(3), min_price=D(5)), HOUR, "3 + (5 - 3)", "5.00",
         ("flat 1 3", "min_price 1 2")),
    Case("flat at the minimum", FlatRate(price_per_session=D(5), min_price=D(5)), HOUR, "5", "5.00", ("flat 1 5",)),
    Case("flat not set", FlatRate(), HOUR, "nothing", "0.00"),
    Case("flat of zero has no minimum", FlatRate(price_per_session=D(0), min_price=D(1)), HOUR, "0", "0.00"),
    Case("flat with 21 % inside", FlatRate(price_per_session=D(10)), HOUR, "10 / 1.21 = 8.2645 -> 8.26", "10.00",
         ("flat 1 10",), {"tax_percentage": D(21)}, net="8.26"),
    Case("flat with 21 % on top", FlatRate(price_per_session=D(10)), HOUR, "10 x 1.21", "12.10",
         ("flat 1 10",), {"tax_percentage": D(21), "prices_include_tax": False}, net="10.00"),
    Case("flat with 0 %", FlatRate(price_per_session=D(10)), HOUR, "10 / 1", "10.00",
         ("flat 1 10",), {"tax_percentage": D(0)}, net="10.00"),
    Case("flat in yen", FlatRate(price_per_session=D("549.5")), HOUR, "549.5 -> 550; 550 / 1.1 = 500", "550",
         ("flat 1 549.5",), {"currency": "JPY", "tax_percentage": D(10)}, net="500"),
    Case("flat in Kuwaiti dinars", FlatRate(price_per_session=D("1.250")), HOUR, "1.250 / 1.05 = 1.19048 -> 1.190", "1.250",
         ("flat 1 1.250",), {"currency": "KWD", "tax_percentage": D(5)}, net="1.190"),
    Case("flat with one digit by the operator", FlatRate(price_per_session=D("7.25")), HOUR, "7.25 -> 7.3", "7.3",
         ("flat 1 7.25",), {"digits": 1}),
    # duration+energy: blocks
    Case("hour", both(), HOUR, "10 x 0.30 + 4 x 0.50", "5.00", ("energy 10 3.00", "charging_time 60 2.00"),
         periods=("10:00 charging 10000 5.00",)),
    Case("a minute more", both(), session("10:00", 61, 10), "3.00 + 5 started x 0.50", "5.50",
         ("energy 10 3.00", "charging_time 75 2.50")),
    Case("a second less", timed(), session("10:00", 59 + 59 / 60), "4 started x 0.50", "2.00", ("charging_time 60 2.00",)),
    Case("a second more", timed(), session("10:00", 60 + 1 / 60), "5 started x 0.50", "2.50", ("charging_time 75 2.50",)),
    Case("one second", timed(), session("10:00", 1 / 60), "1 started x 0.50", "0.50", ("charging_time 15 0.50",)),
    Case("blocks of a minute", timed(price_period_in_minutes=1), session("10:00", 7.5), "8 started x 0.50", "4.00",
         ("charging_time 8 4.00",)),
    Case("blocks of half an hour", timed(price_period_in_minutes=30), session("10:00", 61), "3 started x 0.50", "1.50",
         ("charging_time 90 1.50",)),
    Case("blocks of an hour", timed(price_period_in_minutes=60), session("10:00", 61), "2 x 0.50", "1.00",
         ("charging_time 120 1.00",)),
    Case("blocks of four hours", timed(price_period_in_minutes=240), session("10:00", 300), "2 x 0.50", "1.00",
         ("charging_time 480 1.00",)),
    Case("blocks of six hours", timed(price_period_in_minutes=360), session("10:00", 300), "1 x 0.50", "0.50",
         ("charging_time 360 0.50",)),
    Case("no energy", both(), session("10:00", 60, 0), "0 + 4 x 0.50", "2.00", ("charging_time 60 2.00",)),
    Case("no time", both(connection_fee=D(1)), session("10:00", 0, 0), "connection only", "1.00", ("connection 1 1",)),
    # connection
    Case("connection", both(connection_fee=D(1)), HOUR, "1 + 3.00 + 2.00", "6.00",
         ("connection 1 1", "energy 10 3.00", "charging_time 60 2.00")),
    Case("connection, too short", timed(connection_fee=D(1), connection_fee_minimum_session_duration=10),
         session("10:00", 9 + 59 / 60), "9:59 < 10: 1 x 0.50", "0.50", ("charging_time 15 0.50",)),
    Case("connection, just long enough", timed(connection_fee=D(1), connection_fee_minimum_session_duration=10),
         session("10:00", 10), "1 + 1 x 0.50", "1.50", ("connection 1 1", "charging_time 15 0.50")),
    Case("connection, too little", timed(connection_fee=D(1), connection_fee_minimum_session_energy=D(1)),
         session("10:00", 10, "0.999"), "0.999 < 1 kWh", "0.50", ("charging_time 15 0.50",)),
    Case("connection, just enough", timed(connection_fee=D(1), connection_fee_minimum_session_energy=D(1)),
         session("10:00", 10, 1), "1 + 0.50", "1.50", ("connection 1 1", "charging_time 15 0.50")),
    Case("connection needs both", timed(connection_fee=D(1), connection_fee_minimum_session_duration=10,
                                        connection_fee_minimum_session_energy=D(1)),
         session("10:00", 30, "0.5"), "30 >= 10 but 0.5 < 1: 2 x 0.50", "1.00", ("charging_time 30 1.00",)),
    # free minutes, windows, limit of duration
    Case("free minutes", timed(duration_fee_grace_period=30), HOUR, "60 - 30 = 30 min = 2 x 0.50", "1.00", (CHARGED,)),
    Case("only free minutes", timed(duration_fee_grace_period=30), session("10:00", 30), "30 - 30 = 0", "0.00"),
    Case("limit in the middle of a block", timed(duration_fee_limit=D("1.20")), HOUR, "2 x 0.50 + 0.20", "1.20",
         (CHARGED, "charging_time 15 0.20")),
    Case("limit at the end of a block", timed(duration_fee_limit=D(1)), HOUR, "2 x 0.50", "1.00", (CHARGED,)),
    Case("limit not reached", timed(duration_fee_limit=D(2)), HOUR, "4 x 0.50 = 2.00 <= 2", "2.00", ("charging_time 60 2.00",)),
    Case("window of the evening", timed(duration_fee_from=time(22), duration_fee_to=time(6)), session("21:30", 75),
         "22:00-22:45 = 45 min = 3 x 0.50", "1.50", ("charging_time 45 1.50",)),
    Case("window over midnight", timed(duration_fee_from=time(23), duration_fee_to=time(1)), session("22:50", 140),
         "23:00-01:00 = 120 min = 8 x 0.50", "4.00", ("charging_time 120 4.00",)),
    Case("window of another time", timed(duration_fee_from=time(1), duration_fee_to=time(2)), HOUR, "none", "0.00"),
    Case("window closed in between", timed(duration_fee_from=time(12), duration_fee_to=time(11)), session("10:30", 120),
         "10:30-11:00 and 12:00-12:30 = 60 min = 4 x 0.50", "2.00", ("charging_time 60 2.00",)),
    # idle time
    Case("idle without a fee", timed(), HALF_IDLE, "the duration fee runs on: 4 x 0.50", "2.00", ("charging_time 60 2.00",),
         periods=("10:00 charging 0 1.00", "10:30 idle 0 1.00")),
    Case("idle fee instead", idling(), HALF_IDLE, "2 x 0.50 + 30 x 0.10", "4.00", (CHARGED, "idle_time 30 3.00"),
         periods=("10:00 charging 0 1.00", "10:30 idle 0 3.00")),
    Case("idle fee of zero", timed(idle_fee_per_minute=D(0)), HALF_IDLE, "2 x 0.50 + 30 x 0", "1.00", (CHARGED,)),
    Case("idle grace", idling(idle_fee_grace_period_minutes=D(10)), HALF_IDLE, "1.00 + (30 - 10) x 0.10", "3.00",
         (CHARGED, "idle_time 20 2.00"),
         periods=("10:00 charging 0 1.00", "10:30 idle 0 0", "10:40 idle 0 2.00")),
    Case("idle grace as long as idling", idling(idle_fee_grace_period_minutes=D(30)), HALF_IDLE, "1.00 + 0", "1.00", (CHARGED,),
         periods=("10:00 charging 0 1.00", "10:30 idle 0 0")),
    Case("grace from the start, inside idle time",
         idling(idle_fee_grace_period_minutes=D(45), idle_fee_grace_period_mode="session_start"), HALF_IDLE,
         "1.00 + (60 - 45) x 0.10", "2.50", (CHARGED, "idle_time 15 1.50")),
    Case("grace from the start, over before",
         idling(idle_fee_grace_period_minutes=D(20), idle_fee_grace_period_mode="session_start"), HALF_IDLE,
         "1.00 + 30 x 0.10", "4.00", (CHARGED, "idle_time 30 3.00")),
    Case("idle blocks", idling(idle_pricing_period_in_minutes=15), session("10:00", 61, idle=((30, 61),)),
         "1.00 + 3 started x (15 x 0.10)", "5.50", (CHARGED, "idle_time 45 4.50")),
    Case("idle window", idling(idle_fee_period_start=time(8), idle_fee_period_end=time(10, 45)), HALF_IDLE,
         "1.00 + 10:30-10:45 x 0.10", "2.50", (CHARGED, "idle_time 15 1.50")),
    Case("idle limit", idling(idle_fee_limit=D("2.50")), HALF_IDLE, "1.00 + 25 x 0.10", "3.50", (CHARGED, "idle_time 25 2.50")),
    Case("idle limit in a minute", idling(idle_fee_limit=D("2.55")), HALF_IDLE, "1.00 + 25 x 0.10 + 0.05", "3.55",
         (CHARGED, "idle_time 25 2.50", "idle_time 1 0.05")),
    Case("idle twice, grace twice", idling(idle_fee_grace_period_minutes=D(5)),
         session("10:00", 60, idle=((10, 20), (30, 40))),
         "40 min of charging = 3 x 0.50; (10 - 5) x 2 x 0.10", "2.50", ("charging_time 45 1.50", "idle_time 10 1.00")),
    Case("the car waits", idling(), session("10:00", 60, states=((30, State.SUSPENDED_EV),)), "as idle: 1.00 + 3.00", "4.00",
         (CHARGED, "idle_time 30 3.00")),
    Case("the station waits", idling(), session("10:00", 60, states=((30, State.SUSPENDED_EVSE),)),
         "no fault of the driver: 4 x 0.50", "2.00", ("charging_time 60 2.00",)),
    Case("idle from the start", idling(), session("10:00", 30, idle=((0, 30),)), "30 x 0.10", "3.00", ("idle_time 30 3.00",)),
    # minimum, allowance, rounding, tax, currencies
    Case("minimum", both(min_price=D("7.5")), HOUR, "5.00 + (7.5 - 5.00)", "7.50",
         ("energy 10 3.00", "charging_time 60 2.00", "min_price 1 2.50"), periods=("10:00 charging 10000 7.50",)),
    Case("minimum of a session of no cost", both(min_price=D("7.5")), session("10:00", 0, 0), "0 stays 0", "0.00"),
    Case("allowance", DurationEnergy(price_per_kwh=D("0.30")), session("10:00", 60, 30), "(30 - 20) x 0.30", "3.00",
         ("energy 10 3.00",), {"allowance_wh": D(20_000)}),
    Case("allowance for all", DurationEnergy(price_per_kwh=D("0.30")), HOUR, "10 - 20 < 0", "0.00", (),
         {"allowance_wh": D(20_000)}),
    Case("five digits on the line", DurationEnergy(price_per_kwh=D("0.29999")), session("10:00", 60, "3.333"),
         "3.333 x 0.29999 = 0.99986667 -> 0.99987 -> 1.00", "1.00", ("energy 3.333 0.99987",)),
    Case("half a cent goes up", DurationEnergy(price_per_kwh=D("0.25")), session("10:00", 60, "0.1"), "0.025 -> 0.03", "0.03",
         ("energy 0.1 0.025",)),
    Case("rounded line by line", both(), session("10:00", 15, "0.016"), "0.016 x 0.30 = 0.0048; + 0.50 -> 0.50", "0.50",
         ("energy 0.016 0.0048", "charging_time 15 0.50")),
    Case("yen", DurationEnergy(price_per_kwh=D("35.5")), session("10:00", 60, "10.5"), "10.5 x 35.5 = 372.75 -> 373", "373",
         ("energy 10.5 372.75",), {"currency": "JPY"}),
    Case("dinars", DurationEnergy(price_per_kwh=D("0.0335")), session("10:00", 60, "7.3"), "0.24455 -> 0.245", "0.245",
         ("energy 7.3 0.24455",), {"currency": "KWD"}),
    Case("tax inside", both(), HOUR, "5.00 / 1.21 = 4.1322 -> 4.13", "5.00", ("energy 10 3.00", "charging_time 60 2.00"),
         {"tax_percentage": D(21)}, net="4.13"),
    Case("tax on top", both(), HOUR, "5.00 x 1.21 = 6.05", "6.05", ("energy 10 3.00", "charging_time 60 2.00"),
         {"tax_percentage": D(21), "prices_include_tax": False}, net="5.00"),
    Case("tax on what is paid", DurationEnergy(price_per_kwh=D("1.00049")), HOUR,
         "10.0049 -> 10.00; 10.00 / 1.21 = 8.2645 -> 8.26 (not 10.0049 / 1.21 = 8.2685 -> 8.27)", "10.00",
         ("energy 10 10.0049",), {"tax_percentage": D(21)}, net="8.26"),
    Case("minimum with tax on top", both(min_price=D(6)), HOUR, "6 x 1.21", "7.26",
         ("energy 10 3.00", "charging_time 60 2.00", "min_price 1 1.00"),
         {"tax_percentage": D(21), "prices_include_tax": False}, net="6.00"),
    Case("a curve", idling(), session("10:00", 60, curve=((0, "0"), (20, "6"), (40, "6.5"), (60, "6.5")), idle=((30, 60),)),
         "energy is free: 1.00 + 3.00", "4.00", (CHARGED, "idle_time 30 3.00"),
         periods=("10:00 charging 6250 1.00", "10:30 idle 250 3.00")),
)  # fmt: skip
