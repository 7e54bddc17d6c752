-- The oldest event and webhook that a waiting job names, for housekeeping: the first row of an index, whatever the backlog.

create index jobs_least_event on jobs (payload) where kind = 'webhook';

-- "17,18,19" of a filing job, in order, and "17:0.messaging.2" of an inbound one: 17.
create index jobs_least_webhook on jobs (kind, (split_part(split_part(payload, ',', 1), ':', 1)::bigint))
    where kind in ('filing', 'inbound');
