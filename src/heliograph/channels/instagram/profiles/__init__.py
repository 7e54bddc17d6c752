"""Profiles of the people who write (Meta reference 5.1): `reading` asks Meta, `worker` are the `profile` lanes."""
