-- What a channel tells of messages beyond their bodies, and who owns a thread at the channel.

-- channel: {"raw": what the body does not hold, as it came; "edit": the newest edit; "reactions": whose is how old}.
-- quoted_id: the message that stands in this one's body as a quote. Both go with the message.
alter table messages add column channel json, add column quoted_id text;
create index messages_quoting on messages (quoted_id) where quoted_id is not null;

-- The app that owns the thread, when it is not ours: its id at the channel, '?' when that was not told. Null: nobody.
alter table clients add column thread_owner text, add column thread_owner_at timestamptz;

-- Reactions and edits that came before their message; they go when it comes, or with the events of
-- their time. Almost always empty.
create table early_changes (
    id             bigint generated always as identity primary key,
    app_id         text        not null references apps on delete cascade,
    integration_id text        not null references integrations on delete cascade,
    person         text        not null,            -- whose conversation it is, by their id on the channel
    mid            text        not null,
    kind           text        not null check (kind in ('reaction', 'edit')),
    author         text        not null,
    at             timestamptz not null,            -- the channel's time of it
    change         json        not null,
    created_at     timestamptz not null default now(),
    unique (integration_id, mid, kind, author, at)
);
create index early_changes_of_person on early_changes (integration_id, person);
create index early_changes_of_app on early_changes (app_id);
