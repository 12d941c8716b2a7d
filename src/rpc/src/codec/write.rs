//! Values as XML, in one pass: dxr would write control characters as they are, which no XML parser takes back.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dxr::Value;

/// Writes `<value>…</value>`.
pub fn value(xml: &mut String, value: &Value) {
    xml.push_str("<value>");
    match value {
        Value::Integer(number) => scalar(xml, "int", number),
        Value::Long(number) => scalar(xml, "i8", number),
        Value::Double(number) => scalar(xml, "double", number),
        Value::Boolean(flag) => scalar(xml, "boolean", &u8::from(*flag)),
        Value::DateTime(time) => scalar(xml, "dateTime.iso8601", time),
        Value::String(string) => {
            xml.push_str("<string>");
            text(xml, string);
            xml.push_str("</string>");
        }
        Value::Base64(bytes) => {
            xml.push_str("<base64>");
            BASE64_STANDARD.encode_string(bytes, xml);
            xml.push_str("</base64>");
        }
        Value::Array(items) => {
            xml.push_str("<array><data>");
            items.iter().for_each(|item| self::value(xml, item));
            xml.push_str("</data></array>");
        }
        Value::Struct(members) => {
            xml.push_str("<struct>");
            members.iter().for_each(|(name, value)| member(xml, name, value));
            xml.push_str("</struct>");
        }
        // A type that a later dxr may have; none of ours.
        _ => xml.push_str("<string></string>"),
    }
    xml.push_str("</value>");
}

/// Writes `<member>…</member>`.
pub fn member(xml: &mut String, name: &str, value: &Value) {
    xml.push_str("<member><name>");
    text(xml, name);
    xml.push_str("</name>");
    self::value(xml, value);
    xml.push_str("</member>");
}

/// Writes character data. What XML 1.0 cannot carry (section 2.2) becomes U+FFFD; a carriage return is written as a
/// reference, or the reader would make a line feed of it (section 2.11).
pub fn text(xml: &mut String, text: &str) {
    let mut plain = 0;
    for (position, character) in text.char_indices() {
        let instead = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\r' => "&#13;",
            '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'.. => continue,
            _ => "\u{fffd}",
        };
        xml.push_str(&text[plain..position]);
        xml.push_str(instead);
        plain = position + character.len_utf8();
    }
    xml.push_str(&text[plain..]);
}

fn scalar(xml: &mut String, kind: &str, value: &dyn std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(xml, "<{kind}>{value}</{kind}>");
}
