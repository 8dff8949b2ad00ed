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

/// Records events into one ledger. Any thread may use it at any time, through a shared reference.
///
/// [`Events`] borrow the client and cannot outlive it:
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

/// Counters since this process opened the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Events written to the journal.
    pub accepted: u64,
    /// Accepted events that are committed.
    pub stored: u64,
    /// Events of dead processes that this process committed.
    pub recovered: u64,
    /// Retries with an id that the agent has used before. Such an event is stored once.
    pub duplicates: u64,
    /// Duplicates with different content. The first content stays.
    pub conflicts: u64,
    /// Events lost because the journal was full.
    pub dropped: u64,
    /// Gap events recorded, for dropped events and for gaps in adopted journals.
    pub gaps: u64,
    /// Events in the journal that are not yet committed.
    pub queued_events: u64,
    /// The size of the queued events in the journal, in bytes.
    pub queued_bytes: u64,
    /// Events cut to [`Options::max_event_bytes`].
    pub truncated: u64,
    /// Markers written.
    pub redactions: u64,
    /// Asynchronous errors.
    pub errors: u64,
    /// The newest asynchronous error.
    pub last_error: Option<Error>,
}

impl Client {
    /// Opens a ledger, creates it if it does not exist, and commits the events that dead processes left in their
    /// journals. It reads the configuration and the environment; later changes to them have no effect on this client.
    pub fn open(options: &Options) -> Result<Client> {
        let abi = unsafe { sys::plog_abi_version() };
        if abi != sys::PLOG_ABI_VERSION {
            let expected = sys::PLOG_ABI_VERSION;
            let message = format!(
                "libprovenlog has ABI {}, but this crate needs ABI {}; install the libprovenlog that belongs to it",
                abi, expected
            );
            return Err(Error::new(Status::Unsupported, message));
        }
        let mut raw = ptr::null_mut();
        options.with_native(|options| {
            check(|error| unsafe { sys::plog_client_new(options, &mut raw, error) })
        })?;
        let raw = ptr::NonNull::new(raw)
            .ok_or_else(|| Error::new(Status::Internal, "libprovenlog returned no client and no error"))?;
        Ok(Client { raw })
    }

    /// Records an event and returns its id. Returns [`Status::Invalid`] only if neither the event nor the client has an
    /// agent id, and [`Status::Full`] if there is no space in the journal or on the disk.
    pub fn log(&self, event: &Event) -> Result<String> {
        self.log_json(Value::from(event).to_string())
    }

    /// Records an event given as a JSON object, and returns its id. Returns [`Status::Invalid`] for malformed JSON too.
    pub fn log_json(&self, event: impl AsRef<[u8]>) -> Result<String> {
        let json = event.as_ref();
        let mut id = [0 as c_char; 37];
        check(|error| unsafe {
            sys::plog_log_event(self.raw.as_ptr(), json.as_ptr().cast(), json.len(), id.as_mut_ptr(), error)
        })?;
        Ok(unsafe { CStr::from_ptr(id.as_ptr()) }.to_string_lossy().into_owned())
    }

    /// Attaches an object to one value of a label and replaces an earlier object. The change is recorded as a system
    /// event.
    pub fn set_context(&self, key: &str, value: &str, context: impl Into<Value>) -> Result<()> {
        // The pointer of an empty slice is not NULL either. NULL would stand for the client's own label.
        self.set(key, value.as_ptr().cast(), value.len(), context.into())
    }

    /// [`Client::set_context`] for the value that [`Options::label`] gives to the label. Returns [`Status::Invalid`] if
    /// the options do not contain the label.
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

    /// Returns the object attached to a value of a label, or `None` if there is no such object.
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

    /// Returns the event with this id, which may be any text that was given as an event's id, or `None` if there is no
    /// such event. Without `agent`, it returns the first event committed with the id, of any agent.
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

    /// Returns the events that a filter selects. The query sees all events that this client recorded before the call.
    pub fn query(&self, filter: &Filter) -> Result<Events<'_>> {
        Events::new(self, filter)
    }

    /// Returns one event with its proof, as the text of a `.plog` file, or [`Status::NotFound`] if there is no such
    /// event. The arguments are those of [`Client::get`].
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

    /// Flushes the client and verifies its ledger. [`Verification::of`] has options: level, key, heads, agent,
    /// progress.
    pub fn verify(&self) -> Result<Report> {
        Verification::of(self).run()
    }

    /// Waits until all events accepted before the call are committed. Returns [`Status::Timeout`] if that takes longer
    /// than `timeout`; `None` means no limit.
    pub fn flush(&self, timeout: Option<Duration>) -> Result<()> {
        let ms = timeout.map_or(-1, milliseconds);
        check(|error| unsafe { sys::plog_client_flush(self.raw.as_ptr(), ms, error) })
    }

    /// Commits all events and rejects further ones. If it returns [`Status::Timeout`], the client is closed too, and
    /// its events stay in the journal until another process opens the ledger. Closing a closed client does nothing.
    /// Dropping a client closes it with a timeout of 5 s.
    pub fn close(&self, timeout: Duration) -> Result<()> {
        check(|error| unsafe { sys::plog_client_close(self.raw.as_ptr(), milliseconds(timeout), error) })
    }

    /// The real path of the ledger file.
    pub fn db_path(&self) -> &Path {
        // The string lives as long as the client.
        let path = unsafe { CStr::from_ptr(sys::plog_client_db_path(self.raw.as_ptr())) };
        Path::new(OsStr::from_bytes(path.to_bytes()))
    }

    /// Returns the counters.
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

    /// Waits for the next asynchronous error and returns it. Such an error occurs after `log` has returned: a commit
    /// failed (it is tried again), an event was dropped, or a retry has different content. Returns `None` after
    /// `timeout` without an error, and [`Status::Closed`] if the client is closed and all errors have been returned.
    /// The library keeps at most 64 errors.
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
