"""The lowest floor. Every room may use it; it knows no room.

metrics  for Prometheus                 logs  structured
faults   what may be told of an error
"""
