//! The answer to an XML-RPC call whose result is one struct, read without building a tree.

use crate::Malformed;
use crate::xml::Text;

/// What a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The members are those of the result.
    Result,
    /// The members are `faultCode` and `faultString`.
    Fault,
}

/// Reads a `methodResponse` to its very end and shows every member of its struct, name and value, in the order found.
/// Members that are themselves a struct or an array are passed over.
///
/// # Errors
/// When the document is not such a response, or ends too early: a verdict that was cut off is none.
pub fn read<'a>(document: &'a str, mut member: impl FnMut(Text<'a>, Text<'a>)) -> Result<Kind, Malformed> {
    let mut tags = Tags { rest: document };
    tags.open("methodResponse")?;
    let kind = match tags.tag()? {
        Tag::Open("fault") => Kind::Fault,
        Tag::Open("params") => Kind::Result,
        _ => return Err(Malformed("neither params nor a fault in the answer")),
    };
    if kind == Kind::Result {
        tags.open("param")?;
    }
    tags.open("value")?;
    tags.open("struct")?;
    while tags.open_or_close("member", "struct")? {
        tags.open("name")?;
        let name = tags.text_until_close("name")?;
        if let Some(value) = tags.value()? {
            member(name, value);
        }
        tags.close("member")?;
    }
    tags.close("value")?;
    if kind == Kind::Result {
        tags.close("param")?;
    }
    tags.close(if kind == Kind::Result { "params" } else { "fault" })?;
    tags.close("methodResponse")?;
    Ok(kind)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag<'a> {
    Open(&'a str),
    Close(&'a str),
    /// `<string/>`
    Empty(&'a str),
}

struct Tags<'a> {
    rest: &'a str,
}

impl<'a> Tags<'a> {
    /// The next tag, with the character data before it.
    fn next(&mut self) -> Result<(&'a str, Tag<'a>), Malformed> {
        loop {
            let (text, behind) = self.rest.split_once('<').ok_or(Malformed("the answer ends too early"))?;
            let (inside, rest) = behind.split_once('>').ok_or(Malformed("a tag does not end"))?;
            self.rest = rest;
            if inside.starts_with('?') {
                continue;
            }
            // A document type, a comment, CDATA: no XML-RPC server needs them.
            if inside.starts_with('!') {
                return Err(Malformed("markup that XML-RPC has no use for"));
            }
            let tag = if let Some(name) = inside.strip_prefix('/') {
                Tag::Close(name.trim_end())
            } else if let Some(name) = inside.strip_suffix('/') {
                Tag::Empty(name.trim_end())
            } else {
                Tag::Open(inside.trim_end())
            };
            return Ok((text, tag));
        }
    }

    /// The next tag, with nothing but white space before it.
    fn tag(&mut self) -> Result<Tag<'a>, Malformed> {
        let (text, tag) = self.next()?;
        if text.trim_ascii().is_empty() { Ok(tag) } else { Err(Malformed("text where a tag should be")) }
    }

    fn open(&mut self, name: &str) -> Result<(), Malformed> {
        if self.tag()? == Tag::Open(name) { Ok(()) } else { Err(Malformed("an unexpected tag")) }
    }

    fn close(&mut self, name: &str) -> Result<(), Malformed> {
        if self.tag()? == Tag::Close(name) { Ok(()) } else { Err(Malformed("an unexpected tag")) }
    }

    fn open_or_close(&mut self, open: &str, close: &str) -> Result<bool, Malformed> {
        match self.tag()? {
            Tag::Open(name) if name == open => Ok(true),
            Tag::Close(name) if name == close => Ok(false),
            _ => Err(Malformed("an unexpected tag")),
        }
    }

    fn text_until_close(&mut self, name: &str) -> Result<Text<'a>, Malformed> {
        match self.next()? {
            (text, Tag::Close(closed)) if closed == name => Ok(Text(text)),
            _ => Err(Malformed("a tag where text should be")),
        }
    }

    /// A `value` element: its text, or `None` for a struct or an array.
    fn value(&mut self) -> Result<Option<Text<'a>>, Malformed> {
        match self.tag()? {
            Tag::Open("value") => {}
            Tag::Empty("value") => return Ok(Some(Text(""))),
            _ => return Err(Malformed("a member without a value")),
        }
        let value = match self.next()? {
            // A value without a type is a string.
            (text, Tag::Close("value")) => return Ok(Some(Text(text))),
            (before, _) if !before.trim_ascii().is_empty() => {
                return Err(Malformed("text beside a typed value"));
            }
            (_, Tag::Empty(_)) => Some(Text("")),
            (_, Tag::Open("struct" | "array")) => {
                self.skip_to_close()?;
                None
            }
            (_, Tag::Open(kind)) => Some(self.text_until_close(kind)?),
            (_, Tag::Close(_)) => return Err(Malformed("an unexpected tag")),
        };
        self.close("value")?;
        Ok(value)
    }

    /// Passes over everything up to the end of the element that was opened last.
    fn skip_to_close(&mut self) -> Result<(), Malformed> {
        let mut depth = 1u32;
        while depth > 0 {
            match self.next()?.1 {
                Tag::Open(_) => depth += 1,
                Tag::Close(_) => depth -= 1,
                Tag::Empty(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn members(document: &str) -> Result<(Kind, Vec<(String, String)>), Malformed> {
        let mut found = Vec::new();
        let kind = read(document, |name, value| {
            found.push((name.chars().collect(), value.chars().collect()));
        })?;
        Ok((kind, found))
    }

    const ACCEPTED: &str = "<?xml version=\"1.0\"?>\n<methodResponse>\n <params>\n  <param><value><struct>\
        <member><name>action</name><value><string>accept</string></value></member>\n\
        <member><name>dsn</name><value>2.0.0</value></member>\
        <member><name>text</name><value><string/></value></member>\
        <member><name>trail</name><value><array><data><value><i4>1</i4></value><value/></data></array></value></member>\
        <member><name>duplicate</name><value> <boolean>0</boolean> </value></member>\
        <member><name>post_id</name><value><string>&lt;1&gt;</string></value></member>\
        </struct></value></param></params></methodResponse>\n";

    #[test]
    fn a_result() {
        let (kind, found) = members(ACCEPTED).unwrap();
        assert_eq!(kind, Kind::Result);
        let expected = [("action", "accept"), ("dsn", "2.0.0"), ("text", ""), ("duplicate", "0"), ("post_id", "<1>")];
        assert!(found.iter().map(|(name, value)| (&**name, &**value)).eq(expected), "{found:?}");
    }

    #[test]
    fn a_fault() {
        let (kind, found) = members(
            "<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>-32050</int></value></member>\
             <member><name>faultString</name><value><string>TOO-LARGE: a &amp; b</string></value></member>\
             </struct></value></fault></methodResponse>",
        )
        .unwrap();
        assert_eq!(kind, Kind::Fault);
        assert_eq!(found[0], ("faultCode".to_owned(), "-32050".to_owned()));
        assert_eq!(found[1].1, "TOO-LARGE: a & b");
    }

    #[test]
    fn no_answer_at_all() {
        for document in [
            "",
            "<html><body>It works!</body></html>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><methodResponse/>",
            "<methodResponse><params></params></methodResponse>",
            "<methodResponse><params><param><value><string>x</string></value></param></params></methodResponse>",
            "<methodResponse><fault><value><struct><member><value>x</value></member></struct></value></fault></methodResponse>",
            "<methodResponse>junk<fault>",
        ] {
            assert!(members(document).is_err(), "{document}");
        }
    }

    #[test]
    fn an_answer_cut_anywhere_is_none() {
        let whole = ACCEPTED.trim_end();
        for end in 0..whole.len() {
            assert!(members(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
    }

    proptest! {
        #[test]
        fn never_panics(document in "(<[/?!]?(methodResponse|params|param|value|struct|member|name|i4)/?>|[ a&;é])*") {
            let _ = members(&document);
        }

        #[test]
        fn text_survives(text in "[^\\x00-\\x1f\\u{fffe}\\u{ffff}]*") {
            let mut escaped = Vec::new();
            crate::xml::escape(text.as_bytes(), &mut escaped);
            let document = ACCEPTED.replace("&lt;1&gt;", std::str::from_utf8(&escaped).unwrap());
            prop_assert_eq!(&members(&document).unwrap().1[4].1, &text);
        }
    }
}
