"""Sensors: where a client measures something, which meter hangs there when, and who may see it."""
