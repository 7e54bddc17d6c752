-- Invitations: a link by which somebody without a session connects an account to an app, on a page of this server.
create table invitations (
    id              text        primary key,
    app_id          text        not null references apps on delete cascade,
    code_hash       bytea       not null unique,      -- sha256 of what is in the link
    return_url      text        not null,
    state           text,                             -- the inviter's own; comes back as it is
    facebook_app_id text,                             -- the one to log in with; null: the installation's choice
    login           text        check (login in ('facebook', 'instagram')),
    display_name    text,                             -- of the integration
    settings        jsonb       not null default '{}', -- of the integration, as its create body has them
    brand_name      text,                             -- who asks, on the page; null: the app's name
    logo_url        text,
    created_at      timestamptz not null default now(),
    expires_at      timestamptz not null,
    opened_at       timestamptz,                      -- first
    begun_by        bytea,                            -- sha256 of the nonce of the browser that began a login last
    claimed_by      text,                             -- the login that connects just now, or that has
    claimed_at      timestamptz,
    used_at         timestamptz,
    integration_id  text        references integrations on delete set null,
    cancelled_at    timestamptz
);
create index invitations_of_app on invitations (app_id, id);
create index invitations_expiry on invitations (expires_at);
create index invitations_of_integration on invitations (integration_id) where integration_id is not null;
