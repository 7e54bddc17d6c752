"""What comes from Instagram, understood and applied: one way from a webhook's item to messages and events.

worker    the `inbound` lanes                           steps   what waits, in its order
plan      what a batch comes to, before anything is written
mapping   events -> arrivals in Sunshine's terms, pure  contents  attachments -> content, pure
echoes    own sends told apart from others'             confirmations  that messages of ours reached the person
"""
