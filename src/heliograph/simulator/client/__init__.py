"""A client of the simulator's control API for tests and scripts: blocking, typed, without further libraries."""
