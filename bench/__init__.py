"""The bench: measures a real server on this machine, next to the marks it has to meet.

    load + target + Graph stub (this process) ──HTTP──▶ heliograph serve (a process) ──▶ embedded PostgreSQL

Run it with ``python -m bench``. What is measured, and how, stands in ``docs/benchmarks.md``.
"""
