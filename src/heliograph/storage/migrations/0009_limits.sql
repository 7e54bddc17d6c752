-- Meta's limits, obeyed by all processes together. They are per professional account, whichever apps it is connected to,
-- so these two tables belong to no app; they hold ids of accounts and Facebook apps, and no person's data.

-- How fast an account is asked, by kind of call. Each row is a line of calls, one after the other at the account's rate.
create table instagram_paces (
    account_id text        not null,
    kind       text        not null,               -- send, media, conversations
    next_at    timestamptz not null,               -- when the next call in the line has its turn
    primary key (account_id, kind)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Who is not to be asked for a while, and why: an account (by the id of it or of its Page), or all of a Facebook app.
create table instagram_pauses (
    subject    text primary key,                   -- account:<id>, app:<id>
    reason     text        not null,
    refusals   int         not null default 0,     -- in a row: the more, the longer the pause
    until_at   timestamptz not null default '-infinity',
    slow_until timestamptz not null default '-infinity' -- near a limit: until then at a tenth of the rate
) with (fillfactor = 50);

-- The part's turn in its account's line, when that is too far away to wait for with the lane in hand.
alter table send_parts add column go_at timestamptz;

-- The time by Meta's clock when the part was last claimed: what comes of it is not older.
alter table send_parts add column metas_time timestamptz;

-- Why Meta takes nothing of this account any more, as its messages are told; of an integration whose status is `error`.
alter table instagram_accounts add column refusal json;
