use crate::error::{check, Error, Result, Status};
use crate::event::{Event, Record};
use crate::options::Options;
use crate::query::{Events, Filter};
use crate::sys;
use crate::text::{milliseconds, take};
use crate::value::Value;
use crate::verify::{Report, Verification};
use std::ffi::{CStr, OsStr};
use std::os::raw::c_char;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::time::Duration;

/// Records events into one ledger. Any thread may use it at any time, by a shared reference.
///
/// What borrows a client ([`Events`]) cannot outlive it:
///
/// ```compile_fail
/// # use provenlog::{Client, Filter, Options};
/// let client = Client::open(&Options::new()).unwrap();
/// let events = client.query(&Filter::new()).unwrap();
/// drop(client);
/// events.count();
/// ```
#[derive(Debug)]
pub struct Client {
    pub(crate) raw: ptr::NonNull<sys::plog_client>,
}

// plog.h calls a client "shared": any thread, any time, internally locked.
unsafe impl Send for Client {}
unsafe impl Sync for Client {}

/// What happened since this process opened the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
#[non_exhaustive]
pub struct Stats {
    pub accepted: u64,
    pub stored: u64,
    pub recovered: u64,
    pub duplicates: u64,
    pub conflicts: u64,
    pub dropped: u64,
    pub gaps: u64,
    pub queued_events: u64,
    pub queued_bytes: u64,
    pub truncated: u64,
    pub redactions: u64,
    pub errors: u64,
    /// The newest error of what happens in the background.
    pub last_error: Option<Error>,
}

impl Client {
    /// Opens a ledger, creating it when absent, and records what dead processes left in their journals. Configuration
    /// and environment are read here, once.
    pub fn open(options: &Options) -> Result<Client> {
        let abi = unsafe { sys::plog_abi_version() };
        if abi != sys::PLOG_ABI_VERSION {
            let expected = sys::PLOG_ABI_VERSION;
            let message = format!("libprovenlog has ABI {}, this crate is made for ABI {}", abi, expected);
            return Err(Error::new(Status::Unsupported, message));
        }
        let mut raw = ptr::null_mut();
        options.with_native(|options| {
            check(|error| unsafe { sys::plog_client_new(options, &mut raw, error) })
        })?;
        let raw = ptr::NonNull::new(raw).ok_or_else(|| Error::new(Status::Internal, "no client"))?;
        Ok(Client { raw })
    }

    /// Records an event and returns its id. The only event refused ([`Status::Invalid`]) is one without an agent.
    pub fn log(&self, event: &Event) -> Result<String> {
        self.log_json(Value::from(event).to_string())
    }

    /// Records an event given as a JSON object.
    pub fn log_json(&self, event: impl AsRef<[u8]>) -> Result<String> {
        let json = event.as_ref();
        let mut id = [0 as c_char; 37];
        check(|error| unsafe {
            sys::plog_log_event(self.raw.as_ptr(), json.as_ptr().cast(), json.len(), id.as_mut_ptr(), error)
        })?;
        Ok(unsafe { CStr::from_ptr(id.as_ptr()) }.to_string_lossy().into_owned())
    }

    /// Attaches an object to one value of a label, in place of an earlier one. It is recorded as a system event.
    pub fn set_context(&self, key: &str, value: &str, context: impl Into<Value>) -> Result<()> {
        // Not NULL even if it is empty: a slice's pointer never is.
        self.set(key, value.as_ptr().cast(), value.len(), context.into())
    }

    /// [`Client::set_context`] for the client's own value of a label; [`Status::Invalid`] if it has none.
    pub fn set_default_context(&self, key: &str, context: impl Into<Value>) -> Result<()> {
        self.set(key, ptr::null(), 0, context.into())
    }

    fn set(&self, key: &str, value: *const c_char, value_len: usize, context: Value) -> Result<()> {
        let context = context.to_string();
        check(|error| unsafe {
            sys::plog_client_set_context(
                self.raw.as_ptr(),
                key.as_ptr().cast(),
                key.len(),
                value,
                value_len,
                context.as_ptr().cast(),
                context.len(),
                error,
            )
        })
    }

    /// The object attached to a value of a label, if one was.
    pub fn context(&self, key: &str, value: &str) -> Result<Option<Value>> {
        let mut buffer = ptr::null_mut();
        let found = check(|error| unsafe {
            sys::plog_client_get_context(
                self.raw.as_ptr(),
                key.as_ptr().cast(),
                key.len(),
                value.as_ptr().cast(),
                value.len(),
                &mut buffer,
                error,
            )
        });
        optional(found)?.map(|()| Value::parse(&unsafe { take(buffer) })).transpose()
    }

