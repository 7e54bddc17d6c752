-- What the doctor must know of a connection, beside what Meta tells.

alter table instagram_accounts
    -- When somebody began to disconnect it, by our clock: what Meta sends for it is unsubscribed, and nobody puts it back.
    add column leaving_at timestamptz;
