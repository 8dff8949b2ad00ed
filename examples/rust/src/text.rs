//! Conversion of strings and durations for calls of the library.
use crate::error::{Error, Result, Status};
use crate::sys;
use std::ffi::CString;
use std::os::raw::c_char;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

/// Returns a pointer to an optional terminated string, or NULL for `None`.
pub(crate) fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

/// Returns `text` as a terminated string. A NUL byte inside is an error, because it would cut the text.
pub(crate) fn terminated(name: &str, text: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new(Status::Invalid, format!("{} contains a NUL byte", name)))
}

/// Paths as an array of terminated strings.
pub(crate) struct Paths {
    pointers: Vec<*const c_char>,
    _owned: Vec<CString>,
}

impl Paths {
    pub(crate) fn new(name: &str, paths: &[PathBuf]) -> Result<Paths> {
        let owned = paths
            .iter()
            .map(|path| terminated(name, path.as_os_str().as_bytes()))
            .collect::<Result<Vec<_>>>()?;
        Ok(Paths { pointers: owned.iter().map(|path| path.as_ptr()).collect(), _owned: owned })
    }

    pub(crate) fn pointer(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }

    pub(crate) fn len(&self) -> u32 {
        self.pointers.len() as u32
    }
}

/// Returns a duration in milliseconds, rounded up so that a short duration does not become 0.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    let ms = duration.as_nanos() / 1_000_000 + u128::from(duration.as_nanos() % 1_000_000 != 0);
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// Returns the text of a buffer and frees the buffer.
///
/// # Safety
/// `buffer` must be NULL or a buffer that the library returned and the caller owns.
pub(crate) unsafe fn take(buffer: *mut sys::plog_buffer) -> String {
    let octets =
        std::slice::from_raw_parts(sys::plog_buffer_data(buffer).cast::<u8>(), sys::plog_buffer_size(buffer));
    let text = String::from_utf8_lossy(octets).into_owned();
    sys::plog_buffer_destroy(buffer);
    text
}
