-- The first schema. Tables that belong to an app carry app_id, and their keys can be led by it.
-- Hot tables (messages, events, jobs, ...) have no foreign keys: their parents are locked by the code that writes them,
-- and are taken down by the same code.

-- Apps and keys -------------------------------------------------------------------------------------------------

create table apps (
    id           text primary key,
    display_name text        not null,
    settings     jsonb       not null default '{}',
    metadata     jsonb       not null default '{}',
    created_at   timestamptz not null default now()
);

create table api_keys (
    id             text primary key,                -- act_…, app_…, int_…
    scope          text        not null check (scope in ('account', 'app', 'integration')),
    app_id         text references apps on delete cascade,
    integration_id text,
    display_name   text        not null,
    secret         bytea       not null,            -- sealed; the API shows it on every read, as the original does
    created_at     timestamptz not null default now()
);
create index api_keys_of_app on api_keys (app_id, id);

-- Integrations and customer webhooks ----------------------------------------------------------------------------

create table integrations (
    id           text primary key,
    app_id       text        not null references apps on delete cascade,
    type         text        not null,
    status       text        not null default 'active' check (status in ('active', 'inactive', 'error')),
    display_name text,
    settings     jsonb       not null default '{}', -- the type's readable fields, as the wire shows them
    created_at   timestamptz not null default now()
);
create index integrations_of_app on integrations (app_id, id);

create table webhooks (
    id                  text primary key,
    app_id              text        not null references apps on delete cascade,
    integration_id      text        not null references integrations on delete cascade,
    target              text        not null,
    triggers            text[]      not null,
    include_full_user   boolean     not null default false,
    include_full_source boolean     not null default false,
    secret              bytea       not null,
    created_at          timestamptz not null default now()
);
create index webhooks_of_app on webhooks (app_id, id);

-- People and conversations --------------------------------------------------------------------------------------

create table users (
    id             text primary key,
    app_id         text        not null,
    external_id    text,
    signed_up_at   timestamptz,
    to_be_retained boolean,
    profile        jsonb       not null default '{}',
    metadata       jsonb       not null default '{}',
    created_at     timestamptz not null default now()
);
create unique index users_external on users (app_id, external_id) where external_id is not null;

create table clients (
    id             text primary key,
    app_id         text        not null,
    user_id        text        not null,
    integration_id text        not null,
    type           text        not null,
    external_id    text        not null,            -- Instagram: the IGSID
    status         text        not null default 'active',
    display_name   text,
    avatar_url     text,
    raw            jsonb       not null default '{}',
    last_seen      timestamptz,
    linked_at      timestamptz not null default now(),
    last_action_at timestamptz,                     -- the window of 24 h and 7 d counts from here
    profile_at     timestamptz                      -- when the profile was last read; null: never with success
) with (fillfactor = 80);
create unique index clients_external on clients (integration_id, external_id);
create index clients_of_user on clients (user_id, id);

create table conversations (
    id                 text primary key,
    app_id             text        not null,
    type               text        not null default 'personal',
    is_default         boolean     not null default false,
    display_name       text,
    description        text,
    icon_url           text,
    metadata           jsonb       not null default '{}',
    business_last_read timestamptz,
    last_updated_at    timestamptz not null default now(),
    message_count      int         not null default 0,
    created_at         timestamptz not null default now()
) with (fillfactor = 80);
create index conversations_of_app on conversations (app_id, id);

create table participants (
    id              text primary key,
    app_id          text        not null,
    conversation_id text        not null,
    user_id         text        not null,
    client_id       text,                           -- the client that messages of this participant go to
    unread_count    int         not null default 0,
    last_read       timestamptz,
    created_at      timestamptz not null default now()
) with (fillfactor = 80);
create unique index participants_of_conversation on participants (conversation_id, user_id);
create index participants_of_user on participants (user_id, conversation_id);

create table messages (
    id              text primary key,
    seq             bigint generated always as identity,  -- order within the conversation; given under its lock
    app_id          text        not null,
    conversation_id text        not null,
    author_type     text        not null,
    user_id         text,
    received        timestamptz not null,
    deleted         boolean     not null default false,
    body            json        not null            -- the message as the wire shows it
);
create index messages_of_conversation on messages (conversation_id, seq);

-- One row per channel message id, inbound or outbound, for ever: what makes every event apply once.
-- part: several Sunshine messages can come of one mid (one per attachment). message_id is null for what left no
-- message: a postback, a story mention, or an unsend that came before its message.
create table mids (
    integration_id text not null,
    mid            text not null,
    part           smallint not null default 0,
    app_id         text not null,
    message_id     text,
    primary key (integration_id, mid, part)
);
create index mids_of_message on mids (message_id) where message_id is not null;

