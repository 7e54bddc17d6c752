-- Switchboards: which of an app's integrations is in control of a conversation.

create table switchboards (
    id         text primary key,
    app_id     text        not null unique references apps on delete cascade,  -- one an app
    enabled    boolean     not null default false,
    default_id text,                                -- who gets control first
    created_at timestamptz not null default now()
);

create table switchboard_integrations (
    id                     text primary key,
    app_id                 text        not null references apps on delete cascade,
    switchboard_id         text        not null references switchboards on delete cascade,
    integration_id         text        not null references integrations on delete cascade,
    integration_type       text        not null,    -- the integration's own; it never changes
    name                   text        not null,
    deliver_standby_events boolean     not null default true,
    next_id                text references switchboard_integrations on delete set null,
    message_history_count  smallint,
    created_at             timestamptz not null default now(),
    constraint switchboard_integrations_named unique (switchboard_id, name),
    constraint switchboard_integrations_linked unique (switchboard_id, integration_id)
);
create index switchboard_integrations_of_app on switchboard_integrations (app_id);
-- Every publishing asks by integration; the others serve the foreign keys, when an integration goes.
create index switchboard_integrations_of_integration on switchboard_integrations (integration_id);
create index switchboard_integrations_next on switchboard_integrations (next_id) where next_id is not null;

alter table switchboards add foreign key (default_id) references switchboard_integrations on delete set null;
create index switchboards_default on switchboards (default_id) where default_id is not null;

-- No foreign keys, as in all hot tables: an id that no switchboard integration has any more counts as none.
alter table conversations
    add column active_switchboard_integration_id  text,
    add column pending_switchboard_integration_id text;
