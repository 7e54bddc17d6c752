-- Media of people's messages, served by proxy: where at Meta each file stands. The addresses we give out name these rows.
-- What goes takes them along, whichever way it goes: the message, or the conversation that a story mention came into.

create table media (
    id              text primary key,
    app_id          text        not null,
    integration_id  text        not null,
    mid             text        not null,
    part            smallint    not null,           -- of the mid's files, from 0
    message_id      text references messages on delete cascade,
    conversation_id text references conversations on delete cascade,  -- of what left no message
    kind            text        not null,           -- the attachment's type at Meta, or `story`
    position        smallint    not null,           -- among the attachments, shares or stories that Meta tells of the mid
    url             text        not null,           -- Meta's link, which lapses
    refreshed_at    timestamptz not null,           -- when Meta gave the link
    media_type      text,                           -- null: nobody has looked yet
    size            bigint,
    check ((message_id is null) <> (conversation_id is null))
) with (fillfactor = 80);
create unique index media_of_mid on media (integration_id, mid, part);
create index media_of_message on media (message_id) where message_id is not null;
create index media_of_conversation on media (conversation_id) where conversation_id is not null;

-- A copy that `mediaMode: store` made.
alter table attachments add column media_id text references media on delete cascade;
create unique index attachments_of_media on attachments (media_id) where media_id is not null;

alter table instagram_accounts add column media_mode text not null default 'proxy'
    check (media_mode in ('proxy', 'store', 'link'));
-- The wire shows integrations from these.
update integrations set settings = settings || '{"mediaMode": "proxy"}' where type = 'instagram';

alter table clients add column profile_tried_at timestamptz;  -- when the profile was last asked for, in vain or not
