use crate::error::{check, Result};
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

/// What `log` does when the journal has reached its limit or the disk is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Wait up to [`Options::block_timeout`] for space, then act as `Drop`.
    Block = 1,
    /// Return [`Status::Full`] at once. The loss is counted and recorded as a gap event in the ledger.
    Drop = 2,
    /// Return [`Status::Full`] at once. The caller keeps the event, so it is not counted as lost.
    Raise = 3,
}

/// How content is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// Unchanged.
    Full,
    /// With markers in place of findings.
    Redacted,
    /// Only its size and SHA-256.
    Digest,
    /// Only its size.
    None,
}

impl Capture {
    fn word(self) -> &'static str {
        match self {
            Capture::Full => "full",
            Capture::Redacted => "redacted",
            Capture::Digest => "digest",
            Capture::None => "none",
        }
    }
}

/// How content is stored, by field and by action type. If a rule for the field and one for the action type both apply,
/// the one that keeps less is used. `docs/redaction.md` lists the fields.
///
/// ```
/// use provenlog::{Capture, CapturePolicy, Options};
/// let policy = CapturePolicy::new(Capture::Redacted).field("action_output", Capture::Digest);
/// let options = Options::new().capture_content(policy);
/// ```
#[derive(Clone, Debug)]
pub struct CapturePolicy {
    default: Capture,
    fields: BTreeMap<String, Value>,
    action_types: BTreeMap<String, Value>,
}

impl CapturePolicy {
    /// Returns a policy that stores all content in one way.
    pub fn new(default: Capture) -> CapturePolicy {
        CapturePolicy { default, fields: BTreeMap::new(), action_types: BTreeMap::new() }
    }

    /// Sets how a field is stored, such as `"action_output"`.
    pub fn field(mut self, name: impl Into<String>, capture: Capture) -> Self {
        self.fields.insert(name.into(), Value::from(capture.word()));
        self
    }

    /// Sets how the content of events with an action type is stored, such as `"LLM_CALL"`.
    pub fn action_type(mut self, name: impl Into<String>, capture: Capture) -> Self {
        self.action_types.insert(name.into(), Value::from(capture.word()));
        self
    }

    fn json(&self) -> String {
        let mut members = BTreeMap::new();
        members.insert("default".to_owned(), Value::from(self.default.word()));
        members.insert("fields".to_owned(), Value::Object(self.fields.clone()));
        members.insert("action_types".to_owned(), Value::Object(self.action_types.clone()));
        Value::Object(members).to_string()
    }
}

impl From<Capture> for CapturePolicy {
    fn from(capture: Capture) -> CapturePolicy {
        CapturePolicy::new(capture)
    }
}

/// Options of a client. The value of an option that is not set comes from the environment, else from the configuration,
/// else it is the default named here. [`Client::open`](crate::Client::open) returns
/// [`Status::Config`](crate::Status::Config) for a value out of range. Durations are rounded up to whole milliseconds.
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
    salt: Option<bool>,
    batch_size: Option<u32>,
    flush_interval: Option<Duration>,
    block_timeout: Option<Duration>,
    max_event_bytes: Option<u64>,
    journal_limit_bytes: Option<u64>,
    read_connections: Option<u32>,
    capture_content: Option<CapturePolicy>,
}

impl Options {
    /// Returns options of which none is set.
    pub fn new() -> Options {
        Options::default()
    }

    /// Sets the ledger file. Default: `~/.provenlog/events.db`.
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

