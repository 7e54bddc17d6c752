-- Users of a brand, identities, clients that were removed, and clients of SDK users.

-- identities: [{"type": "email", "value": "…", "verification": "…"}], emails in lower case.
alter table users add column brand_id text, add column identities jsonb not null default '[]';

-- An external id is unique within its brand.
drop index users_external;
create unique index users_external on users (app_id, external_id, coalesce(brand_id, '')) where external_id is not null;
create index users_identities on users using gin (identities jsonb_path_ops) where identities <> '[]';

-- removed_at: taken from the user by the API. Nobody sees it any more; it comes back when the person writes again.
-- A client of type sdk belongs to no integration, and a user has one at most.
alter table clients add column removed_at timestamptz,
    alter column integration_id drop not null, alter column external_id drop not null;
create unique index clients_sdk on clients (user_id) where type = 'sdk';
