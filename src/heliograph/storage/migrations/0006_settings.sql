-- What a channel gets in the place of a message's content, as it was posted (`override`). Goes with the message.
alter table messages add column override json;

-- Apps whose conversations are emptied after a time of silence (the setting conversationRetentionSeconds), and how far
-- the search for such conversations is. One row for each app that asked for it; no row: never.
create table conversation_retention (
    app_id   text primary key references apps on delete cascade,
    seconds  int         not null check (seconds > 0),
    due_at   timestamptz not null default now(),  -- when the next search begins, or goes on
    after    text        not null default '',     -- the search has come to this conversation; '': none is under way
    earliest timestamptz                          -- the longest silent conversation that it has seen and left
);
create index conversation_retention_due on conversation_retention (due_at);

insert into conversation_retention (app_id, seconds)
select id, (settings ->> 'conversationRetentionSeconds')::int from apps
where jsonb_typeof(settings -> 'conversationRetentionSeconds') = 'number'
  and (settings ->> 'conversationRetentionSeconds')::int > 0;
