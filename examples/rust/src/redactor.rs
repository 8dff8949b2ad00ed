use crate::error::{check, Result};
use crate::object;
use crate::sys;
use crate::text::take;
use crate::value::Value;
use std::ptr;

/// A redaction rule in addition to the built-in detectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name of the rule.
    pub name: String,
    /// The pattern, in RE2 syntax.
    pub pattern: String,
    /// The text that replaces a match.
    pub replace: String,
}

/// Redacts text without a ledger. Any thread may use it at any time.
#[derive(Debug)]
pub struct Redactor {
    raw: *mut sys::plog_redactor,
}

// plog.h calls a redactor "immutable": any thread, no locks.
unsafe impl Send for Redactor {}
unsafe impl Sync for Redactor {}

impl Redactor {
    /// Returns a redactor with the built-in detectors and these rules, or [`Status::Config`](crate::Status::Config) if
    /// a rule is invalid.
    pub fn new(rules: &[Rule]) -> Result<Redactor> {
        let rules: Vec<Value> = rules
            .iter()
            .map(|rule| object! {"name": &rule.name, "pattern": &rule.pattern, "replace": &rule.replace})
            .collect();
        let text = Value::Array(rules).to_string();
        let mut raw = ptr::null_mut();
        check(|error| unsafe { sys::plog_redactor_new(text.as_ptr().cast(), text.len(), &mut raw, error) })?;
        Ok(Redactor { raw })
    }

    /// Returns the text with every match replaced by its marker, and the number of matches.
    pub fn redact(&self, text: &str) -> Result<(String, u64)> {
        let (mut buffer, mut count) = (ptr::null_mut(), 0);
        check(|error| unsafe {
            sys::plog_redactor_redact(
                self.raw,
                text.as_ptr().cast(),
                text.len(),
                &mut buffer,
                &mut count,
                error,
            )
        })?;
        Ok((unsafe { take(buffer) }, count))
    }
}

impl Drop for Redactor {
    fn drop(&mut self) {
        unsafe { sys::plog_redactor_destroy(self.raw) }
    }
}
