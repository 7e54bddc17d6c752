"""The control API under ``/_simulator``: play the people and the owner, move the clock, order faults, read the wire."""
