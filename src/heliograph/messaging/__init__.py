"""The domain: users, clients, conversations, participants, messages, integrations; the window rule.

It knows the words of Sunshine Conversations and nothing of Instagram. A channel hands in :mod:`arrivals`, which
:mod:`intake` applies; the API posts through :mod:`posting`; both publish events in the same transaction.

What a channel hands in
arrivals  what it can be                                 intake         a batch, applied
contacts  a person on a channel, and who they are here   newcomers      people who are not known yet
writer    arrivals told as events                        rows           what stays of them
changes   reactions, edits, unsends                      names          of people who tell none
threads   who owns a thread                              thread_events  what is told of that

What the business says
posting               messages                             activities    typing, reading, reactions
posting_conversation  the conversation that both hold      card_numbers  masked, pure
automatic             answers by themselves                commitment    by when an answer is due
window                whether a business may write, pure

What is read and changed
apps            the tenants                              integrations  of an app, whatever their type
users           by the API                               clients       a user's identities on channels
conversations   read, started, changed, deleted          participants  who takes part
groups          conversations of several                 messages      read and deleted
attachments     files                                    media_types   what kind some bytes are, pure
webhooks        the customers'                           keys          who may call the API
oauth           programs that people let in              switchboard   who is in control
invitations     links by which an account is connected   way_back      where one goes on to after that, pure
owner_requests  what owners of accounts ask              shapes        rows to the wire's objects, pure
paging          a page cut out of a list

What goes
housekeeping  rows that are old enough              aging          the setting `retention`
retention     conversations emptied after silence   forget         deleted users and conversations
erase         what a deleted app leaves behind      event_erasure  out of the event log
last_words    events that tell of a deletion
"""
