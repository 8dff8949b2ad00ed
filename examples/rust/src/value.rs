use crate::error::{Error, Result, Status};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Index;
use std::time::{Duration, SystemTime};

/// A JSON value. `to_string` writes it as JSON text, and [`Value::parse`] reads such text.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Number(f64),
    String(String),
    Array(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

/// Creates an object: `object! {"city": "Bern", "celsius": 21}`.
#[macro_export]
macro_rules! object {
    ($($key:literal : $value:expr),* $(,)?) => {
        $crate::Value::Object([$((::std::string::String::from($key), $crate::Value::from($value))),*].into())
    };
}

impl Value {
    /// Returns bytes as a base64 string.
    pub fn bytes(octets: impl AsRef<[u8]>) -> Value {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for group in octets.as_ref().chunks(3) {
            let bits = group.iter().fold(0u32, |bits, octet| bits << 8 | u32::from(*octet))
                << (8 * (3 - group.len()));
            for i in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * i)) as usize & 63];
                text.push(if i <= group.len() { digit as char } else { '=' });
            }
        }
        Value::String(text)
    }

    /// Returns an error as `{"message"}`, with its source as `"cause"`, up to 100 levels.
    pub fn error(error: &dyn std::error::Error) -> Value {
        const DEEPEST: usize = 100;
        let chain: Vec<String> = std::iter::successors(Some(error), |error| error.source())
            .take(DEEPEST)
            .map(|e| e.to_string())
            .collect();
        let wrap = |cause: Option<Value>, message: String| {
            let mut object = BTreeMap::from([("message".to_string(), Value::String(message))]);
            object.extend(cause.map(|cause| ("cause".to_string(), cause)));
            Some(Value::Object(object))
        };
        chain.into_iter().rev().fold(None, wrap).unwrap_or(Value::Null)
    }

    /// Returns a member of an object, or `None` if there is no such member or this is not an object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.get(key),
            _ => None,
        }
    }

    /// Returns the text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns an integer that fits into an `i64`.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Integer(value) => i64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// Returns an integer or a floating-point number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Integer(value) => Some(*value as f64),
            Value::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the elements of an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// Parses JSON text of up to 1,000 levels. If an object has a key twice, the last value wins.
    pub fn parse(text: &str) -> Result<Value> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(1000)?;
        parser.space();
        if parser.at < text.len() {
            return Err(parser.unexpected());
        }
        Ok(value)
    }
}

static NULL: Value = Value::Null;

/// A member of an object; `Null` if there is no such member or this is not an object.
impl Index<&str> for Value {
    type Output = Value;
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&NULL)
    }
}

/// An element of an array; `Null` if there is no such element or this is not an array.
impl Index<usize> for Value {
    type Output = Value;
    fn index(&self, index: usize) -> &Value {
        self.as_array().and_then(|elements| elements.get(index)).unwrap_or(&NULL)
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, text: &str) -> bool {
        self.as_str() == Some(text)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == Some(text)
    }
}

