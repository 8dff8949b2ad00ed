use crate::sys;
use std::ffi::CStr;
use std::fmt;
use std::ptr;

/// The kind of a failure. The numbers are those of `plog_status` and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum Status {
    /// An argument, event or filter is invalid; the message names it.
    Invalid = 1,
    /// A configuration file, redaction rule or environment variable is invalid.
    Config = 2,
    /// There is no such event, file or agent.
    NotFound = 3,
    /// An operating system call failed.
    Io = 4,
    /// The journal reached its limit, or the disk is full: the event was NOT recorded.
    Full = 5,
    /// The deadline passed; accepted events are safe in the journal.
    Timeout = 6,
    /// The client is closed.
    Closed = 7,
    /// Another process held the ledger's lock for too long.
    Busy = 8,
    /// The file is not a ledger, or it is damaged.
    Corrupt = 9,
    /// A newer format, a network file system, or server mode.
    Unsupported = 10,
    /// A callback asked to stop.
    Cancelled = 11,
    /// Out of memory.
    NoMemory = 12,
    /// A defect of the library, or a status number that this crate does not know.
    Internal = 13,
}

impl Status {
    fn from_number(number: sys::plog_status) -> Status {
        use Status::*;
        let all = [
            Invalid,
            Config,
            NotFound,
            Io,
            Full,
            Timeout,
            Closed,
            Busy,
            Corrupt,
            Unsupported,
            Cancelled,
            NoMemory,
        ];
        all.into_iter().find(|status| *status as i32 == number).unwrap_or(Internal)
    }

    /// Returns the stable name, such as `"PLOG_E_FULL"`.
    pub fn name(self) -> &'static str {
        // The library returns static ASCII strings.
        unsafe { CStr::from_ptr(sys::plog_status_name(self as i32)) }.to_str().unwrap_or("PLOG_E_UNKNOWN")
    }
}

/// The error type of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: Status,
    message: String,
}

/// `std::result::Result` with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Error {
        Error { status, message: message.into() }
    }

    /// Returns the kind of the failure.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Returns the message: one line, without the status.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Converts an error of the library and frees it. The pointer must be valid or NULL.
    pub(crate) unsafe fn take(error: *mut sys::plog_error) -> Option<Error> {
        if error.is_null() {
            return None;
        }
        let message = CStr::from_ptr(sys::plog_error_message(error)).to_string_lossy().into_owned();
        let status = Status::from_number(sys::plog_error_status(error));
        sys::plog_error_destroy(error);
        Some(Error { status, message })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.status.name())
    }
}

impl std::error::Error for Error {}

/// Calls a function of the library with a place for its error, and turns its status into a result.
pub(crate) fn check(call: impl FnOnce(*mut *mut sys::plog_error) -> sys::plog_status) -> Result<()> {
    let mut error = ptr::null_mut();
    let status = call(&mut error);
    if status == sys::PLOG_OK {
        return Ok(());
    }
    // On failure the library returns an error that the caller owns.
    let error = unsafe { Error::take(error) };
    Err(error.unwrap_or_else(|| {
        Error::new(Status::from_number(status), "libprovenlog failed without an error message")
    }))
}
