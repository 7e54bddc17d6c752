"""The switchboard: which of an app's integrations is in control of a conversation (Sunshine reference 1.8, 1.12).

boards          an app's switchboard
integrations    who is on it
state           what a conversation's row says of it, and who gets control first
targets         whom an action names
control         the four actions
"""
