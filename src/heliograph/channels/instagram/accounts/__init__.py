"""Connected accounts: how they come, are kept up, and go.

records     Facebook apps and connected accounts        logins       how an account is connected by each login
connecting  connecting, changing, disconnecting         storing      the rows that come of it
facebook_login   token, Page, account, subscriptions
instagram_login  owner, exchange, subscription
parting     what Meta sends for accounts that go, ended
tasks       what a person must be allowed on a Page     remedies     the ways out of a grant that does not do
renewal     tokens that end, refreshed before they do
facebook_apps  the apps at Meta that people log in with
app_trial   whether Meta knows one by its id and secret
app_picking  which of them a login is by                app_entries  what Meta must have entered for one
callbacks   the owner takes consent back                departure    the `departure` lanes
"""
