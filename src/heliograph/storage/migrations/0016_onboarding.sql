-- Connecting an account by logging in at Meta.

-- Facebook apps as the built-in login uses them. One that came with an integration's creation is nobody's in particular:
-- it serves the apps whose accounts are connected by it. One that was entered here has a name, and is for everybody
-- (shared) or for one app. A bound one whose app is deleted is nobody's; it does not become everybody's.
alter table facebook_apps
    add column name       text        not null default '',
    add column config_id  text,                                   -- a configuration of Facebook Login for Business
    add column app_id     text        references apps on delete set null,
    add column shared     boolean     not null default false,
    add column is_default boolean     not null default false,     -- the one of several shared ones
    add column checked_at timestamptz,                            -- when Meta accepted id and secret
    add constraint facebook_apps_of_one_or_all check (not shared or app_id is null),
    add constraint facebook_apps_default check (not is_default or shared);
create unique index facebook_apps_one_default on facebook_apps (is_default) where is_default;
create index facebook_apps_of_app on facebook_apps (app_id) where app_id is not null;
-- Whether accounts use one (its removal), and which.
create index instagram_accounts_of_facebook_app on instagram_accounts (facebook_app_id);

-- Logins under way: from the button to the connected account. A row works once; it is gone an hour after its end.
create table login_attempts (
    id              text        primary key,
    state_hash      bytea       not null unique,      -- sha256 of what goes through the browser and Meta
    nonce_hash      bytea       not null,             -- sha256 of what the browser keeps in a cookie
    app_id          text        not null references apps on delete cascade,
    integration_id  text        references integrations on delete cascade,   -- to reconnect
    invitation_id   text,
    member_id       text,
    return_to       text        not null,
    again_at        text        not null,
    popup           boolean     not null,
    facebook_app_id text        not null references facebook_apps on delete cascade,
    login           text        not null check (login in ('facebook', 'instagram')),
    verifier        bytea,                            -- sealed; gone after the return
    user_token      bytea,                            -- sealed; gone after the choice
    scopes          text[],                           -- as the exchange told them; null: it did not
    step            text        not null default 'begun'
                    check (step in ('begun', 'returned', 'granted', 'chosen', 'failed')),
    connected_id    text,                             -- the integration that it came to
    account_id      text,                             -- and the account
    created         boolean,                          -- whether that was a new one
    created_at      timestamptz not null default now(),
    expires_at      timestamptz not null
);
create index login_attempts_expiry on login_attempts (expires_at);
create index login_attempts_of_app on login_attempts (app_id);
create index login_attempts_of_integration on login_attempts (integration_id) where integration_id is not null;
create index login_attempts_of_facebook_app on login_attempts (facebook_app_id);
