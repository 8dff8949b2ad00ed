use crate::client::Client;
use crate::error::{check, Result};
use crate::event::{Event, Record};
use crate::sys;
use crate::value::Value;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::ptr;
use std::time::SystemTime;

/// Selects events; what is set must all be true. With nothing set: all events but system events.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    // The names of an event's fields, and how they are set, are the same here.
    members: Event,
}

impl Filter {
    /// Nothing set.
    pub fn new() -> Filter {
        Filter::default()
    }

    /// A member by its name: `agent_id`, `action_status`, `parent_event_id`, `tool_call_id`, ...
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members = self.members.field(name, value);
        self
    }

    /// Events of an agent.
    pub fn agent(self, agent: impl Into<String>) -> Self {
        self.field("agent_id", agent.into())
    }

    /// Events of a session.
    pub fn session(self, session: impl Into<String>) -> Self {
        self.field("session_id", session.into())
    }

    /// Events of a type.
    pub fn action_type(self, action_type: impl Into<String>) -> Self {
        self.field("action_type", action_type.into())
    }

    /// Events of a name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.field("action_name", name.into())
    }

    /// Events with a label.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.members = self.members.label(key, value);
        self
    }

    /// Events at this time or later.
    pub fn since(self, time: SystemTime) -> Self {
        self.field("since", time)
    }

    /// Events before this time.
    pub fn until(self, time: SystemTime) -> Self {
        self.field("until", time)
    }

    /// The newest commit first.
    pub fn descending(self) -> Self {
        self.field("order", "desc")
    }

    /// So many events at most.
    pub fn limit(self, events: u64) -> Self {
        self.field("limit", events)
    }

    /// Leaves out the first ones.
    pub fn offset(self, events: u64) -> Self {
        self.field("offset", events)
    }

    /// Events beyond a position of [`Events::position`], in the chosen order.
    pub fn after(self, position: i64) -> Self {
        self.field("after", position)
    }

    /// Also events of the reserved agent `provenlog`.
    pub fn include_system(self) -> Self {
        self.field("include_system", true)
    }

    pub(crate) fn json(&self) -> String {
        Value::from(&self.members).to_string()
    }
}

/// The result of a query, read page by page: a million events need no more memory than one page. After an error there
/// are no more.
#[derive(Debug)]
pub struct Events<'client> {
    cursor: *mut sys::plog_cursor,
    ended: bool,
    client: PhantomData<&'client Client>,
}

// "One at a time": any thread, but never two at once.
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

    /// The position of the event last returned, for [`Filter::after`]; `None` before the first.
    pub fn position(&self) -> Option<i64> {
        Some(unsafe { sys::plog_cursor_position(self.cursor) }).filter(|position| *position >= 0)
    }

    fn advance(&mut self) -> Result<Option<Record>> {
        let (mut json, mut size) = (ptr::null(), 0);
        check(|error| unsafe { sys::plog_cursor_next(self.cursor, &mut json, &mut size, error) })?;
        if json.is_null() {
            return Ok(None);
        }
        // Borrowed until the next call on the cursor.
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
