"""The pages of the people who run this installation, under ``/dashboard``: server-rendered, live by htmx and SSE.

    request ─▶ app (headers, last catch) ─▶ entry (session, origin, token of the form, role, app) ─▶ a section's page
                                                                                                └─▶ visit.page(template)

A section is a sub-package with its own routes, templates and styles, and a row in :mod:`sections`. A page of it is a
function of a :class:`Visit`; nothing is reachable that did not go through :mod:`entry`.

Sections
door      signing in and out                   integrations  connected accounts
health    what is well, and what is not        webhooks      where events go, and how it went
settings  members, apps, keys, Facebook apps

Who is there
members   owners and agents        access     which apps a member sees
sessions  who is signed in where   passwords  what one must be
links     that open once           tokens     hashes of what browsers and links hold
cookies   the dashboard's          throttle   how often somebody may try

Pages
app      the ASGI application               entry     the door that every page stands behind
frame    what a page is made with           sections  what a section is
assets   styles and scripts                 live      what shows as it happens
forms    what was sent, and from where      once      what a form makes is made once
wording  sentences that several pages say
"""

from heliograph.dashboard.app import Dashboard, create_dashboard

__all__ = ["Dashboard", "create_dashboard"]
