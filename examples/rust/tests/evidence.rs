//! Verification by level, key and heads; exports and proofs.
mod common;

use common::{collect, open, Fixture, Folder};
use provenlog::{Client, Event, Export, ExportCheck, Filter, Status, Value, Verification};
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

/// Returns a ledger of three events, its public key, and a file with its head.
fn recorded() -> (Fixture, String, PathBuf) {
    let client = open();
    for name in ["a", "b", "c"] {
        client.log(&Event::new("CUSTOM").name(name).label("name", name)).unwrap();
    }
    let first = collect(&client, Filter::new().limit(1)).remove(0);
    let proof = Value::parse(&client.prove(first.id(), None).unwrap()).unwrap();
    let head = client.db_path().with_extension("kept");
    fs::write(&head, proof["checkpoint"].as_str().unwrap()).unwrap();
    let key = proof["vkey"].as_str().unwrap().to_string();
    (client, key, head)
}

#[test]
fn a_verification_goes_as_far_as_it_is_told() {
    let (client, key, head) = recorded();
    for level in ["chain", "tree", "full"] {
        assert_eq!(Verification::of(&client).level(level).threads(1).run().unwrap().verdict, "OK");
    }
    client.close(Duration::from_secs(60)).unwrap();
    let path = client.db_path();
    fs::remove_file(format!("{}.key", path.display())).unwrap();
    let reaches = |verification: Verification| {
        let report = verification.run().unwrap();
        (report.verdict, report.assurance, report.assurance_events)
    };
    let expected = |assurance: &str| ("OK".to_string(), assurance.to_string(), 4);
    assert_eq!(reaches(Verification::of_path(path)), expected("consistent"));
    assert_eq!(reaches(Verification::of_path(path).key(&*key)), expected("signed"));
    let pinned = Verification::of_path(path).key(&*key).head(&head).incremental();
    assert_eq!(reaches(pinned), expected("pinned"));
    for wrong in [
        Verification::of_path(path).level("most"),
        Verification::of_path(path).level("a\0b"),
        Verification::of_path(path).key("none"),
        Verification::of_path(path).head("a\0b"),
        Verification::of_path(path).threads(65),
    ] {
        assert_eq!(wrong.run().unwrap_err().status(), Status::Invalid);
    }
}

#[test]
fn an_export_is_verified_without_the_ledger() {
    let (client, key, head) = recorded();
    let elsewhere = Folder::new();
    let file = elsewhere.db().with_extension("plog");
    let some = Filter::new().label("name", "b");
    let exported = Export::of(&client).filter(&some).write(&file).unwrap();
    assert_eq!((exported.events, exported.tree_size, exported.root.len()), (1, 4, 64));
    assert_eq!(Export::of(&client).filter(&some).write(&file).unwrap_err().status(), Status::Invalid);
    Export::of(&client).filter(&some).overwrite().write(&file).unwrap();
    let tiles = elsewhere.db().with_extension("tiles");
    assert_eq!(Export::of(&client).tiles().write(&tiles).unwrap().events, 4);

    for path in [&file, &tiles] {
        let report = ExportCheck::of(path).key(&*key).head(&head).run().unwrap();
        assert_eq!((&*report.verdict, &*report.assurance), ("OK", "pinned"));
    }
    assert_eq!(ExportCheck::of(&file).run().unwrap().assurance, "consistent");
    let text = fs::read_to_string(&file).unwrap().replace("\"tester\"", "\"taster\"");
    fs::write(&file, text).unwrap();
    assert_eq!(ExportCheck::of(&file).run().unwrap().verdict, "TAMPERED");
    assert!(!ExportCheck::of(elsewhere.db()).run().unwrap().valid);
}

#[test]
fn one_event_is_proved_by_itself() {
    let (client, key, _) = recorded();
    let event = collect(&client, Filter::new().offset(1).limit(1)).remove(0);
    let file = client.db_path().with_extension("plog");
    fs::write(&file, client.prove(event.id(), Some("tester")).unwrap()).unwrap();
    let report = ExportCheck::of(&file).key(key).run().unwrap();
    assert_eq!((&*report.verdict, &*report.assurance, report.events), ("OK", "signed", 1));
    assert_eq!(client.prove(event.id(), Some("nobody")).unwrap_err().status(), Status::NotFound);
}

#[test]
fn progress_may_stop_an_export_and_its_check() {
    let (client, _, _) = recorded();
    let client: &Client = &client;
    let file = client.db_path().with_extension("plog");
    let stopped = Export::of(client).progress(|_, _| ControlFlow::Break(())).write(&file);
    assert_eq!(stopped.unwrap_err().status(), Status::Cancelled);
    assert!(!file.exists());
    let mut seen = Vec::new();
    let told = Export::of(client).progress(|done, total| {
        seen.push((done, total));
        ControlFlow::Continue(())
    });
    told.write(&file).unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|(done, total)| done <= total));
    let stopped = ExportCheck::of(&file).progress(|_, _| ControlFlow::Break(())).run();
    assert_eq!(stopped.unwrap_err().status(), Status::Cancelled);
}
