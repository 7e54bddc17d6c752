"""The webhooks that Meta's side sends: what they say, how they are written, how they are delivered.

events    what one says, pure           kinds      what kind it is, pure
audience  which apps hear of it, pure   wire       its bytes and signatures, pure
outbox    what waits for one app        delivery   to the callbacks
settings  how it is done                spoiled    POSTs that go wrong on order
verify    the handshake of a callback   dashboard  what its button "Test" sends
"""
