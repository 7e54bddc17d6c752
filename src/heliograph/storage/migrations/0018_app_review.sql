-- App Review at Meta wants a successful call for each permission in the 30 days before it: the last one of each.
create table review_calls (
    facebook_app_id text        not null references facebook_apps on delete cascade,
    permission      text        not null,
    made_at         timestamptz not null,              -- by Meta's clock
    primary key (facebook_app_id, permission)
);
