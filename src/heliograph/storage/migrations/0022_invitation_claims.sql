-- One account by one invitation: a claim is for an account, and is free when no request holds it any more.
alter table invitations
    add column claimed_account text,                       -- the account that is being connected, or that was
    add column claims          text[] not null default '{}'; -- one for each request that connects it just now
