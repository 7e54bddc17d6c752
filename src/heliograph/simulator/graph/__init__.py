"""The Graph API: what a server sees of Meta. Plain ASGI with one table of edges, because it is the hot path.

routes   the way in: the table of edges   instagram  the hosts of Instagram Login
call     one call being answered          flavours   the two logins, as data
fields   the `fields` parameter, pure     tokens     which came, and what it may do
spoiled  calls that go wrong on order     login      tokens from a login

send             the Send API                     draft              the rules for its message, pure
recipients       who sends to whom                sender_actions     typing, seen, reactions
private_replies  to comments                      media              fetched by URL
sniff            what a file is, pure             uploads            files given once, sent by id
conversations    threads, and messages in them    thread_control     who answers in a thread
people           profiles of those who wrote      pages              Pages and their accounts
posts            an account's stories and posts   messenger_profile  ice breakers and the menu
apps             what an app token does           conversions        conversion events
"""
