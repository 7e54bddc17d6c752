"""Connected accounts: how they come, are kept up, and go.

records    Facebook apps and connected accounts         logins     how an account is connected by each login
connect    Facebook Login: token, Page, account, subscriptions
connect_instagram  Instagram Login: owner, exchange, subscription
renewal    tokens that end, refreshed before they do
callbacks  the owner takes consent back                 departure  the `departure` lanes
"""
