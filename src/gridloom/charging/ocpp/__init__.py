"""Charge points on the wire: OCPP-J 1.6 and 2.0.1, from the socket to a checked payload and back. See README.md."""
