"""What the commands' declarations share."""

from gridloom.charging.csms.public import NoAnswer408, NotConnected424, Refused406

V1 = "charge-point/v1.0/{charge_point}"
V2 = "charge-point/v2.0/{charge_point}"
V1_EVSE = "evse/v1.0/{evse}"
TAGS = ("action / charge point",)
EVSE_TAGS = ("action / evse",)
CONTROL = "charging.charge-points:control"
WRITE = "charging.charge-points:write"
ALL_REFUSALS = (Refused406, NoAnswer408, NotConnected424)
