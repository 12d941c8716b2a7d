//! XML as values, in one pass: what it reads is checked as it goes, and no fault repeats it.
//!
//! dxr reads the same documents through serde, at three times the cost for a message in base64, and its errors repeat the
//! request.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dxr::Value;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use crate::{Code, Fault};

/// How deep arrays and structs may nest, counted in XML elements.
pub const MAX_DEPTH: usize = 48;

/// A document on its way to values.
pub struct Document<'x> {
    reader: Reader<&'x [u8]>,
    depth: usize,
}

/// A piece of the document, without what has no meaning here: comments and processing instructions.
enum Piece<'x> {
    Start(&'static str),
    End,
    Text(Cow<'x, str>),
    Eof,
}

/// The elements of XML-RPC; everything else is "".
const ELEMENTS: [&str; 21] = [
    "value",
    "string",
    "member",
    "name",
    "struct",
    "int",
    "boolean",
    "i4",
    "base64",
    "dateTime.iso8601",
    "array",
    "data",
    "double",
    "i8",
    "methodCall",
    "methodName",
    "params",
    "param",
    "methodResponse",
    "fault",
    "nil",
];

fn known(name: &str) -> &'static str {
    ELEMENTS.into_iter().find(|element| *element == name).unwrap_or_default()
}

fn invalid(text: impl std::fmt::Display) -> Fault {
    Fault::new(Code::InvalidRequest, text)
}

impl<'x> Document<'x> {
    /// Begins to read.
    pub fn new(text: &'x str) -> Document<'x> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Document { reader, depth: 0 }
    }

    fn not_well_formed(&self) -> Fault {
        Fault::new(Code::NotWellFormed, format!("syntax error at byte {}", self.reader.error_position()))
    }

    fn piece(&mut self) -> Result<Piece<'x>, Fault> {
        loop {
            return Ok(match self.reader.read_event().map_err(|_| self.not_well_formed())? {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        let text = format!("nested deeper than {MAX_DEPTH} elements");
                        return Err(Fault::new(Code::TooLarge, text));
                    }
                    Piece::Start(known(start.name().as_ref()))
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Piece::End
                }
                Event::Text(text) => Piece::Text(text.xml10_content()),
                Event::CData(text) => Piece::Text(text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().map_err(|_| self.not_well_formed())?;
                    Piece::Text(match character {
                        Some(character) => Cow::Owned(character.to_string()),
                        None => resolve_predefined_entity(&reference).ok_or_else(|| self.not_well_formed())?.into(),
                    })
                }
                Event::Decl(declaration) => {
                    let encoding = declaration.encoding().and_then(Result::ok);
                    if encoding.is_some_and(|name| !matches!(&*name.to_ascii_lowercase(), "utf-8" | "us-ascii")) {
                        return Err(Fault::new(Code::UnsupportedEncoding, "send UTF-8"));
                    }
                    continue;
                }
                Event::DocType(_) => return Err(invalid("a document type declaration is not accepted")),
                Event::Eof if self.depth == 0 => Piece::Eof,
                Event::Eof => return Err(Fault::new(Code::NotWellFormed, "the document ends too early")),
                Event::Comment(_) | Event::PI(_) | Event::Empty(_) => continue,
            });
        }
    }

    /// The next piece that is not white space between elements.
    fn element(&mut self) -> Result<Piece<'x>, Fault> {
        loop {
            match self.piece()? {
                Piece::Text(text) if is_space(&text) => {}
                Piece::Text(_) => return Err(invalid("text where an element belongs")),
                other => return Ok(other),
            }
        }
    }

    /// Enters the next element and answers its name; `None` at the end of the element around it, or of the document.
    pub fn enter(&mut self) -> Result<Option<&'static str>, Fault> {
        match self.element()? {
            Piece::Start(name) => Ok(Some(name)),
            Piece::End | Piece::Eof | Piece::Text(_) => Ok(None),
        }
    }

    /// Enters the next element, which must have this name.
    pub fn expect(&mut self, name: &str) -> Result<(), Fault> {
        match self.enter()? {
            Some(found) if found == name => Ok(()),
            _ => Err(invalid(format!("expected <{name}>"))),
        }
    }

    /// Leaves an element in which nothing more may stand.
    pub fn leave(&mut self) -> Result<(), Fault> {
        match self.enter()? {
            None => Ok(()),
            Some(_) => Err(invalid("an element too many")),
        }
    }

    /// The text up to the end of the element.
    pub fn text(&mut self) -> Result<Cow<'x, str>, Fault> {
        let mut whole = Cow::Borrowed("");
        loop {
            match self.piece()? {
                Piece::Text(text) if whole.is_empty() => whole = text,
                Piece::Text(text) => whole.to_mut().push_str(&text),
                Piece::Start(_) => return Err(invalid("an element where text belongs")),
                Piece::End | Piece::Eof => return Ok(whole),
            }
        }
    }

    /// What stands in `<value>`, up to its end: a typed value, or text, which is a string.
    pub fn value(&mut self) -> Result<Value, Fault> {
        let mut whole = Cow::Borrowed("");
        loop {
            match self.piece()? {
                Piece::Text(text) if whole.is_empty() => whole = text,
                Piece::Text(text) => whole.to_mut().push_str(&text),
                Piece::End | Piece::Eof => return Ok(Value::String(whole.into_owned())),
                Piece::Start(kind) if is_space(&whole) => {
                    let value = self.typed(kind)?;
                    self.leave()?;
                    return Ok(value);
                }
                Piece::Start(_) => return Err(invalid("text beside a typed value")),
            }
        }
    }

    fn typed(&mut self, kind: &str) -> Result<Value, Fault> {
        let wrong = || invalid(format!("not a valid <{kind}>"));
        Ok(match kind {
            "string" => Value::String(self.text()?.into_owned()),
            "int" | "i4" => Value::Integer(self.text()?.trim().parse().map_err(|_| wrong())?),
            "i8" => Value::Long(self.text()?.trim().parse().map_err(|_| wrong())?),
            "double" => Value::Double(self.text()?.trim().parse().map_err(|_| wrong())?),
            "boolean" => match self.text()?.trim() {
                "0" => Value::Boolean(false),
                "1" => Value::Boolean(true),
                _ => return Err(wrong()),
            },
            "dateTime.iso8601" => Value::DateTime(self.text()?.trim().parse().map_err(|_| wrong())?),
            "base64" => Value::Base64(unwrapped(&self.text()?).ok_or_else(wrong)?),
            "array" => {
                self.expect("data")?;
                let mut items = Vec::new();
                while let Some(name) = self.enter()? {
                    if name != "value" {
                        return Err(invalid("expected <value>"));
                    }
                    items.push(self.value()?);
                }
                self.leave()?;
                Value::Array(items)
            }
            "struct" => {
                let mut members = BTreeMap::new();
                while let Some(name) = self.enter()? {
                    if name != "member" {
                        return Err(invalid("expected <member>"));
                    }
                    self.expect("name")?;
                    let name = self.text()?.into_owned();
                    self.expect("value")?;
                    members.insert(name, self.value()?);
                    self.leave()?;
                }
                Value::Struct(members)
            }
            _ => return Err(invalid("a type that XML-RPC does not have")),
        })
    }
}

fn is_space(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Decodes base64, which many clients wrap in lines.
fn unwrapped(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return BASE64_STANDARD.decode(text).ok();
    }
    let joined: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64_STANDARD.decode(joined).ok()
}
