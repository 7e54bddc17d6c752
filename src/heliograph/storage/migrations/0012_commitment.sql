-- The answer that a person is owed (the commitment to answer within 24 hours). A row stands for as long as one is owed.
create table commitments (
    conversation_id text primary key,
    app_id          text        not null,
    integration_id  text        not null,
    since           timestamptz not null            -- when the person wrote what has had no answer yet; Meta's time
);
create index commitments_of_app on commitments (app_id, since, conversation_id);
create index commitments_of_integration on commitments (integration_id, since);

-- When the conversation last got an automatic answer: one a day at most.
alter table conversations add column auto_answered_at timestamptz;
create index integrations_answering on integrations (id) where settings ? 'automaticAnswer';
