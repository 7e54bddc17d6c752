"""Business messages on their way to Instagram: each part handed to Meta at most once.

worker     the `send` lanes                             turns       what is written of many sends together
turn       one lane's step within a group of turns      weighing    what was answered, written down
proceeding  what is done next, and when                 judging     the rules of both, pure
ledger     the send ledger's SQL                        loading     what is read for all of it
opening    a message on first sight, pure               render      content -> send parts, pure
handing    one part, handed to Meta                     uploads     stored files sent by Meta's own copy
thread     an unknown outcome, looked for at Meta       in_vain     which threads were read lately without finding it
matching   whether what a thread lists is ours, pure    endings     what is kept and told of messages that are over
override   `override.instagram`, pure                   delivery_events  what the business is told
quoting    which message an answer quotes               activities  typing, seen marks, reactions
conversions  events for Meta's ad measurement
"""
