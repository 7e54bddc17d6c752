"""OAuth (Sunshine reference 1.15, 4.4): programs that ask (`clients`), and what people grant them (`grants`).

    client ──asks──▶ person ──code, 10 minutes, once──▶ client ──code + secret──▶ integration and key ──▶ token

Invariants: a code becomes at most one token; a code that comes twice takes its token down; what was granted ends with the
integration, wherever it is deleted.
"""
