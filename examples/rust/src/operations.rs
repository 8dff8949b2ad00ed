use crate::client::Client;
use crate::error::{check, Result};
use crate::sys;
use crate::text::{take, terminated};
use crate::value::Value;
use crate::watch::{Progress, Watcher};
use std::ops::ControlFlow;
use std::ptr;

/// A call of an operation by its name. `docs/operations.md` describes all operations with their parameters, and the
/// operation `operations` returns the table. [`Client::call`] is short for a call without options.
///
/// ```
/// use provenlog::{object, Operation};
///
/// let result = Operation::named("redact").parameters(object! {"text": "to ada@example.com"}).run()?;
/// assert_eq!(result["text"].as_str(), Some("to [REDACTED:email]"));
/// # Ok::<(), provenlog::Error>(())
/// ```
pub struct Operation<'a> {
    client: Option<&'a Client>,
    name: String,
    parameters: Value,
    progress: Option<Progress<'a>>,
}

impl<'a> Operation<'a> {
    /// Returns a call that needs no client, unless [`Operation::on`] sets one.
    pub fn named(name: impl Into<String>) -> Self {
        Operation { client: None, name: name.into(), parameters: Value::Null, progress: None }
    }

    /// Calls the operation on a client's ledger. It sees all events that the client recorded before the call.
    pub fn on(mut self, client: &'a Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Sets the parameters: an object, whose members that are null count as not given.
    pub fn parameters(mut self, parameters: impl Into<Value>) -> Self {
        self.parameters = parameters.into();
        self
    }

    /// Calls `progress` as [`Verification::progress`](crate::Verification::progress) does, if the operation reports
    /// progress.
    pub fn progress(mut self, progress: impl FnMut(u64, u64) -> ControlFlow<()> + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Runs the operation and returns its result. An operation with many results returns a page and `next`; pass that as
    /// `after` (`sessions`: `offset`) to continue. Returns [`Status::Invalid`](crate::Status::Invalid) for an unknown
    /// operation and wrong parameters.
    pub fn run(self) -> Result<Value> {
        let parameters = match self.parameters {
            Value::Null => String::new(),
            parameters => parameters.to_string(),
        };
        Value::parse(&run(self.client, &self.name, &parameters, self.progress)?)
    }
}

impl Client {
    /// Calls an operation by its name, with its parameters as the text of a JSON object (or "" for none), and returns
    /// its result as JSON text. [`Operation`] takes and returns values, and reports progress.
    ///
    /// ```no_run
    /// # let client = provenlog::Client::open(&provenlog::Options::new())?;
    /// println!("{}", client.call("agents", r#"{"limit": 10}"#)?);
    /// # Ok::<(), provenlog::Error>(())
    /// ```
    pub fn call(&self, name: &str, parameters: &str) -> Result<String> {
        run(Some(self), name, parameters, None)
    }
}

fn run(client: Option<&Client>, name: &str, parameters: &str, progress: Option<Progress>) -> Result<String> {
    let name = terminated("the name of the operation", name)?;
    let mut watcher = Watcher::new(progress);
    let client = client.map_or(ptr::null_mut(), |client| client.raw.as_ptr());
    let mut result = ptr::null_mut();
    let done = check(|error| unsafe {
        sys::plog_call(
            client,
            name.as_ptr(),
            parameters.as_ptr().cast(),
            parameters.len(),
            watcher.function(),
            watcher.user_data(),
            &mut result,
            error,
        )
    });
    watcher.go_on();
    done?;
    Ok(unsafe { take(result) })
}
