//! Helpers of the tests: each test has a ledger of its own.
use provenlog::{Client, Event, Filter, Options, Record};
use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder that is deleted when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("provenlog-rust-{}-{}", std::process::id(), number));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn db(&self) -> PathBuf {
        self.0.join("events.db")
    }

    pub fn options(&self) -> Options {
        Options::new().db_path(self.db()).agent_id("tester")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A client on a ledger of its own. The fields are dropped in this order: the client before its folder.
pub struct Fixture {
    client: Client,
    #[allow(dead_code)]
    pub folder: Folder,
}

impl Deref for Fixture {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

pub fn open() -> Fixture {
    open_with(|options| options)
}

pub fn open_with(change: impl FnOnce(Options) -> Options) -> Fixture {
    let folder = Folder::new();
    Fixture { client: Client::open(&change(folder.options())).unwrap(), folder }
}

#[allow(dead_code)]
pub fn log(client: &Client, event: Event) -> Record {
    let id = client.log(&event).unwrap();
    client.get(&id, None).unwrap().unwrap()
}

pub fn collect(client: &Client, filter: Filter) -> Vec<Record> {
    client.query(&filter).unwrap().map(Result::unwrap).collect()
}

#[allow(dead_code)]
pub fn names(records: &[Record]) -> String {
    records.iter().map(|r| r["action_name"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}
