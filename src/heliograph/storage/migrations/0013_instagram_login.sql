-- Instagram Login: accounts that are connected without a Page, by tokens that expire and are refreshed.

-- By which login an app's id and secret are good; the two have ids of their own at Meta.
alter table facebook_apps add column login text not null default 'facebook' check (login in ('facebook', 'instagram'));

alter table instagram_accounts
    add column login            text not null default 'facebook' check (login in ('facebook', 'instagram')),
    -- By Meta's clock, as are all times of tokens. Null: the token has no scheduled end.
    add column token_expires_at timestamptz,
    -- When the token is refreshed, or looked at again. While a process is at it: when another may try.
    add column refresh_at       timestamptz,
    -- Why the last refresh failed; null when it did not. Set, too, when the integration's status is 'error' for it.
    add column refresh_error    text;

-- The accounts whose tokens are to be refreshed, the most urgent first.
create index instagram_accounts_refresh on instagram_accounts (refresh_at) where refresh_at is not null;
-- Whether an account is in an app already, by whatever login.
create index instagram_accounts_of_app on instagram_accounts (app_id, account_id);
