"""Signal types that several APIs speak of: amounts of energy per interval at a metering point, in kWh.

The metering API shows each of them under the same number. `SHARED_…` and `NET_…` are parts of the gross amount: what an energy
community shared at that point, and what was left for the supplier.
"""

GROSS_CONSUMPTION, GROSS_INJECTION = 132, 134
SHARED_CONSUMPTION, NET_CONSUMPTION = 148, 150
SHARED_INJECTION, NET_INJECTION = 152, 154

# Registers of the same flows, as meters count them.
REGISTER_CONSUMPTION, REGISTER_INJECTION = 32, 34
