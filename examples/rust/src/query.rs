use crate::client::Client;
use crate::error::{check, Result};
use crate::event::{Event, Record};
use crate::sys;
use crate::value::Value;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::ptr;
use std::time::SystemTime;

/// Selects events that meet all the conditions that are set. Without conditions, it selects all events except system
/// events.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    // A filter has members with the names of event fields, so an Event can hold them.
    members: Event,
}

impl Filter {
    /// Returns a filter without conditions.
    pub fn new() -> Filter {
        Filter::default()
    }

    /// Sets a member by its name: `agent_id`, `action_status`, `parent_event_id`, `tool_call_id`, ...
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members = self.members.field(name, value);
        self
    }

    /// Selects events of an agent.
    pub fn agent(self, agent: impl Into<String>) -> Self {
        self.field("agent_id", agent.into())
    }

    /// Selects events of a session.
    pub fn session(self, session: impl Into<String>) -> Self {
        self.field("session_id", session.into())
    }

    /// Selects events of an action type.
    pub fn action_type(self, action_type: impl Into<String>) -> Self {
        self.field("action_type", action_type.into())
    }

    /// Selects events with an action name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.field("action_name", name.into())
    }

    /// Selects events with a label. If it is called more than once, events must have all the labels.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.members = self.members.label(key, value);
        self
    }

    /// Selects events at this time or later.
    pub fn since(self, time: SystemTime) -> Self {
        self.field("since", time)
    }

    /// Selects events before this time.
    pub fn until(self, time: SystemTime) -> Self {
        self.field("until", time)
    }

    /// Returns the newest commit first.
    pub fn descending(self) -> Self {
        self.field("order", "desc")
    }

    /// Limits the number of events.
    pub fn limit(self, events: u64) -> Self {
        self.field("limit", events)
    }

    /// Skips the first events.
    pub fn offset(self, events: u64) -> Self {
        self.field("offset", events)
    }

    /// Continues after a position that [`Events::position`] returned, in the chosen order.
    pub fn after(self, position: i64) -> Self {
        self.field("after", position)
    }

    /// Includes events of the reserved agent `provenlog`.
    pub fn include_system(self) -> Self {
        self.field("include_system", true)
    }

    pub(crate) fn json(&self) -> String {
        Value::from(&self.members).to_string()
    }
}

/// The result of a query. It is read page by page, so that memory does not grow with the number of events. An error
/// ends the iteration.
#[derive(Debug)]
pub struct Events<'client> {
    cursor: *mut sys::plog_cursor,
    ended: bool,
    client: PhantomData<&'client Client>,
}

// plog.h calls a cursor "one at a time": any thread, but never two at once.
unsafe impl Send for Events<'_> {}

impl<'client> Events<'client> {
    pub(crate) fn new(client: &'client Client, filter: &Filter) -> Result<Events<'client>> {
        let text = filter.json();
        let mut cursor = ptr::null_mut();
        check(|error| unsafe {
            sys::plog_client_query(client.raw.as_ptr(), text.as_ptr().cast(), text.len(), &mut cursor, error)
        })?;
        Ok(Events { cursor, ended: false, client: PhantomData })
    }

    /// Returns the position of the event last returned, for [`Filter::after`], or `None` before the first event.
    pub fn position(&self) -> Option<i64> {
        Some(unsafe { sys::plog_cursor_position(self.cursor) }).filter(|position| *position >= 0)
    }

    fn advance(&mut self) -> Result<Option<Record>> {
        let (mut json, mut size) = (ptr::null(), 0);
        check(|error| unsafe { sys::plog_cursor_next(self.cursor, &mut json, &mut size, error) })?;
        if json.is_null() {
            return Ok(None);
        }
        // The text is valid until the next call on the cursor.
        let text = unsafe { std::slice::from_raw_parts(json.cast::<u8>(), size) };
        Record::parse(String::from_utf8_lossy(text).into_owned()).map(Some)
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl FusedIterator for Events<'_> {}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        unsafe { sys::plog_cursor_destroy(self.cursor) }
    }
}
