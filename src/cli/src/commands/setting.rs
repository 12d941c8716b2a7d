//! Settings of a list as people write and read them.

use std::collections::BTreeMap;

use mailjam_rpc::{Shape, Value};

use crate::error::Error;
use crate::output::or_dash;

/// Reads `KEY=VALUE` words. The daemon knows the types, so every value travels as text.
pub fn parse(words: &[&str]) -> Result<BTreeMap<String, Value>, Error> {
    let pairs = words.iter().map(|word| match word.split_once('=') {
        Some((key, value)) => Ok((key.trim().to_owned(), Value::String(value.to_owned()))),
        None => Err(Error::NotASetting { word: (*word).to_owned() }),
    });
    pairs.collect()
}

/// A value as text.
pub fn display(value: &Value) -> String {
    match value {
        Value::String(text) => or_dash(text),
        Value::Integer(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Boolean(true) => "yes".to_owned(),
        Value::Boolean(false) => "no".to_owned(),
        Value::DateTime(_) => {
            mailjam_rpc::Time::from_value(value.clone()).map_or_else(|_| "-".into(), |t| t.to_string())
        }
        Value::Array(items) => items.iter().map(display).collect::<Vec<_>>().join(", "),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_divides() {
        let settings = parse(&["subject_prefix=[a=b]", "description="]).unwrap();
        assert_eq!(settings["subject_prefix"], Value::String("[a=b]".into()));
        assert_eq!(settings["description"], Value::String(String::new()));
        assert!(matches!(parse(&["open"]), Err(Error::NotASetting { word }) if word == "open"));
    }
}
