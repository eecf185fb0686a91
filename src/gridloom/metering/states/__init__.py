"""States: which meter hung at a sensor when, and what its registers showed when it came and when it went."""
