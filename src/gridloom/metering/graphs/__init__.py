"""Graphs: calculations that an operator describes in files and a client runs by name."""
