-- How carousels and lists go out: as Instagram's cards, or as text like in the original.
alter table instagram_accounts add column carousel_mode text not null default 'native'
    check (carousel_mode in ('native', 'text'));
update integrations set settings = settings || '{"carouselMode": "native"}'
where id in (select integration_id from instagram_accounts);

-- Our own stored files that Meta has a copy of, to be sent by its id. Goes with the file, and with the account.
create table instagram_uploads (
    integration_id text        not null references integrations on delete cascade,
    attachment_id  text        not null references attachments on delete cascade,
    kind           text        not null,               -- image, video, audio, file: Meta's id is good for this kind only
    app_id         text        not null,
    sends          int         not null default 1,     -- how often the file was sent; the copy is made at the second
    tried_at       timestamptz,                        -- when somebody last set out to make it
    meta_id        text,                               -- Meta's attachment_id
    primary key (integration_id, attachment_id, kind)
) with (fillfactor = 80);
create index instagram_uploads_of_attachment on instagram_uploads (attachment_id);
