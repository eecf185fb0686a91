"""A site to look at when no charge point is at hand: simulated stations, and cars that come and go."""
