//! Operations by name.
mod common;

use common::{collect, open};
use provenlog::{object, Event, Filter, Operation, Status, Value};
use std::ops::ControlFlow;

#[test]
fn an_operation_gives_the_answer_of_its_method() {
    let client = open();
    let id = client.log(&Event::new("CUSTOM").name("a")).unwrap();
    client.log(&Event::new("CUSTOM").name("b")).unwrap();
    assert_eq!(client.call("count", r#"{"action_name": "a", "agent_id": null}"#).unwrap(), r#"{"count":1}"#);
    assert_eq!(client.call("count", "").unwrap(), r#"{"count":2}"#);
    let event =
        Operation::named("get").on(&client).parameters(object! {"event_id": id.as_str()}).run().unwrap();
    assert_eq!(&event, client.get(&id, None).unwrap().unwrap().value());
    let page = Operation::named("query").on(&client).parameters(object! {"limit": 1}).run().unwrap();
    assert_eq!(page["events"][0], *collect(&client, Filter::new())[0].value());
    let rest = object! {"after": page["next"].clone()};
    let page = Operation::named("query").on(&client).parameters(rest).run().unwrap();
    assert_eq!(page["events"][0], *collect(&client, Filter::new())[1].value());
    assert_eq!(page["next"], Value::Null);
    let report = Value::parse(&client.call("verify", "{}").unwrap()).unwrap();
    assert_eq!(report["verdict"].as_str(), Some(&*client.verify().unwrap().verdict));
}

#[test]
fn a_wrong_call_names_the_parameter() {
    let client = open();
    for (name, parameters, message) in [
        (
            "nothing",
            "",
            "there is no operation \"nothing\"; use a name that `plog generate operations` prints",
        ),
        ("agents", r#"{"limit": 0}"#, "agents: limit: 0 is out of range; use a whole number from 1 to 1000"),
        ("a\0b", "", "the name of the operation contains a NUL byte"),
    ] {
        let error = client.call(name, parameters).unwrap_err();
        assert_eq!((error.status(), error.message()), (Status::Invalid, message));
    }
    assert_eq!(client.call("get", r#"{"event_id": "x"}"#).unwrap_err().status(), Status::NotFound);
    assert_eq!(Operation::named("query").run().unwrap_err().status(), Status::Invalid);
}

#[test]
fn an_operation_reports_progress_and_can_be_stopped() {
    let client = open();
    client.log(&Event::new("CUSTOM")).unwrap();
    let mut seen = Vec::new();
    let record = |done, total| {
        seen.push((done, total));
        ControlFlow::Continue(())
    };
    Operation::named("verify").on(&client).progress(record).run().unwrap();
    assert_eq!(seen.last(), Some(&(2, 2)));
    let stopped = Operation::named("verify").on(&client).progress(|_, _| ControlFlow::Break(())).run();
    assert_eq!(stopped.unwrap_err().status(), Status::Cancelled);
}
