"""Soak: server and simulator driven with everything that goes wrong, then compared message by message.

ground    the installation of a run, and its levers: kill, cut, drop, revoke, move the clock
book      what was said and posted, as whoever did it knows
moves     the table of everything that can happen
compare   the two sides, message by message: what is lost, doubled, out of order or untold
rounds    many random moves, compared again and again (`make soak`)
storm     thousands of messages through a Meta that errs at fixed rates (`make soak SOAK_ARGS="--messages 10000"`)

`test_machine` lets hypothesis choose the moves, with a fixed seed.
"""
