"""The doctor: says what is wrong with a connection, what follows from it and how to repair it, and repairs what it can.

facts         what can be known of a connection      asking     Meta is asked, each thing once
checks        the table of checks: facts to findings (token_, permission_, account_, send_, webhook_checks)
repairs       subscriptions that were lost           treatment  what follows for status and sends
examination   all of it, once                        records    its SQL
worker        the `doctor` lanes                     schedule   when
"""
