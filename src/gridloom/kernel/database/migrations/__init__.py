"""The way from an empty database to the tables of this version, step by step; see `database/migrate.py`."""
