"""The pages of the people who run this installation, under ``/dashboard``: server-rendered, live by htmx and SSE."""
