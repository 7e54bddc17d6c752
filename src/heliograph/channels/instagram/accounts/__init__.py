"""Connected accounts: how they come, are kept up, and go.

records    Facebook apps and connected accounts         logins     how an account is connected by each login
connecting  connecting, changing, disconnecting: Meta, then the rows
connect    Facebook Login: token, Page, account, subscriptions
connect_instagram  Instagram Login: owner, exchange, subscription
facebook_apps  the apps at Meta that people log in with
app_trial  whether Meta knows one by its id and secret  remedies  the ways out of a grant that does not do
renewal    tokens that end, refreshed before they do
callbacks  the owner takes consent back                 departure  the `departure` lanes
"""
