use crate::error::Result;
use crate::value::Value;
use std::collections::BTreeMap;
use std::ops::Index;
use std::time::{Duration, SystemTime};

/// An event to be logged. Only the agent is required, and the client can supply it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    fields: BTreeMap<String, Value>,
}

macro_rules! text_fields {
    ($($(#[$comment:meta])* $method:ident => $field:literal;)*) => {$(
        $(#[$comment])*
        pub fn $method(self, text: impl Into<String>) -> Self {
            self.field($field, Value::String(text.into()))
        }
    )*};
}

impl Event {
    /// Returns an event of a type: `TOOL_CALL`, `TOOL_RESULT`, `LLM_CALL`, `LLM_RESPONSE`, `CUSTOM`, ...
    pub fn new(action_type: impl Into<String>) -> Event {
        Event::default().field("action_type", Value::String(action_type.into()))
    }

    /// Sets a top-level field by its name in the schema. Fields that are not in the schema are recorded too.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    text_fields! {
        /// Sets the id; the default is a new UUIDv7. Logging an agent's id again records nothing.
        id => "id";
        /// Sets the agent; the default is the client's.
        agent => "agent_id";
        /// Sets the session; the default is the client's.
        session => "session_id";
        /// Sets the name of the action.
        name => "action_name";
        /// Sets the outcome of the action: `success`, `error`, `timeout`.
        status => "action_status";
        /// Sets the error message of an action that failed.
        error_message => "error_message";
        /// Sets the id of the event that caused this one.
        parent => "parent_event_id";
        /// Sets the id of the tool call to which this event belongs.
        tool_call => "tool_call_id";
    }

    /// Sets the input of the action.
    pub fn input(self, value: impl Into<Value>) -> Self {
        self.field("action_input", value)
    }

    /// Sets the output of the action.
    pub fn output(self, value: impl Into<Value>) -> Self {
        self.field("action_output", value)
    }

    /// Sets the time of the action; the default is the time of the call to `log`.
    pub fn at(self, time: SystemTime) -> Self {
        self.field("timestamp", time)
    }

    /// Sets the duration of the action, rounded down to whole milliseconds.
    pub fn took(self, duration: Duration) -> Self {
        self.field("duration_ms", u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    /// Sets the ids of several parent events.
    pub fn parents<T: Into<String>>(self, ids: impl IntoIterator<Item = T>) -> Self {
        self.field("parents", Value::Array(ids.into_iter().map(|id| Value::String(id.into())).collect()))
    }

    /// Adds a label. Labels are indexed; filters can select them.
    pub fn label(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.member("labels", key.into(), Value::String(value.into()))
    }

    /// Adds an entry to the metadata, which is not indexed.
    pub fn metadata(self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.member("metadata", key.into(), value.into())
    }

    fn member(mut self, field: &str, key: String, value: Value) -> Self {
        let object = self.fields.entry(field.into()).or_insert_with(|| Value::Object(BTreeMap::new()));
        if let Value::Object(members) = object {
            members.insert(key, value);
        } else {
            *object = Value::Object([(key, value)].into());
        }
        self
    }
}

impl From<Event> for Value {
    fn from(event: Event) -> Value {
        Value::Object(event.fields)
    }
}

impl From<&Event> for Value {
    fn from(event: &Event) -> Value {
        event.clone().into()
    }
}

/// An event of the ledger. Index it with the schema's field names: `record["action_name"]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    json: String,
    value: Value,
}

impl Record {
    pub(crate) fn parse(json: String) -> Result<Record> {
        let value = Value::parse(&json)?;
        Ok(Record { json, value })
    }

    /// Returns the event as the ledger returned it: the stored bytes with the ledger's own fields appended.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Returns the whole event as a JSON object.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Returns the id.
    pub fn id(&self) -> &str {
        self["id"].as_str().unwrap_or_default()
    }

    /// Returns the event's position in the chain of its agent, from 1.
    pub fn sequence(&self) -> i64 {
        self["sequence"].as_i64().unwrap_or_default()
    }
}

impl Index<&str> for Record {
    type Output = Value;
    fn index(&self, field: &str) -> &Value {
        &self.value[field]
    }
}
