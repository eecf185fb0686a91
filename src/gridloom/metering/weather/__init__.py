"""Weather by position: series of virtual sensors, filled from files or a partner, read at any place within reach."""
