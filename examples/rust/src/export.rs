use crate::client::Client;
use crate::error::{check, Result};
use crate::query::Filter;
use crate::sys;
use crate::text::{pointer, take, terminated, Paths};
use crate::value::Value;
use crate::verify::Report;
use crate::watch::{Progress, Watcher};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

/// An export of events together with their proofs, which [`ExportCheck`] can check without the ledger.
/// [`Export::write`] first commits and signs all events logged before the call.
///
/// ```no_run
/// # use provenlog::{Client, Export, ExportCheck, Filter, Options};
/// # let client = Client::open(&Options::new())?;
/// Export::of(&client).filter(&Filter::new().label("env", "dev")).write("some.plog")?;
/// let report = ExportCheck::of("some.plog").key("public.key").head("kept.head").run()?;
/// println!("{} {}", report.verdict, report.assurance);
/// # Ok::<(), provenlog::Error>(())
/// ```
pub struct Export<'a> {
    client: &'a Client,
    filter: Option<String>,
    tiles: bool,
    overwrite: bool,
    progress: Option<Progress<'a>>,
}

/// The result of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Number of events exported.
    pub events: i64,
    /// Number of events in the tree.
    pub tree_size: i64,
    /// Root hash of the tree, in hexadecimal.
    pub root: String,
    /// Number of newer events that no head covers. They were not exported.
    pub tail: i64,
}

impl<'a> Export<'a> {
    /// Returns an export of a client's ledger: of all events, including system events, unless a filter is set.
    pub fn of(client: &'a Client) -> Self {
        Export { client, filter: None, tiles: false, overwrite: false, progress: None }
    }

    /// Exports only the events that a filter selects. The filter must not set an order, limit, offset or position.
    pub fn filter(mut self, filter: &Filter) -> Self {
        self.filter = Some(filter.json());
        self
    }

    /// Writes a directory of C2SP tlog-tiles, or updates an existing one, instead of a `.plog` file.
    pub fn tiles(mut self) -> Self {
        self.tiles = true;
        self
    }

    /// Replaces an existing file. Not allowed with [`Export::tiles`].
    pub fn overwrite(mut self) -> Self {
        self.overwrite = true;
        self
    }

    /// Calls `progress` as [`Verification::progress`](crate::Verification::progress) does. An export that is stopped
    /// removes the unfinished file.
    pub fn progress(mut self, progress: impl FnMut(u64, u64) -> ControlFlow<()> + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Writes the export to `path`.
    pub fn write(self, path: impl AsRef<Path>) -> Result<Exported> {
        let target = terminated("path", path.as_ref().as_os_str().as_bytes())?;
        let filter = self.filter.map(|filter| terminated("filter", filter)).transpose()?;
        let mut watcher = Watcher::new(self.progress);
        let options = sys::plog_export_options {
            struct_size: std::mem::size_of::<sys::plog_export_options>() as u32,
            tiles: self.tiles.into(),
            db_path: ptr::null(),
            filter: pointer(&filter),
            overwrite: self.overwrite.into(),
            reserved: 0,
            progress: watcher.function(),
            user_data: watcher.user_data(),
        };
        let client = self.client.raw.as_ptr();
        let mut report = ptr::null_mut();
        let done =
            check(|error| unsafe { sys::plog_export(client, &options, target.as_ptr(), &mut report, error) });
        watcher.go_on();
        done?;
        let report = Value::parse(&unsafe { take(report) })?;
        let number = |name: &str| report[name].as_i64().unwrap_or_default();
        Ok(Exported {
            events: number("events"),
            tree_size: number("tree_size"),
            root: report["root"].as_str().unwrap_or_default().to_string(),
            tail: number("tail"),
        })
    }
}

/// The check of a `.plog` file or of a directory of tiles. It needs no ledger, configuration or network.
pub struct ExportCheck<'a> {
    path: PathBuf,
    key: Option<String>,
    heads: Vec<PathBuf>,
    progress: Option<Progress<'a>>,
}

impl<'a> ExportCheck<'a> {
    /// Returns a check of the export at `path`. Without a trusted key or head it uses the key in the export, which
    /// shows that the export is consistent, but not who made it.
    pub fn of(path: impl AsRef<Path>) -> Self {
        ExportCheck { path: path.as_ref().into(), key: None, heads: Vec::new(), progress: None }
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

    /// Calls `progress` as [`Verification::progress`](crate::Verification::progress) does.
    pub fn progress(mut self, progress: impl FnMut(u64, u64) -> ControlFlow<()> + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Runs the check. It returns an error only for an invalid argument or if `progress` stopped it.
    pub fn run(self) -> Result<Report> {
        let path = terminated("path", self.path.as_os_str().as_bytes())?;
        let key = self.key.map(|key| terminated("key", key)).transpose()?;
        let heads = Paths::new("head", &self.heads)?;
        let mut watcher = Watcher::new(self.progress);
        let options = sys::plog_check_options {
            struct_size: std::mem::size_of::<sys::plog_check_options>() as u32,
            head_count: heads.len(),
            heads: heads.pointer(),
            key: pointer(&key),
            progress: watcher.function(),
            user_data: watcher.user_data(),
        };
        let mut report = ptr::null_mut();
        let done =
            check(|error| unsafe { sys::plog_verify_export(path.as_ptr(), &options, &mut report, error) });
        watcher.go_on();
        done?;
        Report::new(Value::parse(&unsafe { take(report) })?)
    }
}
