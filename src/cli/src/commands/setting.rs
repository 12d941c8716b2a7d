//! Settings of a list as people write and read them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mailjam_rpc::{Shape, Value};

use crate::error::Error;
use crate::output::or_dash;

/// Settings whose value may have several lines; for these `@FILE` is what stands in a file.
const TEXTS: [&str; 2] = ["header", "footer"];

/// Reads `KEY=VALUE` words. The daemon knows the types, so every value travels as text.
pub fn parse(words: &[&str]) -> Result<BTreeMap<String, Value>, Error> {
    let pairs = words.iter().map(|word| match word.split_once('=') {
        Some((key, value)) => {
            let key = key.trim();
            let file = value.strip_prefix('@').filter(|_| TEXTS.contains(&key));
            let value = match file.map(Path::new) {
                Some(file) => fs::read_to_string(file).map_err(Error::read(file))?,
                None => value.to_owned(),
            };
            Ok((key.to_owned(), Value::String(value)))
        }
        None => Err(Error::NotASetting { word: (*word).to_owned() }),
    });
    pairs.collect()
}

/// A value as text.
pub fn display(value: &Value) -> String {
    match value {
        Value::String(text) => or_dash(&one_line(text)),
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

/// A text of several lines in one, with its ends as they are written in programs.
pub fn one_line(text: &str) -> String {
    text.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_divides() {
        let settings = parse(&["subject_prefix=[a=b]", "description="]).unwrap();
        assert_eq!(settings["subject_prefix"], Value::String("[a=b]".into()));
        assert_eq!(settings["description"], Value::String(String::new()));
        assert!(matches!(parse(&["footer=@/no/such/file"]), Err(Error::Read { .. })));
        assert_eq!(parse(&["description=@home"]).unwrap()["description"], Value::String("@home".into()));
        assert_eq!(display(&Value::String("--\nBye".into())), "--\\nBye");
        assert!(matches!(parse(&["open"]), Err(Error::NotASetting { word }) if word == "open"));
    }
}
