"""Media of people's messages, by proxy (Meta reference 1.6, 5.4; gotchas 9 and 10).

    webhook ──▶ dressed: our address in the place of Meta's link, which a row of ``media`` keeps
    viewer ──▶ proxy: signature ──▶ row ──▶ Meta's CDN ──▶ viewer
                                              └── the link lapsed ──▶ a fresh one, by the Graph API ──▶ once more
    mediaMode store ──▶ lane `media` ──▶ a copy among the attachments, which the proxy then serves

Invariant: an address leads to what its own row names, or nowhere. No address comes from a request, and no host is asked
that is not Meta's. Rows go with their message or conversation, and copies with their row (foreign keys that cascade).

addresses  what we give out, and what it names    hosts    which hosts are Meta's
dress      an arrival with our addresses, pure     cdn      the HTTP client of the CDN
sources    the rows' SQL                          fresh    links that lapsed, read anew
serving    what a viewer is answered, pure         proxy    the ASGI callable
keep       the `media` lanes
"""
