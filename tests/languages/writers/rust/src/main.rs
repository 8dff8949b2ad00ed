//! See writer.py for the commands.
use provenlog::{object, Client, Event, Options, Result, Value};
use std::env;
use std::time::{Duration, SystemTime};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let client = Client::open(&Options::new().agent_id("polyglot").db_path(&arguments[2]))?;
    if arguments[1] == "count" {
        for i in 0..arguments[4].parse().unwrap() {
            let name = format!("{}-{}", arguments[3], i);
            client.log(&Event::new("CUSTOM").name(name).input(object! {"i": i}))?;
        }
    } else {
        let input = object! {
            "text": "é😀\0\"\\/<&>\u{2028}\x7f\n",
            "mail": "ada@example.com",
            "integers": [0i64, -7, 9007199254740992, 9007199254740993],
            "numbers": [0.1, 1e21, 1e-7, -0.0, 5e-324, f64::NAN, f64::NEG_INFINITY],
            "truth": [Value::from(true), Value::from(false), Value::Null],
            "bytes": Value::bytes([0, 255]),
            "empty": [object! {}, Value::Array(vec![]), Value::from("")],
            "\u{fb33}": 1,
            "😀": 2,
        };
        client.log(
            &Event::new("TOOL_CALL")
                .id("0190163d-8694-739b-aea5-966c26f8ad91")
                .at(SystemTime::UNIX_EPOCH + Duration::from_millis(1771323630123))
                .session("séance")
                .field("source", "test")
                .field("capture_method", "test")
                .name("every kind of value")
                .input(input)
                .output("x")
                .took(Duration::from_millis(1500))
                .label("env", "dev")
                .label("ключ", "значение")
                .metadata("nested", object! {"deep": [[1]]})
                .parents(["a", "b"]),
        )?;
    }
    client.close(Duration::from_secs(60))
}