    /// The event with an id (any text that was given as one), if there is one. Without an agent: the first one committed
    /// with that id.
    pub fn get(&self, id: &str, agent: Option<&str>) -> Result<Option<Record>> {
        let mut buffer = ptr::null_mut();
        let found = check(|error| unsafe {
            sys::plog_client_get_event(
                self.raw.as_ptr(),
                id.as_ptr().cast(),
                id.len(),
                agent.map_or(ptr::null(), |agent| agent.as_ptr().cast()),
                agent.map_or(0, str::len),
                &mut buffer,
                error,
            )
        });
        optional(found)?.map(|()| Record::parse(unsafe { take(buffer) })).transpose()
    }

    /// The events that a filter selects, also those that this client recorded a moment ago.
    pub fn query(&self, filter: &Filter) -> Result<Events<'_>> {
        Events::new(self, filter)
    }

    /// One event with all that proves it, as the text of a `.plog` file. [`Status::NotFound`] if there is no such event.
    pub fn prove(&self, id: &str, agent: Option<&str>) -> Result<String> {
        let mut buffer = ptr::null_mut();
        check(|error| unsafe {
            sys::plog_client_prove(
                self.raw.as_ptr(),
                id.as_ptr().cast(),
                id.len(),
                agent.map_or(ptr::null(), |agent| agent.as_ptr().cast()),
                agent.map_or(0, str::len),
                &mut buffer,
                error,
            )
        })?;
        Ok(unsafe { take(buffer) })
    }

    /// Verifies the ledger. By level, key and heads, for one agent, or with progress: [`Verification::of`].
    pub fn verify(&self) -> Result<Report> {
        Verification::of(self).run()
    }

    /// Commits everything accepted before the call; `None` waits as long as it takes.
    pub fn flush(&self, timeout: Option<Duration>) -> Result<()> {
        let ms = timeout.map_or(-1, milliseconds);
        check(|error| unsafe { sys::plog_client_flush(self.raw.as_ptr(), ms, error) })
    }

    /// Commits everything and refuses further events. On [`Status::Timeout`] the client is closed too, and its events stay
    /// in the journal for the next process that opens the ledger. Closing twice is no error. Dropping a client closes it
    /// with a deadline of 5 s.
    pub fn close(&self, timeout: Duration) -> Result<()> {
        check(|error| unsafe { sys::plog_client_close(self.raw.as_ptr(), milliseconds(timeout), error) })
    }

    /// The real path of the ledger file.
    pub fn db_path(&self) -> &Path {
        // It lives with the client.
        let path = unsafe { CStr::from_ptr(sys::plog_client_db_path(self.raw.as_ptr())) };
        Path::new(OsStr::from_bytes(path.to_bytes()))
    }

    /// Counters.
    pub fn stats(&self) -> Result<Stats> {
        let mut native = sys::plog_client_stats_t {
            struct_size: std::mem::size_of::<sys::plog_client_stats_t>() as u32,
            ..Default::default()
        };
        let mut last_error = ptr::null_mut();
        check(|error| unsafe {
            sys::plog_client_stats(self.raw.as_ptr(), &mut native, &mut last_error, error)
        })?;
        Ok(Stats {
            accepted: native.accepted,
            stored: native.stored,
            recovered: native.recovered,
            duplicates: native.duplicates,
            conflicts: native.conflicts,
            dropped: native.dropped,
            gaps: native.gaps,
            queued_events: native.queued_events,
            queued_bytes: native.queued_bytes,
            truncated: native.truncated,
            redactions: native.redactions,
            errors: native.errors,
            last_error: unsafe { Error::take(last_error) },
        })
    }

    /// Waits for something that went wrong after `log` had returned: a commit that failed (and is tried again), an event
    /// dropped, a retry whose content differs. `None` when the time passed; [`Status::Closed`] when no more will come.
    pub fn next_error(&self, timeout: Duration) -> Result<Option<Error>> {
        let mut found = ptr::null_mut();
        check(|error| unsafe {
            sys::plog_client_next_error(self.raw.as_ptr(), milliseconds(timeout), &mut found, error)
        })?;
        Ok(unsafe { Error::take(found) })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        unsafe { sys::plog_client_destroy(self.raw.as_ptr()) }
    }
}

fn optional(result: Result<()>) -> Result<Option<()>> {
    match result {
        Err(error) if error.status() == Status::NotFound => Ok(None),
        other => other.map(Some),
    }
}
