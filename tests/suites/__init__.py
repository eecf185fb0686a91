"""Checks that every declared resource inherits."""
