"""Meta's side of the wire, as rules and a client: what it takes, what its answers mean, how fast it may be asked.

graph           the HTTP client of the Graph API        flavours  Meta's two logins, as a table
answers         what an answer means                    errors    Meta's codes -> outcomes, one table
refusals        what a refusal tells besides            limits    what Meta takes at most
pace            how fast an account is asked            pauses    who is to be left alone for a while
holds           whom an error says to leave alone        usage     what its headers tell of its limits
meter           has accounts slow down or pause in time
login_hosts     where its login dialogs are             callback  where it calls us, and how a body is read
signed_request  how its callbacks about a person are signed
"""
