//! Logging, context, queries, verification and errors.
mod common;

use common::{collect, log, names, open, open_with, Folder};
use provenlog::{
    object, Capture, CapturePolicy, Client, Durability, Event, Filter, OnFull, Options, Redactor, Rule,
    Status, Value, Verification,
};
use std::fs;
use std::ops::ControlFlow;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::process::Command;
use std::time::{Duration, SystemTime};

#[test]
fn an_event_comes_back_with_every_field_it_was_given() {
    let client = open();
    let when = SystemTime::UNIX_EPOCH + Duration::new(1771323630, 123456789);
    let event = Event::new("TOOL_CALL")
        .id("0190163d-8694-739b-aea5-966c26f8ad91")
        .agent("a")
        .session("s")
        .name("add")
        .input(object! {"a": 1, "b": vec![Value::from(2.5), Value::Null, true.into()]})
        .output("three")
        .status("success")
        .error_message("none")
        .at(when)
        .took(Duration::from_micros(1500))
        .label("env", "dev")
        .metadata("v", "1")
        .parent("p")
        .parents(["p", "q"])
        .tool_call("t")
        .field("audit_id", "y")
        .field("colour", "red");
    let got = log(&client, event);
    assert_eq!(got.id(), "0190163d-8694-739b-aea5-966c26f8ad91");
    assert_eq!(got.sequence(), 1);
    assert_eq!(got["action_input"], object! {"a": 1, "b": vec![Value::from(2.5), Value::Null, true.into()]});
    for (field, text) in [
        ("agent_id", "a"),
        ("session_id", "s"),
        ("action_type", "TOOL_CALL"),
        ("action_name", "add"),
        ("action_output", "three"),
        ("action_status", "success"),
        ("error_message", "none"),
        ("timestamp", "2026-02-17T10:20:30.123456Z"),
        ("parent_event_id", "p"),
        ("tool_call_id", "t"),
        ("audit_id", "y"),
        ("colour", "red"),
        ("source", "sdk"),
        ("capture_method", "embedded"),
    ] {
        assert_eq!(got[field], text, "{}", field);
    }
    assert_eq!(got["duration_ms"].as_i64(), Some(1));
    assert_eq!(got["labels"]["env"], "dev");
    assert_eq!(got["metadata"]["v"], "1");
    assert_eq!(got["parents"], Value::from(["p", "q"]));
    assert_eq!(got["validation_warnings"][0]["code"], "unknown_field");
    assert_eq!(got["validation_warnings"][1], Value::Null);
    assert!(got.json().starts_with(r#"{"action_input":{"a":1,"b":[2.5,null,true]},"#));
}

#[test]
fn values_become_the_json_of_the_table() {
    let client = open_with(|options| options.salt(false));
    for (value, json) in [
        (Value::Null, "null"),
        (Value::from(-7), "-7"),
        (Value::from(1i64 << 53), "9007199254740992"),
        (Value::from((1i64 << 53) + 1), r#""9007199254740993""#),
        (Value::from(u64::MAX), r#""18446744073709551615""#),
        (Value::from(0.1f32), "0.1"),
        (Value::from(1e3), "1000"),
        (Value::from(1e21), "1e+21"),
        (Value::from(5e-324), "5e-324"),
        (Value::from(-0.0), "0"),
        (Value::from(f64::NAN), r#""NaN""#),
        (Value::from(f64::NEG_INFINITY), r#""-Infinity""#),
        (Value::from("é😀\0\"\\<&>\u{2028}\u{7f}\n"), "\"é😀\\u0000\\\"\\\\<&>\u{2028}\u{7f}\\n\""),
        (Value::bytes([0, 255]), r#""AP8=""#),
        (Value::from(Duration::from_millis(3500)), r#""PT3.5S""#),
        (Value::from(Some(vec![1u8, 2])), "[1,2]"),
        (Value::from(None::<i32>), "null"),
    ] {
        let record = log(&client, Event::new("CUSTOM").input(object! {"v": value.clone()}));
        let expected = format!("\"action_input\":{{\"v\":{}}},", json);
        assert!(record.json().contains(&expected), "{:?}: {}", value, record.json());
    }
}

#[test]
fn text_of_any_kind_is_kept_or_repaired() {
    let client = open();
    let record = log(&client, Event::new("CUSTOM").name("a\0b").agent("ägent😀").label("k\0", "v\0"));
    assert_eq!(record["action_name"], "a\0b");
    assert_eq!(collect(&client, Filter::new().agent("ägent😀").label("k\0", "v\0")).len(), 1);
    // A Rust string cannot contain these, but JSON escapes and bytes from other sources can.
    let id = client.log_json(r#"{"action_input":"a\ud800b"}"#).unwrap();
    let record = client.get(&id, None).unwrap().unwrap();
    assert_eq!(record["action_input"], "a\u{fffd}b");
    assert_eq!(record["validation_warnings"][0]["code"], "lone_surrogate");
    let id = client.log_json(b"{\"action_input\":\"a\xffb\"}").unwrap();
    let record = client.get(&id, None).unwrap().unwrap();
    assert_eq!(record["action_input"], "a\u{fffd}b");
    assert_eq!(record["validation_warnings"][0]["code"], "invalid_utf8");
}

#[test]
fn a_retry_with_the_same_id_is_stored_once() {
    let client = open();
    let event = Event::new("CUSTOM").id("order-17").name("pay");
    let first = client.log(&event).unwrap();
    assert_eq!(client.log(&event).unwrap(), first);
    assert_eq!(collect(&client, Filter::new()).len(), 1);
    let stats = client.stats().unwrap();
    assert_eq!((stats.duplicates, stats.conflicts, stats.last_error), (1, 0, None));
    let stored = client.get("order-17", Some("tester")).unwrap().unwrap();
    assert_eq!(stored.id(), first);
    assert_eq!(client.get("order-17", Some("other")).unwrap(), None);
}

#[test]
fn a_retry_with_other_content_is_reported() {
    let client = open();
    client.log(&Event::new("CUSTOM").id("order-17").name("pay")).unwrap();
    client.log(&Event::new("CUSTOM").id("order-17").name("refund")).unwrap();
    client.flush(None).unwrap();
    let conflict = client.next_error(Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!(client.stats().unwrap().last_error, Some(conflict));
    assert_eq!(client.next_error(Duration::ZERO).unwrap(), None);
}

#[test]
fn the_client_supplies_what_an_event_does_not_name() {
    let client = open_with(|options| {
        options
            .session_id("base")
            .label("env", "dev")
            .label("team", "a")
            .metadata("v", 1)
            .source("test")
            .capture_method("by hand")
            .durability(Durability::Power)
            .on_full(OnFull::Raise)
            .batch_size(7)
            .flush_interval(Duration::from_millis(5))
            .block_timeout(Duration::from_millis(5))
            .max_event_bytes(8192)
            .journal_limit_bytes(1 << 20)
    });
    let plain = log(&client, Event::new("CUSTOM"));
    assert_eq!(plain["agent_id"], "tester");
    assert_eq!(plain["session_id"], "base");
    assert_eq!(plain["labels"], object! {"env": "dev", "team": "a"});
    assert_eq!(plain["metadata"]["v"].as_i64(), Some(1));
    assert_eq!(plain["source"], "test");
    assert_eq!(plain["capture_method"], "by hand");
    let own = log(
        &client,
        Event::new("CUSTOM").agent("other").session("s").label("team", "b").input("x".repeat(9000)),
    );
    assert_eq!(own["agent_id"], "other");
    assert_eq!(own["session_id"], "s");
    assert_eq!(own["labels"], object! {"env": "dev", "team": "b"});
    assert_eq!(own["action_input"]["truncated"].as_bool(), Some(true));
}

#[test]
fn a_label_value_has_a_context() {
    let client = open_with(|options| options.label("run", "7").context("run", object! {"commit": "abc"}));
    assert_eq!(client.context("run", "7").unwrap(), Some(object! {"commit": "abc"}));
    client.set_default_context("run", object! {"commit": "def"}).unwrap();
    client.set_context("run", "", object! {"empty": true}).unwrap();
    assert_eq!(client.context("run", "7").unwrap(), Some(object! {"commit": "def"}));
    assert_eq!(client.context("run", "").unwrap(), Some(object! {"empty": true}));
    assert_eq!(client.context("run", "8").unwrap(), None);
    assert_eq!(client.set_default_context("other", object! {}).unwrap_err().status(), Status::Invalid);
    assert_eq!(client.set_context("run", "7", 5).unwrap_err().status(), Status::Invalid);
    assert_eq!(collect(&client, Filter::new().include_system().name("context.changed")).len(), 3);
}

#[test]
fn filters_select_and_cursors_go_on() {
    let client = open();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1767225600);
    let hours = |count: u64| start + Duration::from_secs(3600 * count);
    for i in 0..10 {
        let event = Event::new(if i % 2 == 0 { "TOOL_CALL" } else { "CUSTOM" })
            .name(format!("e{}", i))
            .session(format!("s{}", i / 5))
            .label("third", (i % 3).to_string())
            .at(hours(i));
        client.log(&event).unwrap();
    }
    for (filter, expected) in [
        (Filter::new().session("s0"), "e0 e1 e2 e3 e4"),
        (Filter::new().action_type("CUSTOM").session("s1"), "e5 e7 e9"),
        (Filter::new().label("third", "0"), "e0 e3 e6 e9"),
        (Filter::new().since(hours(8)), "e8 e9"),
        (Filter::new().until(hours(1)), "e0"),
        (Filter::new().descending().limit(2), "e9 e8"),
        (Filter::new().limit(2).offset(3), "e3 e4"),
        (Filter::new().agent("nobody"), ""),
        (Filter::new().field("source", "sdk").limit(1), "e0"),
        (Filter::new().agent("provenlog").include_system().limit(1), "ledger.created"),
    ] {
        assert_eq!(names(&collect(&client, filter.clone())), expected, "{:?}", filter);
    }
    let mut events = client.query(&Filter::new()).unwrap();
    assert_eq!(events.position(), None);
    assert_eq!(events.by_ref().take(3).count(), 3);
    let after = events.position().unwrap();
    assert_eq!(names(&collect(&client, Filter::new().after(after).limit(2))), "e3 e4");
    assert_eq!(events.count(), 7);
    assert_eq!(client.query(&Filter::new().field("nonsense", 1)).unwrap_err().status(), Status::Invalid);
}

#[test]
fn a_ledger_verifies() {
    let client = open();
    log(&client, Event::new("CUSTOM"));
    let report = client.verify().unwrap();
    assert!(report.valid, "{:?}", report);
    assert_eq!((report.agents, report.findings.len()), (2, 0)); // including the reserved agent "provenlog"
    assert_eq!(Verification::of(&client).agent("tester").run().unwrap().events, 1);
    assert!(!Verification::of(&client).agent("nobody").run().unwrap().valid);
    client.close(Duration::from_secs(60)).unwrap();
    let path = client.db_path();
    assert!(Verification::of_path(path).read_only().agent("tester").run().unwrap().valid);
    let missing = Verification::of_path(path.with_extension("missing")).read_only().run().unwrap();
    assert_eq!(missing.verdict, "MISSING_LOG");
}

#[test]
fn progress_is_told_and_may_stop_a_verification() {
    let client = open();
    log(&client, Event::new("CUSTOM"));
    let mut seen = Vec::new();
    let watched = Verification::of(&client).progress(|done, total| {
        seen.push((done, total));
        ControlFlow::Continue(())
    });
    assert!(watched.run().unwrap().valid);
    assert!(seen.iter().all(|(done, total)| done <= total) && !seen.is_empty());
    let stopped = Verification::of(&client).progress(|_, _| ControlFlow::Break(())).run();
    assert_eq!(stopped.unwrap_err().status(), Status::Cancelled);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        Verification::of(&client).progress(|_, _| panic!("on purpose")).run()
    }));
    assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "on purpose");
}

#[test]
fn a_tampered_ledger_is_found() {
    let client = open();
    for i in 0..3 {
        log(&client, Event::new("CUSTOM").input(object! {"amount": i}));
    }
    // A backup is a single file, whose bytes can be changed without SQLite.
    let copied = client.db_path().with_extension("copy");
    let backup = Command::new("plog").arg("backup").arg("--db").arg(client.db_path()).arg(&copied).output();
    let backup = backup.expect("cannot run plog; put it on the PATH");
    assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
    let mut octets = fs::read(&copied).unwrap();
    let target = b"{\"amount\":1}";
    let at = octets.windows(target.len()).position(|window| window == target).unwrap();
    octets[at + target.len() - 2] = b'9';
    fs::write(&copied, octets).unwrap();
    let report = Verification::of_path(&copied).read_only().run().unwrap();
    assert_eq!(report.verdict, "TAMPERED");
    assert!(!report.valid);
    assert_eq!((report.findings[0].agent_id.as_str(), report.findings[0].sequence), ("tester", 2));
    assert!(!report.findings[0].what.is_empty());
}

#[test]
fn an_option_out_of_range_is_named_with_its_range() {
    let folder = Folder::new();
    let options = || folder.options();
    for (bad, message) in [
        (options().batch_size(5000), "batch_size: 5000 is out of range; use 1 to 4096"),
        (options().read_connections(65), "read_connections: 65 is out of range; use 1 to 64"),
        (options().batch_size(0), "batch_size: 0 is out of range; use 1 to 4096"),
        (options().max_event_bytes(1), "max_event_bytes: 1 is out of range; use 4096 to 67108864"),
        (
            options().flush_interval(Duration::from_secs(3601)),
            "flush_interval: 3601 s is out of range; use 0.001 to 3600 s",
        ),
        (
            options().block_timeout(Duration::ZERO),
            "block_timeout: 0 s is out of range; use 0.001 to 86400 s",
        ),
        (
            options().capture_content(CapturePolicy::new(Capture::None).field("agent_id", Capture::Full)),
            "capture_content.fields.agent_id: not a content field; use one of action_input, action_output, context, \
             error_message, labels, metadata, unknown",
        ),
    ] {
        let error = Client::open(&bad).unwrap_err();
        assert_eq!((error.status(), error.message()), (Status::Config, message));
    }
}

#[test]
fn content_is_captured_as_the_policy_says() {
    let policy = CapturePolicy::new(Capture::None).field("action_output", Capture::Full);
    let client = open_with(|options| options.salt(false).capture_content(policy));
    let event = log(&client, Event::new("CUSTOM").input("secret plan").output("kept"));
    assert_eq!(event["action_output"], "kept");
    assert_eq!(event["action_input"]["omitted"].as_bool(), Some(true));
    assert_eq!(event["salt"], Value::Null);
    let client = open_with(|options| options.salt(true).capture_content(Capture::Digest));
    let event = log(&client, Event::new("CUSTOM").input("secret plan"));
    assert_eq!(event["action_input"]["bytes"].as_i64(), Some(13));
    assert_eq!(event["salt"].as_str().map(str::len), Some(22));
}

#[test]
fn errors_carry_a_status_and_a_message() {
    let folder = Folder::new();
    for (bad, word) in
        [(folder.options().agent_id("a\0b"), "agent_id"), (folder.options().db_path("a\0b"), "db_path")]
    {
        let error = Client::open(&bad).unwrap_err();
        assert_eq!(error.status(), Status::Invalid, "{}", error);
        assert!(error.message().contains(word), "{}", error);
        assert!(error.to_string().ends_with("(PLOG_E_INVALID)"), "{}", error);
    }
    assert_eq!(Client::open(&Options::new().base_url("http://x")).unwrap_err().status(), Status::Unsupported);
    assert!(Client::open(&Options::new().db_path("/proc/nothing/events.db")).is_err());
    let client = Client::open(&Options::new().db_path(folder.db())).unwrap();
    assert_eq!(client.log(&Event::new("CUSTOM")).unwrap_err().status(), Status::Invalid);
    assert_eq!(client.log_json("{\"agent_id\":").unwrap_err().status(), Status::Invalid);
    assert_eq!(client.get("0190163d-8694-739b-aea5-966c26f8ad91", None).unwrap(), None);
}

#[test]
fn a_closed_client_says_so() {
    let client = open();
    log(&client, Event::new("CUSTOM"));
    client.close(Duration::from_secs(60)).unwrap();
    client.close(Duration::ZERO).unwrap();
    let closed = |status: Option<Status>| assert_eq!(status, Some(Status::Closed));
    closed(client.log(&Event::new("CUSTOM")).err().map(|e| e.status()));
    closed(client.log_json("{}").err().map(|e| e.status()));
    closed(client.set_context("k", "v", object! {}).err().map(|e| e.status()));
    closed(client.next_error(Duration::from_secs(60)).err().map(|e| e.status()));
}

#[test]
fn the_redactor_knows_built_in_and_own_patterns() {
    let rule =
        |pattern: &str| Rule { name: "ticket".into(), pattern: pattern.into(), replace: "[TICKET]".into() };
    let redactor = Redactor::new(&[rule(r"TICKET-\d{4}")]).unwrap();
    let (text, count) = redactor.redact("TICKET-1234 by ada@example.com\0").unwrap();
    assert_eq!((text.as_str(), count), ("[TICKET] by [REDACTED:email]\0", 2));
    assert_eq!(Redactor::new(&[]).unwrap().redact("").unwrap(), (String::new(), 0));
    assert_eq!(Redactor::new(&[rule("(")]).unwrap_err().status(), Status::Config);
}
