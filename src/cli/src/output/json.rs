//! XML-RPC values as JSON and back. JSON has no times and no bytes: they are written as text, RFC 3339 and base64; in
//! the other direction `{"$dateTime": "2026-11-24T08:30:00Z"}` and `{"$base64": "…"}` stand for them.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailjam_rpc::{Shape, Time, Value};
use serde_json::Value as Json;

/// Writes a value without spaces and line ends.
pub fn write(value: &Value, out: &mut impl Write) -> io::Result<()> {
    match value {
        Value::Integer(number) => write!(out, "{number}"),
        Value::Long(number) => write!(out, "{number}"),
        Value::Boolean(yes) => write!(out, "{yes}"),
        Value::String(text) => write_text(text, out),
        Value::Double(number) => Ok(serde_json::to_writer(out, number)?),
        Value::DateTime(_) => match Time::from_value(value.clone()) {
            Ok(time) => write!(out, "\"{time}\""),
            Err(_) => out.write_all(b"null"),
        },
        Value::Base64(bytes) => write!(out, "\"{}\"", STANDARD.encode(bytes)),
        Value::Array(items) => {
            out.write_all(b"[")?;
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.write_all(b",")?;
                }
                write(item, out)?;
            }
            out.write_all(b"]")
        }
        Value::Struct(members) => {
            out.write_all(b"{")?;
            for (position, (name, member)) in members.iter().enumerate() {
                if position > 0 {
                    out.write_all(b",")?;
                }
                write_text(name, out)?;
                out.write_all(b":")?;
                write(member, out)?;
            }
            out.write_all(b"}")
        }
        // `nil`, which mailjam never sends.
        _ => out.write_all(b"null"),
    }
}

/// Writes a string with what JSON needs escaped.
fn write_text(text: &str, out: &mut impl Write) -> io::Result<()> {
    Ok(serde_json::to_writer(out, text)?)
}

/// Reads the parameters of a call: a JSON array.
///
/// # Errors
/// In words, what is wrong with it.
pub fn parameters(text: &str) -> Result<Vec<Value>, String> {
    match serde_json::from_str(text) {
        Ok(Json::Array(items)) => items.into_iter().map(value).collect(),
        Ok(_) => Err("put [ and ] around them".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn value(json: Json) -> Result<Value, String> {
    Ok(match json {
        Json::Null => return Err("XML-RPC has no null; leave the member out".to_owned()),
        Json::Bool(yes) => Value::Boolean(yes),
        Json::String(text) => Value::String(text),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => i32::try_from(whole).map_or(Value::Long(whole), Value::Integer),
            (None, Some(fraction)) => Value::Double(fraction),
            (None, None) => return Err(format!("{number} is out of range")),
        },
        Json::Array(items) => Value::Array(items.into_iter().map(value).collect::<Result<_, _>>()?),
        Json::Object(members) => match marked(&members)? {
            Some(marked) => marked,
            None => Value::Struct(
                members.into_iter().map(|(name, member)| Ok((name, value(member)?))).collect::<Result<_, String>>()?,
            ),
        },
    })
}

/// What an object stands for whose only member says its type.
fn marked(members: &serde_json::Map<String, Json>) -> Result<Option<Value>, String> {
    if members.len() != 1 {
        return Ok(None);
    }
    if let Some(Json::String(text)) = members.get("$base64") {
        return STANDARD.decode(text).map(Value::Base64).map(Some).map_err(|error| format!("$base64: {error}"));
    }
    if let Some(Json::String(text)) = members.get("$dateTime") {
        let time: jiff::Timestamp = text.parse().map_err(|error| format!("$dateTime: {error}"))?;
        return Ok(Time(time.as_second()).to_value());
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        write(value, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_type_is_written() {
        let members = [
            ("n", Value::Integer(-7)),
            ("big", Value::Long(1 << 40)),
            ("yes", Value::Boolean(true)),
            ("text", Value::String("\"a\"\n<ü>".into())),
            ("half", Value::Double(0.5)),
            ("when", Time(1_795_509_000).to_value().unwrap()),
            ("bytes", Value::Base64(vec![0, 255, 10])),
            ("list", Value::Array(vec![Value::Integer(1), Value::Integer(2)])),
        ];
        let value = Value::Struct(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        assert_eq!(
            written(&value),
            concat!(
                r#"{"big":1099511627776,"bytes":"AP8K","half":0.5,"list":[1,2],"n":-7,"#,
                r#""text":"\"a\"\n<ü>","when":"2026-11-24T08:30:00Z","yes":true}"#
            )
        );
    }

    #[test]
    fn parameters_reach_every_type() {
        let text = r#"["a", 1, 1099511627776, 0.5, true, [2], {"m": {"$base64": "AP8K"}}, {"$dateTime": "2026-11-24T08:30:00Z"}]"#;
        let expected = vec![
            Value::String("a".into()),
            Value::Integer(1),
            Value::Long(1 << 40),
            Value::Double(0.5),
            Value::Boolean(true),
            Value::Array(vec![Value::Integer(2)]),
            Value::Struct([("m".to_owned(), Value::Base64(vec![0, 255, 10]))].into()),
            Time(1_795_509_000).to_value().unwrap(),
        ];
        assert_eq!(parameters(text), Ok(expected));
    }

    #[test]
    fn what_is_no_array_of_parameters_is_named() {
        assert_eq!(parameters("{}"), Err("put [ and ] around them".to_owned()));
        assert!(parameters("[null]").unwrap_err().contains("null"));
        assert!(parameters("[").unwrap_err().contains("EOF"));
        assert!(parameters(r#"[{"$base64": "?"}]"#).unwrap_err().starts_with("$base64"));
    }
}
