//! Every bound of the project, in one struct. All are on by default.

/// What scripts, requests and queues may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Instructions a segment may execute, counted on calls and backward jumps; none means no bound. What looks at much
    /// counts as many.
    pub fuel: Option<u64>,
    /// Wall time of a run that a webhook started, in milliseconds, not counting waits for answers; none means no bound.
    pub webhook_wall_ms: Option<u64>,
    /// After how many milliseconds a request is answered 202 whose run still waits for another system.
    pub answer_ms: u64,
    /// Wall time of a run that a schedule or trigger started, in milliseconds.
    pub job_wall_ms: Option<u64>,
    /// Bytes that the values of a run may take at one time.
    pub memory_bytes: usize,
    /// The same for a run that was started by hand and not by an event.
    pub manual_memory_bytes: usize,
    /// Procedures that may wait for another at one time.
    pub call_depth: usize,
    /// Bytes of one string.
    pub string_bytes: usize,
    /// Elements of one array.
    pub array_items: usize,
    /// Rows that one FIND gives.
    pub find_rows: u64,
    /// Milliseconds that one query of a run which an event started may take; none means no bound.
    pub query_ms: Option<u64>,
    /// Transactions that a script may nest.
    pub transactions: usize,
    /// Files that a script may be made of.
    pub files: usize,
    /// Columns of one table.
    pub columns: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// How deep JSON may nest.
    pub json_depth: usize,
    /// Header fields of a request.
    pub header_count: usize,
    /// Bytes of a request's head.
    pub header_bytes: usize,
    /// Connections at one time.
    pub connections: usize,
    /// Runs at one time.
    pub runs: usize,
    /// Runs that may wait for their turn.
    pub queue: usize,
    /// Runs that share one commit.
    pub group_runs: usize,
    /// How long the first of them waits for the last, in milliseconds.
    pub group_ms: u64,
    /// Milliseconds one HTTP call may take.
    pub http_ms: u64,
    /// Bytes of an answer, after decompression.
    pub http_answer_bytes: usize,
    /// Bytes that a run which an event started may print and log.
    pub log_bytes: usize,
    /// Triggers that may start one another.
    pub trigger_depth: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            fuel: Some(50_000_000),
            webhook_wall_ms: Some(10_000),
            answer_ms: 10_000,
            job_wall_ms: Some(15 * 60_000),
            memory_bytes: 64 << 20,
            manual_memory_bytes: 1 << 30,
            call_depth: 256,
            string_bytes: 8 << 20,
            array_items: 1 << 20,
            find_rows: 10_000,
            query_ms: Some(10_000),
            transactions: 64,
            files: 256,
            columns: 500,
            body_bytes: 1 << 20,
            json_depth: 64,
            header_count: 64,
            header_bytes: 16 << 10,
            connections: 10_000,
            runs: 64,
            queue: 1024,
            group_runs: 64,
            group_ms: 5,
            http_ms: 30_000,
            http_answer_bytes: 8 << 20,
            log_bytes: 1 << 20,
            trigger_depth: 8,
        }
    }
}
