"""The price of a charging session, as a pure function."""
