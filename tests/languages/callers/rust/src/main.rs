//! See caller.py for the command.
use provenlog::{Client, Operation, Options, Result, Value};
use std::env;
use std::io::{stdin, BufRead};
use std::time::Duration;

fn main() -> Result<()> {
    let path = env::args().nth(1).expect("give the path of the ledger");
    let client = Client::open(&Options::new().db_path(path))?;
    for line in stdin().lock().lines() {
        let call = Value::parse(&line.expect("standard input is not text"))?;
        let name = call["name"].as_str().expect("a call has no name");
        match Operation::named(name).on(&client).parameters(call["parameters"].clone()).run() {
            Ok(result) => println!("{}", result.to_string()),
            Err(error) => println!("error: {}", error.message()),
        }
        println!("end");
    }
    client.close(Duration::from_secs(60))
}
