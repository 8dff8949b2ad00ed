//! Records what an agent does in a tamper-evident ledger, queries it and verifies it.
//!
//! ```
//! use provenlog::{object, Client, Event, Filter, Options};
//!
//! # let folder = std::env::temp_dir().join(format!("provenlog-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! # let path = folder.join("events.db");
//! let client = Client::open(&Options::new().db_path(path).agent_id("researcher").label("env", "dev"))?;
//! let call = client.log(
//!     &Event::new("TOOL_CALL").name("add").session("morning").input(object! {"a": 1, "b": 2}),
//! )?;
//! client.log(&Event::new("TOOL_RESULT").name("add").session("morning").parent(&call).output(3))?;
//!
//! for event in client.query(&Filter::new().session("morning"))? {
//!     let event = event?;
//!     println!("{} {}", event.sequence(), event["action_type"]);
//! }
//! assert!(client.verify()?.valid);
//! # drop(client);
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), provenlog::Error>(())
//! ```
//!
//! Threads may share a [`Client`]. Once [`Client::log`] has returned, the event survives the death of the process; a
//! background thread commits it to the ledger. Dropping the client commits the remaining events.
//!
//! The crate needs libprovenlog. Its build script finds it in the folder `PROVENLOG_LIB_DIR`, or with pkg-config.

#![warn(missing_docs)]

mod client;
mod error;
mod event;
mod export;
mod operations;
mod options;
mod query;
mod redactor;
pub mod sys;
mod text;
mod value;
mod verify;
mod watch;

pub use client::{Client, Stats};
pub use error::{Error, Result, Status};
pub use event::{Event, Record};
pub use export::{Export, ExportCheck, Exported};
pub use operations::Operation;
pub use options::{Capture, CapturePolicy, Durability, OnFull, Options};
pub use query::{Events, Filter};
pub use redactor::{Redactor, Rule};
pub use value::Value;
pub use verify::{Finding, Report, Verification};
