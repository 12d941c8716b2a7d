//! Calls and answers as XML, with the limits and the fault codes that a server on a socket needs.

mod read;
mod write;

use dxr::Value;

use self::read::Document;
pub use self::read::MAX_DEPTH;
use crate::{Code, Fault};

/// UTF-8 is the default of XML, but old clients want to read it.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// A call as it came in.
#[derive(Debug)]
pub struct Call {
    /// Method name, such as `list.get`.
    pub method: String,
    /// Parameters in order.
    pub params: Vec<Value>,
}

/// Writes a call.
#[must_use]
pub fn encode_call(method: &str, params: &[Value]) -> String {
    let mut xml = String::from(DECLARATION);
    xml.push_str("<methodCall><methodName>");
    write::text(&mut xml, method);
    xml.push_str("</methodName><params>");
    for param in params {
        xml.push_str("<param>");
        write::value(&mut xml, param);
        xml.push_str("</param>");
    }
    xml.push_str("</params></methodCall>");
    xml
}

/// Reads a call. The fault never repeats what was sent.
pub fn decode_call(body: &[u8]) -> Result<Call, Fault> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Fault::new(Code::InvalidCharacter, format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    let mut document = Document::new(text);
    document.expect("methodCall")?;
    document.expect("methodName")?;
    let method = document.text()?.trim().to_owned();
    let params = match document.enter()? {
        None => Vec::new(),
        Some("params") => {
            let params = params(&mut document)?;
            document.leave()?;
            params
        }
        Some(_) => return Err(Fault::new(Code::InvalidRequest, "expected <params>")),
    };
    document.leave()?;
    Ok(Call { method, params })
}

/// What stands in `<params>`.
fn params(document: &mut Document<'_>) -> Result<Vec<Value>, Fault> {
    let mut params = Vec::new();
    while let Some(name) = document.enter()? {
        if name != "param" {
            return Err(Fault::new(Code::InvalidRequest, "expected <param>"));
        }
        document.expect("value")?;
        params.push(document.value()?);
        document.leave()?;
    }
    Ok(params)
}

/// Writes the answer to a call.
#[must_use]
pub fn encode_reply(result: Result<Value, Fault>) -> String {
    let mut xml = String::from(DECLARATION);
    match result {
        Ok(value) => {
            xml.push_str("<methodResponse><params><param>");
            write::value(&mut xml, &value);
            xml.push_str("</param></params></methodResponse>");
        }
        Err(fault) => {
            xml.push_str("<methodResponse><fault><value><struct>");
            write::member(&mut xml, "faultCode", &Value::Integer(fault.number));
            write::member(&mut xml, "faultString", &Value::String(fault.string));
            xml.push_str("</struct></value></fault></methodResponse>");
        }
    }
    xml
}

/// Reads the answer to a call: the value, or the fault that the daemon sent.
///
/// # Errors
/// [`Code::InvalidRequest`] when the bytes are no XML-RPC answer.
pub fn decode_reply(body: &[u8]) -> Result<Result<Value, Fault>, Fault> {
    let not_an_answer = || Fault::new(Code::InvalidRequest, "the answer is not XML-RPC; is this a mailjam daemon?");
    let text = std::str::from_utf8(body).map_err(|_| not_an_answer())?;
    reply(&mut Document::new(text)).ok().flatten().ok_or_else(not_an_answer)
}

/// `None` where the document is another one.
fn reply(document: &mut Document<'_>) -> Result<Option<Result<Value, Fault>>, Fault> {
    document.expect("methodResponse")?;
    let result = match document.enter()? {
        Some("params") => params(document)?.pop().map(Ok),
        Some("fault") => {
            document.expect("value")?;
            let fault = fault(document.value()?);
            document.leave()?;
            fault.map(Err)
        }
        _ => None,
    };
    document.leave()?;
    Ok(result)
}

fn fault(value: Value) -> Option<Fault> {
    let Value::Struct(mut members) = value else { return None };
    match (members.remove("faultCode")?, members.remove("faultString")?) {
        (Value::Integer(number), Value::String(string)) => Some(Fault { number, string }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &[u8]) -> Option<Code> {
        decode_call(body).expect_err("refused").code()
    }

    #[test]
    fn a_call_survives_the_round_trip() {
        let params = vec![Value::String("<a> & \u{1f600}".into()), Value::Base64(vec![0, 255])];
        let call = decode_call(encode_call("list.get", &params).as_bytes()).expect("a call");
        assert_eq!(call.method, "list.get");
        assert_eq!(call.params, params);
    }

    #[test]
    fn a_fault_survives_the_round_trip() {
        let fault = Fault::new(Code::NoList, "no list a@b");
        let reply = decode_reply(encode_reply(Err(fault.clone())).as_bytes()).expect("an answer");
        assert_eq!(reply, Err(fault));
    }

    #[test]
    fn control_characters_are_replaced_not_written() {
        let reply = encode_reply(Ok(Value::String("a\u{0}b\u{8}c".into())));
        assert_eq!(decode_reply(reply.as_bytes()).expect("an answer"), Ok(Value::String("a\u{fffd}b\u{fffd}c".into())));
    }

    #[test]
    fn every_type_survives_the_round_trip() {
        let time: dxr::DateTime = "20261124T08:30:00".parse().expect("a time");
        let value = Value::Array(vec![
            Value::Integer(-7),
            Value::Boolean(true),
            Value::Double(-0.25),
            Value::DateTime(time),
            Value::Base64(Vec::new()),
            Value::String("\r\n\t ]]> \u{e4}".into()),
            Value::String(String::new()),
            Value::Array(Vec::new()),
            Value::Struct([("a<b".to_owned(), Value::Struct([].into()))].into()),
        ]);
        assert_eq!(decode_reply(encode_reply(Ok(value.clone())).as_bytes()), Ok(Ok(value)));
    }

    #[test]
    fn each_defect_has_its_code_and_is_not_repeated() {
        assert_eq!(code(b"<methodCall><secret"), Some(Code::NotWellFormed));
        assert_eq!(code(b"<methodCall>"), Some(Code::NotWellFormed));
        assert_eq!(code(b"\xff<methodCall/>"), Some(Code::InvalidCharacter));
        assert_eq!(code(b"<?xml version='1.0' encoding='UTF-16'?><a/>"), Some(Code::UnsupportedEncoding));
        assert_eq!(code(b"<html><body>secret</body></html>"), Some(Code::InvalidRequest));
        assert_eq!(code(b"<!DOCTYPE a [<!ENTITY b 'c'>]><methodCall/>"), Some(Code::InvalidRequest));
        let nested = "<value><array><data>".repeat(1000);
        let deep = format!("<methodCall><methodName>a</methodName><params><param>{nested}");
        assert_eq!(code(deep.as_bytes()), Some(Code::TooLarge));
        let fault = decode_call(b"<html><body>secret</body></html>").expect_err("refused");
        assert!(!fault.string.contains("secret"), "{fault}");
    }
}
