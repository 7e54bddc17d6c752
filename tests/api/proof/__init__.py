"""Every operation of the official Python client against the running server, each checked for its effect.

One function for each operation, named as the client names it; `test_all_operations.py` runs them and tells when the client
has an operation that nobody proves, or a proof does not call what it is named after.
"""
