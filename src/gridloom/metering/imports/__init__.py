"""Readings from files: long CSV or Parquet, any size, safe to interrupt and to repeat."""
