"""Telling partners over HTTP what happened, in the form that each API promised them."""
