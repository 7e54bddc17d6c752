"""Logging in: the dialogs of both flavours, what people see of the apps they let in, and what the JavaScript SDK asks.

``asked`` reads what an app asks for, ``answer`` decides what it gets, ``dialog`` and ``instagram`` are the pages,
``permissions`` what these say of each, ``person`` who is logged in, ``integrations`` the person's settings, ``sdk`` what
stands behind ``/sdk.js``.
"""
