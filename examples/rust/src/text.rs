//! Text on its way to and from the library.
use crate::error::{Error, Result, Status};
use crate::sys;
use std::ffi::CString;
use std::os::raw::c_char;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

/// A pointer for an optional terminated string; NULL for none.
pub(crate) fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

/// Terminated text; a NUL inside would cut it, so it is refused.
pub(crate) fn terminated(name: &str, text: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new(Status::Invalid, format!("{} contains a NUL", name)))
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

/// A duration in milliseconds, rounded up so that a short time never becomes none.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    let ms = duration.as_nanos() / 1_000_000 + u128::from(duration.as_nanos() % 1_000_000 != 0);
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// The text of a buffer, which is freed.
///
/// # Safety
/// `buffer` must be one that the library handed over, or NULL.
pub(crate) unsafe fn take(buffer: *mut sys::plog_buffer) -> String {
    let octets =
        std::slice::from_raw_parts(sys::plog_buffer_data(buffer).cast::<u8>(), sys::plog_buffer_size(buffer));
    let text = String::from_utf8_lossy(octets).into_owned();
    sys::plog_buffer_destroy(buffer);
    text
}
