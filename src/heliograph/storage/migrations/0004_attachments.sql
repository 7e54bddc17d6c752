-- Attachments: files that the API took in. Their bytes stand here, in pieces, so that every machine can serve them.
-- No foreign key to apps: the `erase` lane takes them down in small steps, for they are large.

create table attachments (
    id              text primary key,                   -- a ULID; its 80 random bits are all that guards the file
    app_id          text        not null,
    conversation_id text,                               -- what the upload named, if it did
    for_message     boolean     not null default false, -- goes with the last message that shows it
    name            text        not null default '',
    media_type      text        not null default '',
    size            bigint,                             -- bytes; null: still coming in
    created_at      timestamptz not null default now()
);
create index attachments_of_app on attachments (app_id, id);
create index attachments_of_conversation on attachments (conversation_id) where conversation_id is not null;
create index attachments_unfinished on attachments (created_at) where size is null;

create table attachment_pieces (
    attachment_id text  not null references attachments on delete cascade,
    number        int   not null,                       -- from 0; all pieces but the last have the same size
    data          bytea not null,
    primary key (attachment_id, number)
);
-- Pictures and videos are compressed already.
alter table attachment_pieces alter column data set storage external;

-- Which messages show an attachment that goes with its messages.
create table attachment_uses (
    attachment_id   text not null references attachments on delete cascade,
    message_id      text not null,
    conversation_id text not null,
    primary key (attachment_id, message_id)
);
create index attachment_uses_of_message on attachment_uses (message_id);
create index attachment_uses_of_conversation on attachment_uses (conversation_id);
