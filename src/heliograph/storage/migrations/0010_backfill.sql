-- Backfill: what webhooks missed is read from Meta's Conversations API and goes the way of a webhook.

-- Where a webhook in the journal comes from: null is Meta; else the run that wrote it, for this integration alone.
alter table journal add column backfill_run bigint, add column integration_id text;
create index journal_of_backfill on journal (backfill_run) where backfill_run is not null;

-- How far an account's threads have been compared. Outlives the integration, so that an account that is connected anew
-- gets what was written in between. Times are Meta's, due_at is ours.
create table backfill_accounts (
    app_id          text        not null references apps on delete cascade,
    facebook_app_id text        not null,
    account_id      text        not null,
    not_before      timestamptz not null,             -- what is older was never ours to bring in
    complete_to     timestamptz not null,             -- all that is older has been compared
    due_at          timestamptz,                      -- of the next automatic run; null: not before it is connected anew
    reason          text        not null default 'interval',  -- what that run is for
    primary key (app_id, facebook_app_id, account_id)
);
create index backfill_accounts_due on backfill_accounts (due_at);

insert into backfill_accounts (app_id, facebook_app_id, account_id, not_before, complete_to, due_at)
select a.app_id, a.facebook_app_id, a.account_id, i.created_at, now(), now() + random() * interval '15 min'
from instagram_accounts a join integrations i on i.id = a.integration_id;

-- One row a run: its result, and while it runs how far it has come.
create table backfill_runs (
    id             bigint generated always as identity primary key,
    app_id         text        not null,
    integration_id text        not null references integrations on delete cascade,
    reason         text        not null check (reason in ('asked', 'connected', 'reconnected', 'downtime', 'missed', 'interval')),
    state          text        not null default 'waiting' check (state in ('waiting', 'running', 'paused', 'done', 'failed')),
    asked_at       timestamptz not null default now(),
    started_at     timestamptz,
    ended_at       timestamptz,
    since          timestamptz,                       -- null: since the last complete run
    began          timestamptz,                       -- Meta's time of the first look: younger messages are the next run's
    threads        int         not null default 0,    -- looked at
    found          int         not null default 0,    -- messages that were not known, and put in line
    added          int         not null default 0,    -- of those, what was not applied from elsewhere meanwhile
    unreadable     int         not null default 0,    -- messages of which Meta tells the id only
    error          text,
    resume_at      timestamptz,                       -- paused: when it goes on
    tries          smallint    not null default 0,    -- in a row that Meta did not answer
    page_size      smallint    not null default 25,
    passes         smallint    not null default 0,    -- over the list of threads, before this one
    pages          int         not null default 0,    -- of this pass
    newest         timestamptz,                       -- thread of this pass
    stop_at        timestamptz,                       -- this pass ends at the first thread that is older
    cursor         text,                              -- Meta's, after the last page
    listed         boolean     not null default false,
    todo           jsonb       not null default '[]'  -- threads to be read
);
-- At most one run waits: whoever asks for another joins it.
create unique index backfill_runs_waiting on backfill_runs (integration_id) where started_at is null;
create index backfill_runs_of on backfill_runs (integration_id, id);

-- Messages that a run put in line or could not read. Not all of them become messages (and mids): each is told once.
create table backfill_seen (
    id             bigint      generated always as identity,
    integration_id text        not null references integrations on delete cascade,
    mid            text        not null,
    seen_at        timestamptz not null default now(),
    primary key (integration_id, mid)
);
create unique index backfill_seen_age on backfill_seen (id);

-- When a process of this installation last looked: a gap tells that none ran.
create table backfill_heartbeat (
    one boolean     primary key default true check (one),
    at  timestamptz not null default now()
);
insert into backfill_heartbeat default values;
