use crate::error::Result;
use crate::value::Value;
use std::collections::BTreeMap;
use std::ops::Index;
use std::time::{Duration, SystemTime};

/// An event to be logged. Only an agent is required, and the client can supply it.
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
    /// An event of a type: `TOOL_CALL`, `TOOL_RESULT`, `LLM_CALL`, `LLM_RESPONSE`, `CUSTOM`, ...
    pub fn new(action_type: impl Into<String>) -> Event {
        Event::default().field("action_type", Value::String(action_type.into()))
    }

    /// A top-level field by its name in the schema. What the schema does not know is kept too.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    text_fields! {
        /// The id; by default a new UUIDv7. Logging the same id of an agent again records nothing.
        id => "id";
        /// The agent, in place of the client's.
        agent => "agent_id";
        /// The session, in place of the client's.
        session => "session_id";
        /// What the action is called.
        name => "action_name";
        /// How it ended: `success`, `error`, `timeout`.
        status => "action_status";
        /// What went wrong.
        error_message => "error_message";
        /// The event that this one follows from.
        parent => "parent_event_id";
        /// The call of a tool that this event belongs to.
        tool_call => "tool_call_id";
    }

    /// What went into the action.
    pub fn input(self, value: impl Into<Value>) -> Self {
        self.field("action_input", value)
    }

    /// What came out of it.
    pub fn output(self, value: impl Into<Value>) -> Self {
        self.field("action_output", value)
    }

    /// When it happened; by default when it is logged.
    pub fn at(self, time: SystemTime) -> Self {
        self.field("timestamp", time)
    }

    /// How long it took, in whole milliseconds.
    pub fn took(self, duration: Duration) -> Self {
        self.field("duration_ms", u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    /// Several parents.
    pub fn parents<T: Into<String>>(self, ids: impl IntoIterator<Item = T>) -> Self {
        self.field("parents", Value::Array(ids.into_iter().map(|id| Value::String(id.into())).collect()))
    }

    /// A label: indexed, for filters.
    pub fn label(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.member("labels", key.into(), Value::String(value.into()))
    }

    /// An entry of the metadata, which is not indexed.
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

/// An event of the ledger. Its fields are read by their names in the schema: `record["action_name"]`.
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

    /// The event as the ledger returned it: the stored octets, with the ledger's own fields appended.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The whole event.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The id.
    pub fn id(&self) -> &str {
        self["id"].as_str().unwrap_or_default()
    }

    /// 1, 2, 3... for each agent.
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
