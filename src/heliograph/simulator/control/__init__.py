"""The control API under ``/_simulator``: play the people and the owner, move the clock, order faults, read the wire.

routes            all of it, as one application     held               how a route gets at the world
models            the bodies                        views              what is told of records
meta_models       for rules and rarer events        fault_models       for what goes wrong
lookup            what a request names              uploads            a file in a form
world_routes      who is in the world               seed               a small world to begin with
thread_routes     acting as a person or the owner   meta_routes        what happens more rarely
comment_routes    posts, comments, mentions         login_routes       people who log in
instagram_routes  Instagram Login                   rules_routes       the knobs of Meta's rules
routing_routes    conversation routing              connection_routes  what happens to a connection
fault_routes      faults, delivery, the clock       system_routes      the wire, reset, health
"""
