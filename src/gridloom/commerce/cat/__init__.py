"""The catalogue: sales channels."""
