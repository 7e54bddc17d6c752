"""The doctor: says what is wrong with a connection, what follows from it and how to repair it, and repairs what it can.

facts         what can be known of a connection      asking     Meta is asked, each thing once
public        our own address, asked from outside    versions   when Meta's versions of the Graph API end
checks        the table of checks: facts to findings; they stand in token_checks, permission_checks, account_checks,
              send_checks and webhook_checks         words      how they say what they found
repairs       subscriptions that were lost           treatment  what follows for status and sends
examination   all of it, once                        records    its SQL
worker        the `doctor` lanes                     schedule   when
"""
