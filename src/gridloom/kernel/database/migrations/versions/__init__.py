"""The steps, numbered without gaps; `make migration` writes the next one."""
