"""The domain: users, clients, conversations, participants, messages, integrations; the window rule.

It knows the words of Sunshine Conversations and nothing of Instagram. A channel hands in :mod:`arrivals`, which
:mod:`intake` applies; the API posts through :mod:`posting`; both publish events in the same transaction.
"""
