"""What subscribers of this API are told, by the names that they subscribe to."""
