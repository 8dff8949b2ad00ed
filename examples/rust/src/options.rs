use crate::error::{Error, Result, Status};
use crate::sys;
use crate::text::{milliseconds, pointer, terminated};
use crate::value::Value;
use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

/// What a recorded event survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The death of the process.
    Process = 1,
    /// The loss of power: each call waits for an fsync.
    Power = 2,
}

/// What happens when the journal has reached its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Wait up to `block_timeout` for space, then as `Drop`.
    Block = 1,
    /// [`Status::Full`] at once; the loss is counted and becomes a gap event in the ledger.
    Drop = 2,
    /// [`Status::Full`] at once; the caller keeps the event, so nothing is counted as lost.
    Raise = 3,
}

/// How to open a client. What is not set comes from the configuration, or is the library's default.
#[derive(Clone, Debug, Default)]
pub struct Options {
    base_url: Option<String>,
    db_path: Option<PathBuf>,
    agent_id: Option<String>,
    session_id: Option<String>,
    source: Option<String>,
    capture_method: Option<String>,
    labels: BTreeMap<String, Value>,
    metadata: BTreeMap<String, Value>,
    context: BTreeMap<String, Value>,
    durability: Option<Durability>,
    on_full: Option<OnFull>,
    no_salt: bool,
    batch_size: u32,
    flush_interval: Duration,
    block_timeout: Duration,
    max_event_bytes: u64,
    journal_limit_bytes: u64,
}

impl Options {
    /// Nothing set.
    pub fn new() -> Options {
        Options::default()
    }

    /// The ledger file. Without: `PROVENLOG_DB_PATH`, configuration, then `~/.provenlog/events.db`.
    pub fn db_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.db_path = Some(path.into());
        self
    }

    /// A server in place of a file: [`Status::Unsupported`] until server mode exists.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The agent of events that name none.
    pub fn agent_id(mut self, agent: impl Into<String>) -> Self {
        self.agent_id = Some(agent.into());
        self
    }

    /// The session of events that name none.
    pub fn session_id(mut self, session: impl Into<String>) -> Self {
        self.session_id = Some(session.into());
        self
    }

    /// Where events come from; `"sdk"` by default.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How events are captured; `"embedded"` by default.
    pub fn capture_method(mut self, method: impl Into<String>) -> Self {
        self.capture_method = Some(method.into());
        self
    }

    /// A label of every event, unless the event has one of that key itself.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), Value::String(value.into()));
        self
    }

    /// An entry of every event's metadata, unless the event has one of that key itself.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Attaches an object to the client's own value of a label, as [`Client::set_context`](crate::Client::set_context).
    pub fn context(mut self, key: impl Into<String>, context: impl Into<Value>) -> Self {
        self.context.insert(key.into(), context.into());
        self
    }

    /// What a recorded event survives.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = Some(durability);
        self
    }

    /// What happens when the journal is full.
    pub fn on_full(mut self, on_full: OnFull) -> Self {
        self.on_full = Some(on_full);
        self
    }

    /// Events get no salt: the same event has the same octets each time.
    pub fn no_salt(mut self) -> Self {
        self.no_salt = true;
        self
    }

    /// Events in one commit, 1 to 4096.
    pub fn batch_size(mut self, events: u32) -> Self {
        self.batch_size = events;
        self
    }

    /// The longest time until a commit, in steps of 1 ms.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = interval;
        self
    }

    /// How long [`OnFull::Block`] waits.
    pub fn block_timeout(mut self, timeout: Duration) -> Self {
        self.block_timeout = timeout;
        self
    }

    /// The most canonical octets of one event; what is longer is cut.
    pub fn max_event_bytes(mut self, octets: u64) -> Self {
        self.max_event_bytes = octets;
        self
    }

    /// The most that the journal of this process may hold uncommitted.
    pub fn journal_limit_bytes(mut self, octets: u64) -> Self {
        self.journal_limit_bytes = octets;
        self
    }

    /// Calls `open` with the C struct, whose pointers live as long as that call.
    pub(crate) fn with_native<T>(
        &self,
        open: impl FnOnce(&sys::plog_client_options) -> Result<T>,
    ) -> Result<T> {
        fn text(name: &str, value: &Option<String>) -> Result<Option<CString>> {
            value.as_deref().map(|value| terminated(name, value)).transpose()
        }
        fn object(name: &str, value: &BTreeMap<String, Value>) -> Result<Option<CString>> {
            let json = Value::Object(value.clone()).to_string();
            (!value.is_empty()).then(|| terminated(name, json)).transpose()
        }
        fn ms(name: &str, duration: Duration) -> Result<u32> {
            u32::try_from(milliseconds(duration))
                .map_err(|_| Error::new(Status::Invalid, format!("{} is out of range: {:?}", name, duration)))
        }
        let db_path = self
            .db_path
            .as_ref()
            .map(|path| terminated("db_path", path.as_os_str().as_bytes()))
            .transpose()?;
        let base_url = text("base_url", &self.base_url)?;
        let agent_id = text("agent_id", &self.agent_id)?;
        let session_id = text("session_id", &self.session_id)?;
        let source = text("source", &self.source)?;
        let capture_method = text("capture_method", &self.capture_method)?;
        let labels = object("labels", &self.labels)?;
        let metadata = object("metadata", &self.metadata)?;
        let context = object("context", &self.context)?;
        open(&sys::plog_client_options {
            // Not by plog_client_options_init: a later library's struct may be larger than this one.
            struct_size: std::mem::size_of::<sys::plog_client_options>() as u32,
            durability: self.durability.map_or(0, |durability| durability as i32),
            on_full: self.on_full.map_or(0, |on_full| on_full as i32),
            no_salt: self.no_salt.into(),
            base_url: pointer(&base_url),
            db_path: pointer(&db_path),
            agent_id: pointer(&agent_id),
            session_id: pointer(&session_id),
            labels_json: pointer(&labels),
            metadata_json: pointer(&metadata),
            context_json: pointer(&context),
            source: pointer(&source),
            capture_method: pointer(&capture_method),
            batch_size: self.batch_size,
            flush_interval_ms: ms("flush_interval", self.flush_interval)?,
            block_timeout_ms: ms("block_timeout", self.block_timeout)?,
            reserved: 0,
            max_event_bytes: self.max_event_bytes,
            journal_limit_bytes: self.journal_limit_bytes,
        })
    }
}
