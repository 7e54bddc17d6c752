"""Channels: where messages come from and go to. One exists (`instagram`); `base` says what a second one would be."""
