"""Work that may wait: deferred inside a transaction, done by a worker, done again when a worker dies over it."""
