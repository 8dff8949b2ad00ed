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
    /// It survives the death of the process.
    Process = 1,
    /// It survives a loss of power: each call waits for an fsync.
    Power = 2,
}

/// What `log` does when the journal has reached its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Wait up to [`Options::block_timeout`] for space, then act as `Drop`.
    Block = 1,
    /// Return [`Status::Full`] at once. The loss is counted and recorded as a gap event in the ledger.
    Drop = 2,
    /// Return [`Status::Full`] at once. The caller keeps the event, so it is not counted as lost.
    Raise = 3,
}

/// Options of a client. The value of an option that is not set comes from the configuration, else from the library's
/// default.
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
    /// Returns options of which none is set.
    pub fn new() -> Options {
        Options::default()
    }

    /// Sets the ledger file. Default: `PROVENLOG_DB_PATH`, then the configuration, then `~/.provenlog/events.db`.
    pub fn db_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.db_path = Some(path.into());
        self
    }

    /// Sets the URL of a server, for server mode. It does not exist yet: `open` returns [`Status::Unsupported`].
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the agent of events that have none.
    pub fn agent_id(mut self, agent: impl Into<String>) -> Self {
        self.agent_id = Some(agent.into());
        self
    }

    /// Sets the session of events that have none.
    pub fn session_id(mut self, session: impl Into<String>) -> Self {
        self.session_id = Some(session.into());
        self
    }

    /// Sets the source of events. Default: `"sdk"`.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets how events are captured. Default: `"embedded"`.
    pub fn capture_method(mut self, method: impl Into<String>) -> Self {
        self.capture_method = Some(method.into());
        self
    }

    /// Adds a label to every event that has no label with this key.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), Value::String(value.into()));
        self
    }

    /// Adds an entry to the metadata of every event that has no entry with this key.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Attaches an object to the value that [`Options::label`] gives to a label, as
    /// [`Client::set_default_context`](crate::Client::set_default_context) does.
    pub fn context(mut self, key: impl Into<String>, context: impl Into<Value>) -> Self {
        self.context.insert(key.into(), context.into());
        self
    }

    /// Sets what a recorded event survives. Default: the configuration, else [`Durability::Process`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = Some(durability);
        self
    }

    /// Sets what `log` does when the journal is full. Default: the configuration, else [`OnFull::Block`].
    pub fn on_full(mut self, on_full: OnFull) -> Self {
        self.on_full = Some(on_full);
        self
    }

    /// Adds no salt to events, so that equal events have equal bytes.
    pub fn no_salt(mut self) -> Self {
        self.no_salt = true;
        self
    }

    /// Sets the number of events in one commit, 1 to 4096. Default: the configuration, else 100.
    pub fn batch_size(mut self, events: u32) -> Self {
        self.batch_size = events;
        self
    }

    /// Sets the longest delay of a commit, 1 ms to 1 h, rounded up to whole milliseconds. Default: the configuration,
    /// else 1 s.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = interval;
        self
    }

    /// Sets how long [`OnFull::Block`] waits, rounded up to whole milliseconds. Default: the configuration, else 5 s.
    pub fn block_timeout(mut self, timeout: Duration) -> Self {
        self.block_timeout = timeout;
        self
    }

    /// Sets the limit for the canonical bytes of one event, 4 KiB to 64 MiB. Longer events are cut. Default: the
    /// configuration, else 1 MiB.
    pub fn max_event_bytes(mut self, octets: u64) -> Self {
        self.max_event_bytes = octets;
        self
    }

    /// Sets the limit for uncommitted events in the journal of this process, at least 1 MiB. Default: the
    /// configuration, else 256 MiB.
    pub fn journal_limit_bytes(mut self, octets: u64) -> Self {
        self.journal_limit_bytes = octets;
        self
    }

    /// Calls `open` with the C struct. Its pointers are valid during that call.
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
        fn ms(name: &str, duration: Duration, limit: &str) -> Result<u32> {
            u32::try_from(milliseconds(duration)).map_err(|_| {
                let message = format!("{}: {:?} is out of range; use 1ms to {}", name, duration, limit);
                Error::new(Status::Invalid, message)
            })
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
            // plog_client_options_init is not used: the struct of a later library may be larger than this one.
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
            flush_interval_ms: ms("flush_interval", self.flush_interval, "1h")?,
            block_timeout_ms: ms("block_timeout", self.block_timeout, "1193h")?,
            reserved: 0,
            max_event_bytes: self.max_event_bytes,
            journal_limit_bytes: self.journal_limit_bytes,
        })
    }
}
