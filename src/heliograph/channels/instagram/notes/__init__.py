"""Notes that one room leaves for another: rows, which that one looks at in its own time. SQL.

Who finds something that a room above has to know writes it down here, in the transaction that found it. So nobody calls up,
and what was noted is there exactly when what it is about is.

for_doctor    an integration is to be examined          for_review  a call has succeeded with a permission
for_backfill  accounts that come, come back and go; messages of a run that were new
"""
