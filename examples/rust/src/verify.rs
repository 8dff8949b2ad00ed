use crate::client::Client;
use crate::error::{check, Result};
use crate::sys;
use crate::text::{pointer, take, terminated};
use crate::value::Value;
use std::any::Any;
use std::ops::ControlFlow;
use std::os::raw::{c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::ptr;

type Progress<'a> = Box<dyn FnMut(u64, u64) -> ControlFlow<()> + 'a>;

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
    /// How far the verification reaches.
    pub assurance: String,
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
        let mut watcher = self.progress.map(|progress| Watcher { progress, panic: None });
        let options = sys::plog_verify_options {
            struct_size: std::mem::size_of::<sys::plog_verify_options>() as u32,
            read_only: self.read_only.into(),
            db_path: pointer(&path),
            agent_id: pointer(&agent),
            progress: watcher.as_ref().map(|_| on_progress as sys::plog_progress_fn),
            user_data: watcher.as_mut().map_or(ptr::null_mut(), |w| (w as *mut Watcher<'_>).cast()),
        };
        let client = self.client.map_or(ptr::null_mut(), |client| client.raw.as_ptr());
        let mut report = ptr::null_mut();
        let done = check(|error| unsafe { sys::plog_verify(client, &options, &mut report, error) });
        if let Some(panic) = watcher.and_then(|watcher| watcher.panic) {
            resume_unwind(panic);
        }
        done?;
        Report::new(Value::parse(&unsafe { take(report) })?)
    }
}

struct Watcher<'a> {
    progress: Progress<'a>,
    panic: Option<Box<dyn Any + Send>>,
}

/// A panic must not cross the library: it is kept, stops the verification, and goes on behind it.
unsafe extern "C" fn on_progress(user_data: *mut c_void, done: u64, total: u64) -> c_int {
    let watcher = &mut *user_data.cast::<Watcher<'_>>();
    match catch_unwind(AssertUnwindSafe(|| (watcher.progress)(done, total))) {
        Ok(flow) => flow.is_break().into(),
        Err(panic) => {
            watcher.panic = Some(panic);
            1
        }
    }
}

impl Report {
    fn new(value: Value) -> Result<Report> {
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
            findings: value["findings"].as_array().unwrap_or_default().iter().map(finding).collect(),
            value,
        })
    }
}