    /// Sets what a recorded event survives. Default: [`Durability::Process`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = Some(durability);
        self
    }

    /// Sets what `log` does when the journal is full. Default: [`OnFull::Block`].
    pub fn on_full(mut self, on_full: OnFull) -> Self {
        self.on_full = Some(on_full);
        self
    }

    /// Sets whether 16 random bytes are added to each event, so that a short payload cannot be guessed from its hash.
    /// Without salt, equal events have equal bytes. Default: true.
    pub fn salt(mut self, salt: bool) -> Self {
        self.salt = Some(salt);
        self
    }

    /// Sets the number of events in one commit, 1 to 4096. Default: 100.
    pub fn batch_size(mut self, events: u32) -> Self {
        self.batch_size = Some(events);
        self
    }

    /// Sets the longest delay of a commit, 1 ms to 1 h. Default: 1 s.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = Some(interval);
        self
    }

    /// Sets how long [`OnFull::Block`] waits, 1 ms to 24 h. Default: 5 s.
    pub fn block_timeout(mut self, timeout: Duration) -> Self {
        self.block_timeout = Some(timeout);
        self
    }

    /// Sets the limit for the canonical bytes of one event, 4096 to 67108864. Longer events are truncated. Default:
    /// 1 MiB.
    pub fn max_event_bytes(mut self, bytes: u64) -> Self {
        self.max_event_bytes = Some(bytes);
        self
    }

    /// Sets the limit for uncommitted events in the journal of this process, 1 MiB to 2^53 bytes. Default: 256 MiB.
    pub fn journal_limit_bytes(mut self, bytes: u64) -> Self {
        self.journal_limit_bytes = Some(bytes);
        self
    }

    /// Sets how many queries of this process run at once on the ledger, 1 to 64. Further queries wait until one
    /// ends. Default: 4.
    pub fn read_connections(mut self, connections: u32) -> Self {
        self.read_connections = Some(connections);
        self
    }

    /// Sets how content is stored: one [`Capture`] for all content, or a [`CapturePolicy`]. Default:
    /// [`Capture::Redacted`].
    pub fn capture_content(mut self, policy: impl Into<CapturePolicy>) -> Self {
        self.capture_content = Some(policy.into());
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
        // The library checks the ranges. In its struct, 0 means "not given".
        fn number<T: Copy + Default + ToString>(name: &str, value: Option<T>) -> Result<T> {
            value.map_or(Ok(T::default()), |value| check_option(name, &value.to_string()).map(|()| value))
        }
        fn ms(name: &str, duration: Option<Duration>) -> Result<u32> {
            let duration = match duration {
                None => return Ok(0),
                Some(duration) => duration,
            };
            check_option(name, &format!("{}.{:09}", duration.as_secs(), duration.subsec_nanos()))?;
            Ok(milliseconds(duration) as u32)
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
        let capture_content = self
            .capture_content
            .as_ref()
            .map(|policy| terminated("capture_content", policy.json()))
            .transpose()?;
        open(&sys::plog_client_options {
            // plog_client_options_init is not used: the struct of a later library may be larger than this one.
            struct_size: std::mem::size_of::<sys::plog_client_options>() as u32,
            durability: self.durability.map_or(0, |durability| durability as i32),
            on_full: self.on_full.map_or(0, |on_full| on_full as i32),
            no_salt: 0,
            base_url: pointer(&base_url),
            db_path: pointer(&db_path),
            agent_id: pointer(&agent_id),
            session_id: pointer(&session_id),
            labels_json: pointer(&labels),
            metadata_json: pointer(&metadata),
            context_json: pointer(&context),
            source: pointer(&source),
            capture_method: pointer(&capture_method),
            batch_size: number("batch_size", self.batch_size)?,
            flush_interval_ms: ms("flush_interval", self.flush_interval)?,
            block_timeout_ms: ms("block_timeout", self.block_timeout)?,
            reserved: 0,
            max_event_bytes: number("max_event_bytes", self.max_event_bytes)?,
            journal_limit_bytes: number("journal_limit_bytes", self.journal_limit_bytes)?,
            capture_content: pointer(&capture_content),
            salt: self.salt.map_or(0, |salt| if salt { 1 } else { 2 }),
            read_connections: number("read_connections", self.read_connections)?,
        })
    }
}

fn check_option(name: &str, value: &str) -> Result<()> {
    let name = terminated("the name of an option", name)?;
    check(|error| unsafe {
        sys::plog_client_option_check(name.as_ptr(), value.as_ptr().cast(), value.len(), error)
    })
}
