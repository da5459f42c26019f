-- The tables of every peer. gbvm adds its own, whose names begin with gbvm_.
CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    external_id TEXT UNIQUE,
    first_name TEXT,
    last_name TEXT,
    email TEXT,
    phone TEXT,
    company TEXT,
    title TEXT,
    status TEXT,
    source_timestamp TEXT,
    updated_at TEXT
);
CREATE TABLE sync_events (
    id TEXT PRIMARY KEY,
    source TEXT,
    event TEXT,
    record_id TEXT,
    source_timestamp TEXT,
    received_at TEXT,
    status TEXT
);
CREATE TABLE sync_status (
    id TEXT PRIMARY KEY,
    record_id TEXT,
    last_event TEXT,
    last_sync TEXT,
    sync_direction TEXT,
    status TEXT
);
