"""First contact: what a service really answers, read only, against what the API's contract says and assumes.

Of an answer only its shape is kept (names, types, formats, counts), never a value of the account.
"""
