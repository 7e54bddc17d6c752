-- What the doctor must know of a connection, beside what Meta tells.

alter table instagram_accounts
    -- When somebody began to disconnect it, by our clock: what Meta sends for it is unsubscribed, and nobody puts it back.
    add column leaving_at  timestamptz,
    -- What Meta last refused a message with that is about the app or the account, and stops no other (code, subcode, message,
    -- and the client whom it was for), and when. Null: none, or Meta has taken one since.
    add column objection   jsonb,
    add column objected_at timestamptz;

-- A login with this permission was dated as a call of it, whether there was a Page of a portfolio in the list or not.
delete from review_calls where permission = 'business_management';
