"""What travels about configurations."""

from datetime import datetime
from typing import Annotated, Literal, get_args

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Wire

# The names that OCPP 1.6 itself gives to keys; a vendor has others beside them.
StandardKey = Literal[
    "AllowOfflineTxForUnknownId", "AuthorizationCacheEnabled", "AuthorizeRemoteTxRequests", "BlinkRepeat",
    "ClockAlignedDataInterval", "ConnectionTimeOut", "ConnectorPhaseRotation", "ConnectorPhaseRotationMaxLength",
    "GetConfigurationMaxKeys", "HeartbeatInterval", "LightIntensity", "LocalAuthorizeOffline", "LocalPreAuthorize",
    "MaxEnergyOnInvalidId", "MeterValuesAlignedData", "MeterValuesAlignedDataMaxLength", "MeterValuesSampledData",
    "MeterValuesSampledDataMaxLength", "MeterValueSampleInterval", "MinimumStatusDuration", "NumberOfConnectors",
    "ResetRetries", "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId", "StopTxnAlignedData",
    "StopTxnAlignedDataMaxLength", "StopTxnSampledData", "StopTxnSampledDataMaxLength", "SupportedFeatureProfiles",
    "SupportedFeatureProfilesMaxLength", "TransactionMessageAttempts", "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect", "WebSocketPingInterval", "LocalAuthListEnabled", "LocalAuthListMaxLength",
    "SendLocalListMaxLength", "ReserveConnectorZeroSupported", "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit", "ChargingScheduleMaxPeriods", "ConnectorSwitch3to1PhaseSupported",
    "MaxChargingProfilesInstalled", "AuthorizationEnabled",
]  # fmt: skip
STANDARD = frozenset(get_args(StandardKey))


class Key(Wire):
    """A variable and its value; component, instance and EVSE only with OCPP 2.0.1."""

    name: str
    value: str
    component_name: str | UnsetType = UNSET
    instance: str | UnsetType = UNSET
    evse_id: int | UnsetType = UNSET
    max_limit: int | UnsetType | None = UNSET


class Configuration(Wire):
    """A variable as the station said it last."""

    key: Key
    readonly: bool
    required: bool
    timestamp: datetime
    last_updated_at: datetime
    persistent_configuration_template_id: int | UnsetType = UNSET


class OldConfiguration(Wire):
    """A variable as the older version shows it."""

    key: Annotated[str, Meta(extra_json_schema={"examples": sorted(STANDARD)})]
    value: str
    readonly: bool
    required: bool
    timestamp: datetime
    last_updated_at: datetime


class ConfigurationPatch(Wire):
    """The value that the station is told. Needed for the keys of the standard."""

    value: Annotated[str, Meta(max_length=2500)] | UnsetType = UNSET