create table idempotency_keys (
    app_id       text        not null,
    key          text        not null,
    request_hash bytea       not null,
    response     json,
    created_at   timestamptz not null default now(),
    primary key (app_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- Events and their delivery -------------------------------------------------------------------------------------

create table events (
    id              text primary key,
    seq             bigint generated always as identity,
    app_id          text        not null,
    conversation_id text,
    type            text        not null,
    body            text        not null,           -- the event as customers get it: {"id","type","createdAt","payload"}
    extras          text,                           -- what includeFullUser and includeFullSource add to it
    created_at      timestamptz not null
);
create index events_age on events using brin (created_at);

create table delivery_attempts (
    id              bigint generated always as identity primary key,
    app_id          text        not null,
    webhook_id      text        not null,
    conversation_id text,
    event_ids       text[]      not null,
    attempt         smallint    not null,
    outcome         text        not null check (outcome in ('delivered', 'retry', 'failed')),
    status          smallint,                       -- null: no HTTP answer
    error           text,
    duration_ms     int         not null,
    created_at      timestamptz not null default now()
);
create index delivery_attempts_of_webhook on delivery_attempts (webhook_id, id);

-- Lanes: short-lived rows, vacuumed often -----------------------------------------------------------------------

create table lanes (
    kind    text        not null,
    key     text        not null,
    grp     text        not null default '',        -- whose lanes these are, to keep one customer from taking all hands
    due_at  timestamptz not null,                   -- when it may be leased (next); while leased: when the lease ends
    lease   bigint      not null default 0,         -- 0: nobody's; else a random number that its holder knows
    pending int         not null,
    primary key (kind, key)
) with (fillfactor = 60, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_cost_delay = 0);
create index lanes_due on lanes (kind, due_at);

create table jobs (
    kind        text        not null,
    key         text        not null,
    id          bigint generated always as identity,
    payload     text        not null,
    attempts    int         not null default 0,
    enqueued_at timestamptz not null default now(),
    primary key (kind, key, id)
) with (autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

-- Instagram -----------------------------------------------------------------------------------------------------

create table facebook_apps (
    id           text primary key,
    secret       bytea       not null,
    verify_token bytea       not null,
    created_at   timestamptz not null default now()
);

create table instagram_accounts (
    integration_id  text primary key references integrations on delete cascade,
    app_id          text    not null,
    facebook_app_id text    not null references facebook_apps,
    page_id         text    not null,
    account_id      text    not null,               -- the IGID: entry.id of its webhooks
    page_token      bytea   not null,
    story_replies   boolean not null default true,
    story_mentions  boolean not null default true,
    human_agent_tag text    not null default 'afterWindow' check (human_agent_tag in ('afterWindow', 'always', 'never'))
);
-- Once per app: an account connected twice would tell every message twice.
create unique index instagram_accounts_once on instagram_accounts (app_id, facebook_app_id, account_id);
create index instagram_accounts_routing on instagram_accounts (account_id, facebook_app_id);

-- Every webhook of Meta's that got a 200: its bytes as they came. Never updated.
create table journal (
    id              bigint generated always as identity primary key,
    facebook_app_id text        not null,
    body            bytea       not null,
    received_at     timestamptz not null default now()
);
create index journal_age on journal using brin (received_at);

-- Items of the journal that were not applied, and why. A newer version can parse them again.
create table journal_leftovers (
    journal_id bigint      not null,
    path       text        not null,                -- "0.messaging.2": entry, list, index
    account_id text        not null,
    person_id  text        not null,
    reason     text        not null,
    detail     text        not null default '',
    created_at timestamptz not null default now(),
    primary key (journal_id, path)
);
create index journal_leftovers_by_reason on journal_leftovers (reason, journal_id);

-- The send ledger: a business message, and the parts that Meta gets.
create table sends (
    message_id      text primary key,
    app_id          text        not null,
    conversation_id text        not null,
    integration_id  text        not null,
    client_id       text        not null,
    state           text        not null check (state in ('pending', 'sent', 'failed')),
    parts           smallint    not null,
    user_at         timestamptz,                    -- when delivery:user went out
    created_at      timestamptz not null default now()
) with (fillfactor = 80);
create index sends_unseen on sends (client_id) where state = 'sent' and user_at is null;

create table send_parts (
    message_id     text        not null,
    part           smallint    not null,
    app_id         text        not null,
    integration_id text        not null,
    client_id      text        not null,
    request        json        not null,            -- the Send API's body without recipient, type and tag
    state          text        not null check (state in ('pending', 'sending', 'sent', 'unknown', 'failed')),
    mid            text,
    tag            text,
    code           int,
    subcode        int,
    error          text,
    attempts       smallint    not null default 0,
    echoed         boolean     not null default false,
    started_at     timestamptz,
    settled_at     timestamptz,
    primary key (message_id, part)
) with (fillfactor = 70);
create index send_parts_open on send_parts (client_id) where state in ('sending', 'unknown');
