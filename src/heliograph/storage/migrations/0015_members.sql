-- Members: the people who run this installation, and their way into the dashboard.

create table members (
    id            text primary key,
    email         text        not null,
    name          text        not null,
    role          text        not null check (role in ('owner', 'agent')),
    password_hash text,                             -- argon2id; null: invited, and has not chosen one yet
    last_app_id   text references apps on delete set null,
    created_at    timestamptz not null default now(),
    disabled_at   timestamptz
);
create unique index members_email on members (lower(email));
create index members_of_app on members (last_app_id) where last_app_id is not null;

-- The apps that an agent sees; owners see all.
create table member_apps (
    member_id text not null references members on delete cascade,
    app_id    text not null references apps on delete cascade,
    primary key (member_id, app_id)
);
create index member_apps_of_app on member_apps (app_id);

create table sessions (
    digest     bytea primary key,                   -- SHA-256 of the token, which only the browser has
    member_id  text        not null references members on delete cascade,
    browser    text        not null,                -- as it called itself when it signed in
    created_at timestamptz not null,
    seen_at    timestamptz not null,                -- within a minute
    expires_at timestamptz not null                 -- whatever happens
);
create index sessions_of_member on sessions (member_id);
create index sessions_age on sessions (created_at);

-- Links that open once: for the first owner, for whoever was invited, for whoever lost a password.
create table member_links (
    digest     bytea primary key,                   -- SHA-256 of the token in the link
    purpose    text        not null check (purpose in ('first', 'invitation', 'reset')),
    member_id  text references members on delete cascade check ((member_id is null) = (purpose = 'first')),
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index member_links_of_member on member_links (member_id) where member_id is not null;
create index member_links_age on member_links (created_at);

-- How many more attempts to sign in there are, by address, by address and email, by email, or by known browser.
create table sign_in_attempts (
    name bytea primary key,                         -- SHA-256 of what is counted
    left_over float8     not null,                  -- when last counted; more since, at the rate of its kind
    at   timestamptz     not null
);
create index sign_in_attempts_age on sign_in_attempts (at);