macro_rules! from {
    ($($type:ty => |$value:ident| $result:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Value {
                $result
            }
        }
    )*};
}
from! {
    bool => |value| Value::Bool(value);
    i8 => |value| Value::Integer(value.into());
    i16 => |value| Value::Integer(value.into());
    i32 => |value| Value::Integer(value.into());
    i64 => |value| Value::Integer(value.into());
    i128 => |value| Value::Integer(value);
    isize => |value| Value::Integer(value as i128);
    u8 => |value| Value::Integer(value.into());
    u16 => |value| Value::Integer(value.into());
    u32 => |value| Value::Integer(value.into());
    u64 => |value| Value::Integer(value.into());
    usize => |value| Value::Integer(value as i128);
    f64 => |value| Value::Number(value);
    // Write 0.1, not 0.10000000149011612.
    f32 => |value| Value::Number(value.to_string().parse().unwrap_or_else(|_| value.into()));
    char => |value| Value::String(value.into());
    &str => |value| Value::String(value.into());
    String => |value| Value::String(value);
    &String => |value| Value::String(value.clone());
    SystemTime => |value| Value::String(rfc3339(value));
    Duration => |value| Value::String(iso_duration(value));
    &Value => |value| value.clone();
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Value {
        Value::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(elements: [T; N]) -> Value {
        Value::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value> + Clone> From<&[T]> for Value {
    fn from(elements: &[T]) -> Value {
        Value::Array(elements.iter().cloned().map(Into::into).collect())
    }
}

impl<K: Into<String>, V: Into<Value>> From<BTreeMap<K, V>> for Value {
    fn from(members: BTreeMap<K, V>) -> Value {
        Value::Object(members.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<K: Into<String>, V: Into<Value>> From<HashMap<K, V>> for Value {
    fn from(members: HashMap<K, V>) -> Value {
        Value::Object(members.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

/// Formats a time as RFC 3339 in UTC with six fraction digits, rounded down.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let us = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_micros() as i128,
        Err(error) => -((error.duration().as_nanos() + 999) as i128 / 1000),
    };
    let (day, us) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000));
    let (year, month, day) = civil_date(day as i64);
    let second = us / 1_000_000;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        year,
        month,
        day,
        second / 3600,
        second / 60 % 60,
        second % 60,
        us % 1_000_000
    )
}

/// Returns year, month and day of a day counted from 1970-01-01. The calculation starts years in March, so that a leap
/// day is the last day of a year.
fn civil_date(day: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let day = day + 719_468; // from 0000-03-01
    let (era, day) = (day.div_euclid(DAYS_OF_400_YEARS), day.rem_euclid(DAYS_OF_400_YEARS));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + carry, month, date)
}

/// Formats a duration in ISO 8601, with days of 24 hours: `P1DT2H3.5S`.
fn iso_duration(duration: Duration) -> String {
    let (whole, nanos) = (duration.as_secs(), duration.subsec_nanos());
    let part =
        |count: u64, letter: char| if count > 0 { format!("{}{}", count, letter) } else { String::new() };
    let days = part(whole / 86400, 'D');
    let mut time = part(whole / 3600 % 24, 'H') + &part(whole / 60 % 60, 'M');
    if nanos > 0 {
        let fraction = format!("{:09}", nanos);
        time += &format!("{}.{}S", whole % 60, fraction.trim_end_matches('0'));
    } else {
        time += &part(whole % 60, 'S');
    }
    match (days.is_empty(), time.is_empty()) {
        (true, true) => "PT0S".into(),
        (false, true) => format!("P{}", days),
        _ => format!("P{}T{}", days, time),
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{}", value),
            Value::Integer(value) => write!(f, "{}", value),
            // With an exponent: digits alone would be read as an integer, which may not fit into a double.
            Value::Number(value) if value.is_finite() => write!(f, "{:e}", value),
            Value::Number(value) if value.is_nan() => f.write_str("\"NaN\""),
            Value::Number(value) => f.write_str(if *value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }),
            Value::String(text) => quote(text, f),
            Value::Array(elements) => {
                f.write_str("[")?;
                for (i, element) in elements.iter().enumerate() {
                    f.write_str(if i > 0 { "," } else { "" })?;
                    element.fmt(f)?;
                }
                f.write_str("]")
            }
            Value::Object(members) => {
                f.write_str("{")?;
                for (i, (key, value)) in members.iter().enumerate() {
                    f.write_str(if i > 0 { "," } else { "" })?;
                    quote(key, f)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quote(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    let mut written = 0;
    for (at, octet) in text.bytes().enumerate() {
        if octet >= 0x20 && octet != b'"' && octet != b'\\' {
            continue;
        }
        f.write_str(&text[written..at])?;
        match octet {
            b'"' => f.write_str("\\\"")?,
            b'\\' => f.write_str("\\\\")?,
            _ => write!(f, "\\u{:04x}", octet)?,
        }
        written = at + 1;
    }
    f.write_str(&text[written..])?;
    f.write_str("\"")
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn unexpected(&self) -> Error {
        Error::new(Status::Invalid, format!("malformed JSON at offset {}", self.at))
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn accept(&mut self, token: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(token.as_bytes());
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        self.space();
        if self.accept(token) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn value(&mut self, levels: usize) -> Result<Value> {
        if levels == 0 {
            return Err(self.unexpected());
        }
        self.space();
        match self.peek() {
            b'n' => self.expect("null").map(|()| Value::Null),
            b't' => self.expect("true").map(|()| Value::Bool(true)),
            b'f' => self.expect("false").map(|()| Value::Bool(false)),
            b'"' => self.string().map(Value::String),
            b'[' => self.array(levels),
            b'{' => self.object(levels),
            _ => self.number(),
        }
    }

    fn array(&mut self, levels: usize) -> Result<Value> {
        self.expect("[")?;
        let mut elements = Vec::new();
        self.space();
        if self.accept("]") {
            return Ok(Value::Array(elements));
        }
        loop {
            elements.push(self.value(levels - 1)?);
            self.space();
            if self.accept("]") {
                return Ok(Value::Array(elements));
            }
            self.expect(",")?;
        }
    }

    fn object(&mut self, levels: usize) -> Result<Value> {
        self.expect("{")?;
        let mut members = BTreeMap::new();
        self.space();
        if self.accept("}") {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.expect(":")?;
            members.insert(key, self.value(levels - 1)?);
            self.space();
            if self.accept("}") {
                return Ok(Value::Object(members));
            }
            self.expect(",")?;
        }
    }

    fn number(&mut self) -> Result<Value> {
        let start = self.at;
        while matches!(self.peek(), b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        let digits = text.trim_start_matches('-');
        let leading_zero =
            digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
        if leading_zero || !digits.starts_with(|c: char| c.is_ascii_digit()) || text.ends_with('.') {
            return Err(self.unexpected());
        }
        if let Ok(integer) = text.parse() {
            return Ok(Value::Integer(integer));
        }
        text.parse().map(Value::Number).map_err(|_| self.unexpected())
    }

    fn string(&mut self) -> Result<String> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            let start = self.at;
            while self.peek() >= 0x20 && self.peek() != b'"' && self.peek() != b'\\' {
                self.at += 1;
            }
            text.push_str(&self.text[start..self.at]);
            if self.accept("\"") {
                return Ok(text);
            }
            self.expect("\\")?;
            let escape = self.peek();
            self.at += 1;
            text.push(match escape {
                b'"' | b'\\' | b'/' => escape as char,
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => self.escaped()?,
                _ => return Err(self.unexpected()),
            });
        }
    }

    /// Reads the digits after `\u`. A lone surrogate becomes U+FFFD.
    fn escaped(&mut self) -> Result<char> {
        let high = self.hex()?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        if self.accept("\\u") {
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before; // not a low surrogate: read it again as a character of its own
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Result<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|c| c.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        code.ok_or_else(|| self.unexpected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_and_written_without_a_change() {
        for text in [
            r#"{"a":[1,-2,{"b":null}],"c":"é😀\u0000\"\\/","d":true,"e":false,"f":{},"g":[]}"#,
            r#""\ud83d\ude00 \ud800 \ud800\u0041 \n\t\r\b\f""#,
            "1.5e300",
            " [ 1 , 2 ] ",
        ] {
            let value = Value::parse(text).unwrap();
            assert_eq!(Value::parse(&value.to_string()).unwrap(), value);
        }
        assert_eq!(Value::parse(r#""\ud83d\ude00\ud800\ud800\u0041""#).unwrap(), "😀\u{fffd}\u{fffd}A");
        assert_eq!(Value::parse("9007199254740993").unwrap().as_i64(), Some(9007199254740993));
        assert_eq!(Value::parse("1E2").unwrap().as_f64(), Some(100.0));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = "[".repeat(100_000);
        for text in [
            "",
            "nul",
            "01",
            "-",
            "+1",
            ".5",
            "1.",
            "1e",
            "--1",
            "[1,]",
            "[1",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12é\"",
            "\"a\nb\"",
            "1 2",
            "tru",
            &deep,
        ] {
            assert_eq!(Value::parse(text).unwrap_err().status(), Status::Invalid, "{}", text);
        }
    }

    #[test]
    fn times_and_durations_are_written_by_their_standards() {
        let at = |seconds, nanos| Value::from(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos));
        assert_eq!(at(0, 999), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(1771323630, 123456789), "2026-02-17T10:20:30.123456Z");
        assert_eq!(at(951782400, 0), "2000-02-29T00:00:00.000000Z");
        assert_eq!(at(4107542399, 0), "2100-02-28T23:59:59.000000Z");
        assert_eq!(at(4107542400, 0), "2100-03-01T00:00:00.000000Z");
        let before = SystemTime::UNIX_EPOCH - Duration::from_nanos(1);
        assert_eq!(Value::from(before), "1969-12-31T23:59:59.999999Z");
        for (duration, text) in [
            (Duration::ZERO, "PT0S"),
            (Duration::from_secs(86400), "P1D"),
            (Duration::from_millis(26 * 3600 * 1000 + 3500), "P1DT2H3.5S"),
            (Duration::from_secs(90), "PT1M30S"),
            (Duration::from_nanos(1), "PT0.000000001S"),
        ] {
            assert_eq!(Value::from(duration), text);
        }
    }

    #[test]
    fn bytes_and_errors_become_text() {
        for (octets, text) in
            [(&b""[..], ""), (b"\0", "AA=="), (b"\0\xff", "AP8="), (b"abc", "YWJj"), (b"abcd", "YWJjZA==")]
        {
            assert_eq!(Value::bytes(octets), text);
        }
        let error = Error::new(Status::Full, "no room");
        assert_eq!(Value::error(&error), object! {"message": "no room (PLOG_E_FULL)"});
    }
}
