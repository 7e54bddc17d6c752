-- OAuth: who may ask people for access to their apps, and the codes on their way to becoming tokens. A token is signed by
-- an integration's key, so that tokens are found, checked and revoked as keys are.

create table oauth_clients (
    id            text primary key,
    display_name  text        not null,
    secret        bytea       not null,             -- sealed
    redirect_uris text[]      not null,
    remove_url    text,
    icon          text,                             -- a data: URL
    created_at    timestamptz not null default now()
);

-- An integration of a client has the client's id as its type; a client has one in each app.
create unique index integrations_of_oauth on integrations (type, app_id) where type ~ '^[0-9a-f]{24}$';

create table oauth_codes (
    hash         bytea primary key,                 -- SHA-256 of the code
    client_id    text        not null references oauth_clients on delete cascade,
    app_id       text        not null references apps on delete cascade,
    approved_by  text        not null references api_keys on delete cascade,
    redirect_uri text        not null,
    expires_at   timestamptz not null,
    key_id       text                               -- the key of the token it became; null: not used yet
);
create index oauth_codes_age on oauth_codes (expires_at);
create index oauth_codes_of_app on oauth_codes (app_id);
create index oauth_codes_of_key on oauth_codes (approved_by);
