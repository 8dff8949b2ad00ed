//! Progress callbacks of long calls.
use crate::sys;
use std::any::Any;
use std::ops::ControlFlow;
use std::os::raw::{c_int, c_void};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::ptr;

pub(crate) type Progress<'a> = Box<dyn FnMut(u64, u64) -> ControlFlow<()> + 'a>;

/// The caller's progress function, for one call of the library.
pub(crate) struct Watcher<'a> {
    progress: Option<Progress<'a>>,
    panic: Option<Box<dyn Any + Send>>,
}

impl<'a> Watcher<'a> {
    pub(crate) fn new(progress: Option<Progress<'a>>) -> Self {
        Watcher { progress, panic: None }
    }

    pub(crate) fn function(&self) -> Option<sys::plog_progress_fn> {
        self.progress.as_ref().map(|_| on_progress as sys::plog_progress_fn)
    }

    /// Returns the `user_data` of the call. It is valid until `self` is moved.
    pub(crate) fn user_data(&mut self) -> *mut c_void {
        match self.progress {
            Some(_) => (self as *mut Watcher<'_>).cast(),
            None => ptr::null_mut(),
        }
    }

    /// Resumes the panic that stopped the call, if there was one.
    pub(crate) fn go_on(self) {
        if let Some(panic) = self.panic {
            resume_unwind(panic);
        }
    }
}

/// Calls the progress function. A panic must not unwind through the library, so it is stored, stops the call, and
/// [`Watcher::go_on`] resumes it afterwards.
unsafe extern "C" fn on_progress(user_data: *mut c_void, done: u64, total: u64) -> c_int {
    let Watcher { progress, panic } = &mut *user_data.cast::<Watcher<'_>>();
    match catch_unwind(AssertUnwindSafe(|| {
        progress.as_mut().map_or(ControlFlow::Continue(()), |told| told(done, total))
    })) {
        Ok(flow) => flow.is_break().into(),
        Err(thrown) => {
            *panic = Some(thrown);
            1
        }
    }
}
