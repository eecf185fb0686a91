"""Signing in to the metering API."""
