-- The doctor: what is known of how a connection does, and what it did about it.

alter table instagram_accounts
    -- When this token was given, by Meta's clock: what was taken back before that was another one. Null: not kept then.
    add column connected_at    timestamptz,
    -- Since when webhooks are counted on, by Meta's clock: what was written before proves nothing.
    add column heard_since     timestamptz not null default now(),
    -- Of the webhooks that came from Meta itself: when the last one came (our clock), the youngest event in any of them
    -- (Meta's), and the time between the two in seconds, smoothed.
    add column last_webhook_at timestamptz,
    add column last_event_at   timestamptz,
    add column webhook_latency float8,
    -- When Meta refused a call for good and `refusal` was written for that; null: the doctor, or an owner's wish, wrote it.
    add column refused_at      timestamptz,
    -- What the doctor found that keeps webhooks away and nothing else: status is 'error', and sends go on.
    add column ailment         text,
    -- When Meta last refused a message that carried the human agent tag, and none has gone since.
    add column tag_refused_at  timestamptz;

-- By Meta's clock: what was taken back before an account was connected again is not about that.
alter table owner_requests add column issued_at timestamptz;

-- The last report about each integration of a channel that can be examined. One row, whatever happens.
create table integration_health (
    integration_id text primary key references integrations on delete cascade,
    app_id         text        not null,
    state          text        not null default 'unknown' check (state in ('ok', 'warning', 'broken', 'unknown')),
    told           text        not null default 'ok',   -- the state that webhooks were told last
    findings       jsonb       not null default '[]',
    checked_at     timestamptz,                         -- null: not yet
    acquitted_at   timestamptz,                         -- when sends were last let go although Meta had refused one
    due_at         timestamptz not null default now()
) with (fillfactor = 70);
create index integration_health_due on integration_health (due_at);

insert into integration_health (integration_id, app_id, due_at)
select integration_id, app_id, now() + random() * interval '1 hour' from instagram_accounts;

-- The conversations of an integration whose threads other apps own.
create index clients_owned_elsewhere on clients (integration_id) where thread_owner is not null;
