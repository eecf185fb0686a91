"""Signals: what a sensor measures, written and read as columns of time and value."""
