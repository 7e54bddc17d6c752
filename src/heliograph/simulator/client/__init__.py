"""A client of the simulator's control API for tests and scripts: blocking, typed, without further libraries.

meta      everything in one           link     one call at a time
world     who is in it                told     its answers, typed
acts      what people and owners do   rarer    what they do more rarely
comments  posts, comments, mentions   logins   those who log in
terms     rules, limits, modes        trouble  what goes wrong, and the clock
"""
