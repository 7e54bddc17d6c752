"""The commands behind `heliograph …`, one module each. `cli` only names them and their options.

demo           everything at once, to be tried          listen           a webhook target to look at
backfill       accounts compared with Meta              show_backfill    how that is shown
backup         the database in a file, and back         show_backup      how that is shown
doctor         installation and integrations examined   show_doctor      how that is shown
app_review     what App Review needs                    show_app_review  how that is shown
facebook_apps  the apps at Meta                         keys             account and app keys
members        of the dashboard                         oauth            OAuth clients
table          every setting                            console          how the terminal speaks
run            a coroutine as a process
"""
