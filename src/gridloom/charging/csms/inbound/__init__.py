"""Messages of a station about itself."""
