//! Threads, the death of the process, and leaks.
mod common;

use common::{collect, open, Folder};
use provenlog::{Client, Event, Events, Filter, Redactor, Status, Verification};
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::process::{self, Command};
use std::thread;
use std::time::Duration;

#[test]
fn the_types_say_what_threads_may_do() {
    fn shared<T: Send + Sync>() {}
    fn movable<T: Send>() {}
    shared::<Client>();
    shared::<Redactor>();
    movable::<Events<'static>>();
}

#[test]
fn threads_write_one_contiguous_chain() {
    const WRITERS: usize = 8;
    const EACH: usize = 500;
    let client = open();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let client: &Client = &client;
            scope.spawn(move || {
                for i in 0..EACH {
                    client.log(&Event::new("CUSTOM").name(format!("{}/{}", writer, i))).unwrap();
                    if i % 100 == 0 {
                        assert!(!collect(client, Filter::new().descending().limit(3)).is_empty());
                    }
                }
            });
        }
    });
    let mut next = BTreeMap::new();
    let events = collect(&client, Filter::new());
    assert_eq!(events.len(), WRITERS * EACH);
    for (i, event) in events.iter().enumerate() {
        assert_eq!(event.sequence(), i as i64 + 1);
        let (writer, number) = event["action_name"].as_str().unwrap().split_once('/').unwrap();
        let expected = next.entry(writer.to_string()).or_insert(0);
        assert_eq!(number.parse(), Ok(*expected)); // the order of each thread is kept
        *expected += 1;
    }
    assert_eq!(next.len(), WRITERS);
    let report = Verification::of(&client).agent("tester").run().unwrap();
    assert!(report.valid, "{:?}", report);
    assert_eq!(report.events, (WRITERS * EACH) as i64);
}

#[test]
fn what_was_accepted_while_another_thread_closed_is_stored() {
    let fixture = open();
    let client: &Client = &fixture;
    let accepted: BTreeSet<String> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(move || {
                    let mut accepted = Vec::new();
                    loop {
                        match client.log(&Event::new("CUSTOM")) {
                            Ok(id) => accepted.push(id),
                            Err(error) => {
                                assert_eq!(error.status(), Status::Closed);
                                return accepted;
                            }
                        }
                    }
                })
            })
            .collect();
        while client.stats().unwrap().accepted < 100 {
            thread::yield_now();
        }
        client.close(Duration::from_secs(60)).unwrap();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let again = Client::open(&fixture.folder.options()).unwrap();
    let stored: BTreeSet<String> =
        collect(&again, Filter::new()).iter().map(|e| e.id().to_string()).collect();
    assert_eq!(stored, accepted);
}

#[test]
fn an_event_that_death_interrupted_is_there() {
    const VARIABLE: &str = "PROVENLOG_RUST_KILL_TEST";
    let name = "an_event_that_death_interrupted_is_there";
    if let Some(path) = env::var_os(VARIABLE) {
        let options = provenlog::Options::new().db_path(path).agent_id("victim");
        let client = Client::open(&options.flush_interval(Duration::from_secs(3600))).unwrap();
        for i in 0..50 {
            client.log(&Event::new("CUSTOM").name(i.to_string())).unwrap();
        }
        process::abort();
    }
    let folder = Folder::new();
    let child =
        Command::new(env::current_exe().unwrap()).args(["--exact", name]).env(VARIABLE, folder.db()).output();
    assert_eq!(child.unwrap().status.code(), None, "the child did not abort");
    let client = Client::open(&folder.options()).unwrap();
    assert_eq!(collect(&client, Filter::new().agent("victim")).len(), 50);
}

fn resident_bytes() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

fn open_files_below(folder: &Folder) -> usize {
    let db = folder.db();
    let below = db.parent().unwrap();
    fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
        .filter(|target| target.starts_with(below))
        .count()
}

#[test]
fn ten_thousand_clients_and_queries_leave_nothing_behind() {
    let folder = Folder::new();
    let keeper = Client::open(&folder.options()).unwrap(); // keeps the ledger open between rounds
    keeper.log(&Event::new("CUSTOM")).unwrap();
    let round = |count| {
        for i in 0..count {
            let client = Client::open(&folder.options().label("k", "v")).unwrap();
            if i % 10 == 0 {
                assert!(client.query(&Filter::new()).unwrap().next().is_some());
                assert!(Client::open(&folder.options().batch_size(5000)).is_err());
            }
        }
    };
    round(2000);
    let (files, bytes) = (open_files_below(&folder), resident_bytes());
    round(8000);
    assert_eq!(open_files_below(&folder), files);
    let grown = resident_bytes().saturating_sub(bytes);
    assert!(grown < 32 << 20, "grew by {} bytes", grown); // other tests run at the same time
}
