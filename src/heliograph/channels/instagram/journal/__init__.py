"""Webhooks as they came: on disk before Meta gets its 200, and from there into the lanes.

receive   plain ASGI: signature, journal, 200           flood      whether webhooks come in a flood
entries   the journal's rows, and the jobs of each      filing     the `filing` lanes
heard     when webhooks came, noted by account          leftovers  items that were not applied, and why
people    whose items stand in the journal              erasure    out of the journal: `unsent`, `people`
"""
