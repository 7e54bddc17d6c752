"""The Graph API: what a server sees of Meta. Plain ASGI with one table of edges, because it is the hot path."""
