"""Pricing a session, for the rest of the API."""

from gridloom.charging.pricing.engine.calendar import Calendar
from gridloom.charging.pricing.engine.detection import Thresholds, states_of
from gridloom.charging.pricing.engine.fees import LineType
from gridloom.charging.pricing.engine.priced import Line, Period, Priced, PricingDetails, Taxed
from gridloom.charging.pricing.engine.rates import ANY_DAY, Rate, RatePeriod
from gridloom.charging.pricing.engine.rules import price
from gridloom.charging.pricing.engine.tariffs import (
    AveragePowerLevel,
    AveragePowerLevels,
    ChargingNotAllowed,
    DaysWhenApplied,
    DurationEnergy,
    DurationEnergyTimeOfDay,
    EnergyLevel,
    EnergyTou,
    FlatRate,
    Free,
    MarkUpInterval,
    OptimisedDynamicPricing,
    PeakPowerLevel,
    PeakPowerLevels,
    PricePeriods,
    Standard,
    StandardTod,
    Tariff,
    TimePeriod,
    UnitLevel,
)
from gridloom.charging.pricing.engine.terms import NoRate, Terms
from gridloom.charging.pricing.engine.timeline import ChargingType, Choice, Reading, State, StateChange, Timeline

__all__ = [
    "ANY_DAY",
    "AveragePowerLevel",
    "AveragePowerLevels",
    "Calendar",
    "ChargingNotAllowed",
    "ChargingType",
    "Choice",
    "DaysWhenApplied",
    "DurationEnergy",
    "DurationEnergyTimeOfDay",
    "EnergyLevel",
    "EnergyTou",
    "FlatRate",
    "Free",
    "Line",
    "LineType",
    "MarkUpInterval",
    "NoRate",
    "OptimisedDynamicPricing",
    "PeakPowerLevel",
    "PeakPowerLevels",
    "Period",
    "PricePeriods",
    "Priced",
    "PricingDetails",
    "Rate",
    "RatePeriod",
    "Reading",
    "Standard",
    "StandardTod",
    "State",
    "StateChange",
    "Tariff",
    "Taxed",
    "Terms",
    "Thresholds",
    "TimePeriod",
    "Timeline",
    "UnitLevel",
    "price",
    "states_of",
]
