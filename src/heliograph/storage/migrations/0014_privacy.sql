-- What is kept of people, found again when it has to go.

-- Whose webhooks stand in the journal. Written when a webhook is filed: one row for each person that it names, as a
-- number made of Facebook app, account and person (`journal_people.number_of`). Goes with the webhook.
create table journal_people (
    journal_id bigint not null,
    person     bigint not null,
    primary key (journal_id, person)
);
create index journal_people_of on journal_people (person, journal_id);

-- Webhooks that were filed before there was this table get their rows from the lane `people`.
with chunks as (
    select facebook_app_id, (row_number() over (partition by facebook_app_id order by id) - 1) / 200 as chunk, id
    from journal
), payloads as (
    select facebook_app_id, chunk, string_agg(id::text, ',' order by id) as payload
    from chunks group by facebook_app_id, chunk
), filed as (
    insert into jobs (kind, key, payload)
    select 'people', facebook_app_id, payload from payloads order by facebook_app_id, chunk
    returning key
)
insert into lanes (kind, key, due_at, pending) select 'people', key, now(), count(*) from filed group by key;

-- Which account an integration had that has none any more: ids alone, so that its people can still be forgotten.
create table departed_accounts (
    integration_id  text not null,
    app_id          text not null references apps on delete cascade,
    facebook_app_id text not null,
    account_id      text not null,
    primary key (integration_id, facebook_app_id, account_id)
);
create index departed_accounts_of_app on departed_accounts (app_id);

-- Events hold texts and names. user_id: whose erasure takes an event that no living conversation leads to.
alter table events add column user_id text;
update events set user_id = extras::jsonb #>> '{user,id}' where conversation_id is null and extras is not null;
create index events_of_conversation on events (conversation_id, id) where conversation_id is not null;
create index events_of_user on events (app_id, user_id, id) where user_id is not null;

-- An answer that is remembered holds the message.
alter table idempotency_keys add column conversation_id text;
update idempotency_keys k set conversation_id = m.conversation_id
from messages m where k.response is not null and m.id = k.response::jsonb ->> 'id';
create index idempotency_keys_of_conversation on idempotency_keys (conversation_id) where conversation_id is not null;

-- The person at Facebook who gave an account's token, by the id that the Facebook app knows them by. Null: not known.
alter table instagram_accounts add column owner_id text, add column if not exists refusal json;
create index instagram_accounts_owner on instagram_accounts (facebook_app_id, owner_id);

-- What Meta asks on behalf of such a person (Meta reference 4.5). Nothing personal stays here once it is done.
create table owner_requests (
    id              bigint generated always as identity primary key,
    code            text        not null unique,     -- the confirmation code: whoever knows it may see how far it is
    digest          bytea       not null unique,     -- of the signed request: sent again, it is the same one
    kind            text        not null check (kind in ('deauthorize', 'data_deletion')),
    scope           text        not null check (scope in ('connection', 'everything')),
    facebook_app_id text        not null,
    owner_id        text,                            -- null once it is done
    step            text        not null default 'received'
                    check (step in ('received', 'connection', 'conversations', 'done')),
    requested_at    timestamptz not null default now(),
    done_at         timestamptz
);

-- How long an app keeps what: one row for each app that says so, and how far the search is (see `aging`).
create table app_retention (
    app_id        text primary key references apps on delete cascade,
    messages_days int check (messages_days > 0),
    events_days   int check (events_days > 0),
    media_days    int check (media_days > 0),
    due_at        timestamptz not null default now(),
    after         text        not null default ''    -- the search has come to this conversation; '': none is under way
);
create index app_retention_due on app_retention (due_at);
