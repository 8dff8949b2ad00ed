use crate::client::Client;
use crate::error::{check, Result};
use crate::sys;
use crate::text::{pointer, take, terminated, Paths};
use crate::value::Value;
use crate::watch::{Progress, Watcher};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

/// A verification to be run.
///
/// ```no_run
/// # use provenlog::Verification;
/// let report = Verification::of_path("events.db").read_only().agent("researcher").run()?;
/// println!("{}: {}", report.verdict, report.valid);
/// # Ok::<(), provenlog::Error>(())
/// ```
#[derive(Default)]
pub struct Verification<'a> {
    client: Option<&'a Client>,
    path: Option<PathBuf>,
    agent: Option<String>,
    read_only: bool,
    level: Option<String>,
    key: Option<String>,
    heads: Vec<PathBuf>,
    incremental: bool,
    threads: u32,
    progress: Option<Progress<'a>>,
}

/// The result of a verification. A verdict is no error: look at `valid`.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// `"OK"`, `"TAMPERED"`, `"CANNOT_RUN"`, `"MISSING_LOG"`, ...
    pub verdict: String,
    /// Whether the ledger can be trusted as far as `assurance` reaches.
    pub valid: bool,
    /// Events looked at.
    pub events: i64,
    /// Agents among them.
    pub agents: i64,
    /// What it rests on: `"consistent"`, `"signed"` or `"pinned"`.
    pub assurance: String,
    /// How many events the assurance reaches.
    pub assurance_events: i64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// The whole report.
    pub value: Value,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The agent whose chain it is.
    pub agent_id: String,
    /// The place in that chain.
    pub sequence: i64,
    /// A word or a sentence about it.
    pub what: String,
}

impl<'a> Verification<'a> {
    /// Of a client's ledger; the client is flushed first.
    pub fn of(client: &'a Client) -> Self {
        Verification { client: Some(client), ..Default::default() }
    }

    /// Of a ledger file.
    pub fn of_path(path: impl AsRef<Path>) -> Self {
        Verification { path: Some(path.as_ref().into()), ..Default::default() }
    }

    /// Of one agent. An unknown one is never valid.
    pub fn agent(mut self, agent: impl Into<String>) -> Self {
        self.agent = Some(agent.into());
        self
    }

    /// Never drains the journals of dead processes first; their records are counted as pending.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// How much is looked at: `"chain"`, `"tree"` or `"full"`, the default.
    pub fn level(mut self, level: impl Into<String>) -> Self {
        self.level = Some(level.into());
        self
    }

    /// A trusted public key, or the path of a file with one.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// A file with a trusted head; may be given several times.
    pub fn head(mut self, path: impl AsRef<Path>) -> Self {
        self.heads.push(path.as_ref().into());
        self
    }

    /// Only the events behind the newest trusted head, which vouches for those before it.
    pub fn incremental(mut self) -> Self {
        self.incremental = true;
        self
    }

    /// So many threads read and hash; 0 is two.
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = threads;
        self
    }

    /// Calls `progress` now and then with the events done and the events there are. When it breaks, the verification ends
    /// with [`Status::Cancelled`](crate::Status::Cancelled). It must not use the client.
    pub fn progress(mut self, progress: impl FnMut(u64, u64) -> ControlFlow<()> + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Runs it. An error tells only of a bad argument or a cancel.
    pub fn run(self) -> Result<Report> {
        let path = self.path.map(|path| terminated("path", path.as_os_str().as_bytes())).transpose()?;
        let agent = self.agent.map(|agent| terminated("agent", agent)).transpose()?;
        let level = self.level.map(|level| terminated("level", level)).transpose()?;
        let key = self.key.map(|key| terminated("key", key)).transpose()?;
        let heads = Paths::new("head", &self.heads)?;
        let mut watcher = Watcher::new(self.progress);
        let options = sys::plog_verify_options {
            struct_size: std::mem::size_of::<sys::plog_verify_options>() as u32,
            read_only: self.read_only.into(),
            db_path: pointer(&path),
            agent_id: pointer(&agent),
            progress: watcher.function(),
            user_data: watcher.user_data(),
            level: pointer(&level),
            key: pointer(&key),
            heads: heads.pointer(),
            head_count: heads.len(),
            incremental: self.incremental.into(),
            threads: self.threads,
            reserved: 0,
        };
        let client = self.client.map_or(ptr::null_mut(), |client| client.raw.as_ptr());
        let mut report = ptr::null_mut();
        let done = check(|error| unsafe { sys::plog_verify(client, &options, &mut report, error) });
        watcher.go_on();
        done?;
        Report::new(Value::parse(&unsafe { take(report) })?)
    }
}

impl Report {
    pub(crate) fn new(value: Value) -> Result<Report> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let finding = |finding: &Value| Finding {
            agent_id: text(&finding["agent_id"]),
            sequence: finding["sequence"].as_i64().unwrap_or_default(),
            what: text(&finding["what"]),
        };
        Ok(Report {
            verdict: text(&value["verdict"]),
            valid: value["valid"].as_bool().unwrap_or_default(),
            events: value["events"].as_i64().unwrap_or_default(),
            agents: value["agents"].as_i64().unwrap_or_default(),
            assurance: text(&value["assurance"]),
            assurance_events: value["assurance_events"].as_i64().unwrap_or_default(),
            findings: value["findings"].as_array().unwrap_or_default().iter().map(finding).collect(),
            value,
        })
    }
}
