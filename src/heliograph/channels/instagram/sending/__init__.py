"""Business messages on their way to Instagram: each part handed to Meta at most once.

worker     the `send` lanes                             turns     what is written of many sends together
turn       one lane's step within a group of turns      judging   what to do next about a message, pure
ledger     the send ledger's SQL                        render    content -> send parts, pure
thread     an unknown outcome, looked for at Meta       in_vain   which threads were read lately without finding it
matching   whether what a thread lists is ours, pure    delivery_events  what the business is told
override   `override.instagram`, pure                   quoting   which message an answer quotes
uploads    stored files sent by Meta's own copy         activities  typing, seen marks, reactions
opening    a message on first sight, pure               endings   what is kept and told of messages that are over
conversions  events for Meta's ad measurement
"""
