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

/// A verification: set its options, then call [`Verification::run`].
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

/// The result of a verification. A bad verdict is not returned as an error: check `valid`.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// `"OK"`, `"TAMPERED"`, `"CANNOT_RUN"`, `"MISSING_LOG"`, ...
    pub verdict: String,
    /// The verification ran and found no fault.
    pub valid: bool,
    /// Number of events checked.
    pub events: i64,
    /// Number of agents among them.
    pub agents: i64,
    /// What the trust rests on: `"consistent"`, `"signed"` or `"pinned"`.
    pub assurance: String,
    /// Number of events, from the first, that the assurance covers.
    pub assurance_events: i64,
    /// The faults found, at most the first 100.
    pub findings: Vec<Finding>,
    /// The whole report.
    pub value: Value,
}

/// One fault that a verification reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The agent of the event, if the fault concerns one; else empty.
    pub agent_id: String,
    /// The event's position in the chain of its agent, or 0.
    pub sequence: i64,
    /// A description.
    pub what: String,
}

impl<'a> Verification<'a> {
    /// Returns a verification of a client's ledger. It flushes the client first.
    pub fn of(client: &'a Client) -> Self {
        Verification { client: Some(client), ..Default::default() }
    }

    /// Returns a verification of a ledger file.
    pub fn of_path(path: impl AsRef<Path>) -> Self {
        Verification { path: Some(path.as_ref().into()), ..Default::default() }
    }

    /// Verifies only one agent. An unknown agent is not valid.
    pub fn agent(mut self, agent: impl Into<String>) -> Self {
        self.agent = Some(agent.into());
        self
    }

    /// Does not adopt orphaned journals. Their records are counted as pending.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Sets the level: `"chain"`, `"tree"` or `"full"` (the default).
    pub fn level(mut self, level: impl Into<String>) -> Self {
        self.level = Some(level.into());
        self
    }

    /// Sets a trusted public key, or the path of a file that contains one.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Adds a file with a trusted head. It may be called more than once.
    pub fn head(mut self, path: impl AsRef<Path>) -> Self {
        self.heads.push(path.as_ref().into());
        self
    }

    /// Verifies only the events after the newest trusted head, if the ledger extends that head.
    pub fn incremental(mut self) -> Self {
        self.incremental = true;
        self
    }

    /// Sets the number of threads that read and hash, up to 64. 0 means 2.
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = threads;
        self
    }

    /// Calls `progress` repeatedly with the number of events done and the total. If it returns `Break`, the
    /// verification stops with [`Status::Cancelled`](crate::Status::Cancelled). If it panics, the verification stops
    /// and `run` panics with the same value. It must not use the client.
    pub fn progress(mut self, progress: impl FnMut(u64, u64) -> ControlFlow<()> + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Runs the verification. It returns an error only for an invalid argument or if `progress` stopped it.
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
