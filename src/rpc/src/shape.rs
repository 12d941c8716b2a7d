//! Between XML-RPC values and Rust types: a record is a struct whose unset members are absent.
//!
//! The derive macros of dxr map `Option` to `<nil/>`, which many clients cannot read; here `None` is a member that is
//! not there, and a member nobody knows is an error instead of a silent typing mistake.

use std::collections::BTreeMap;
use std::fmt;

use dxr::Value;

/// A value of another type than the one that was expected, with the path to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Where: member names and array positions from the outermost value inwards, such as `settings.max_size`.
    pub path: String,
    /// What was wrong there.
    pub problem: String,
}

impl Mismatch {
    /// A problem with the value itself; [`Mismatch::inside`] adds where it stands.
    pub fn new(problem: impl Into<String>) -> Mismatch {
        Mismatch { path: String::new(), problem: problem.into() }
    }

    /// The same problem, seen from the value around it.
    #[must_use]
    pub fn inside(mut self, outer: &str) -> Mismatch {
        self.path = if self.path.is_empty() { outer.to_owned() } else { format!("{outer}.{}", self.path) };
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.problem) } else { write!(f, "{}: {}", self.path, self.problem) }
    }
}

/// What a value looks like, for the reference.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A scalar type, by its name in XML-RPC.
    Scalar(&'static str),
    /// An array of one kind of item.
    Array(&'static Form),
    /// A struct whose members are known.
    Record(&'static Record),
    /// A struct with one page of a collection of these, see [`crate::records::Page`].
    Page(&'static Form),
    /// A struct whose members are chosen by who sends it.
    Struct,
    /// A value of any type.
    Any,
}

impl Form {
    /// The XML-RPC type, as `system.methodSignature` names it. That has no word for any type.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Form::Scalar(name) => name,
            Form::Array(_) => "array",
            Form::Record(_) | Form::Page(_) | Form::Struct => "struct",
            Form::Any => "string",
        }
    }
}

/// A struct with known members, for the reference.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// The name of the Rust type.
    pub name: &'static str,
    /// What it is, as lines of its doc comment.
    pub docs: &'static [&'static str],
    /// Its members in order.
    pub members: &'static [Member],
}

/// A member of a [`Record`].
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// What its value looks like.
    pub form: &'static Form,
    /// Whether it may be absent.
    pub optional: bool,
    /// What it means, as lines of its doc comment.
    pub docs: &'static [&'static str],
}

/// A type that has a form in XML-RPC.
pub trait Shape: Sized {
    /// What the value looks like.
    const FORM: &'static Form;

    /// The XML-RPC type, as `system.methodSignature` names it.
    const TYPE: &'static str = Self::FORM.kind();

    /// Whether a member of this type may be absent.
    const OPTIONAL: bool = false;

    /// Takes the value apart; fails where its type or content is not the expected one.
    fn from_value(value: Value) -> Result<Self, Mismatch>;

    /// The value as it is sent; `None` for a member that stays out of its struct.
    fn to_value(self) -> Option<Value>;

    /// What an absent struct member means; `None` where the member is required.
    fn absent() -> Option<Self> {
        None
    }
}

/// What a value is called in an error message.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "int",
        Value::Long(_) => "i8",
        Value::Boolean(_) => "boolean",
        Value::String(_) => "string",
        Value::Double(_) => "double",
        Value::DateTime(_) => "dateTime.iso8601",
        Value::Base64(_) => "base64",
        Value::Struct(_) => "struct",
        Value::Array(_) => "array",
        _ => "a type unknown here",
    }
}

fn unexpected(value: &Value, expected: &str) -> Mismatch {
    Mismatch::new(format!("expected {expected}, got {}", kind(value)))
}

macro_rules! scalar {
    ($($rust:ty, $variant:ident, $name:literal;)*) => {$(
        impl Shape for $rust {
            const FORM: &'static Form = &Form::Scalar($name);

            fn from_value(value: Value) -> Result<Self, Mismatch> {
                match value {
                    Value::$variant(inner) => Ok(inner),
                    other => Err(unexpected(&other, $name)),
                }
            }

            fn to_value(self) -> Option<Value> {
                Some(Value::$variant(self))
            }
        }
    )*};
}

scalar! {
    String, String, "string";
    bool, Boolean, "boolean";
    f64, Double, "double";
    Vec<u8>, Base64, "base64";
}

impl Shape for BTreeMap<String, Value> {
    const FORM: &'static Form = &Form::Struct;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Struct(members) => Ok(members),
            other => Err(unexpected(&other, "struct")),
        }
    }

    fn to_value(self) -> Option<Value> {
        Some(Value::Struct(self))
    }
}

impl Shape for i32 {
    const FORM: &'static Form = &Form::Scalar("int");

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Integer(number) => Ok(number),
            Value::Long(number) => number.try_into().map_err(|_| Mismatch::new("number out of range")),
            other => Err(unexpected(&other, "int")),
        }
    }

    fn to_value(self) -> Option<Value> {
        Some(Value::Integer(self))
    }
}

impl Shape for Value {
    const FORM: &'static Form = &Form::Any;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }

    fn to_value(self) -> Option<Value> {
        Some(self)
    }
}

impl<T: Shape> Shape for Option<T> {
    const FORM: &'static Form = T::FORM;
    const OPTIONAL: bool = true;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        T::from_value(value).map(Some)
    }

    fn to_value(self) -> Option<Value> {
        self.and_then(T::to_value)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// An array; `u8` has no [`Shape`], so that bytes are always base64.
impl<T: Shape> Shape for Vec<T> {
    const FORM: &'static Form = &Form::Array(T::FORM);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Array(items) => items
                .into_iter()
                .enumerate()
                .map(|(position, item)| T::from_value(item).map_err(|error| error.inside(&position.to_string())))
                .collect(),
            other => Err(unexpected(&other, "array")),
        }
    }

    fn to_value(self) -> Option<Value> {
        Some(Value::Array(self.into_iter().filter_map(T::to_value).collect()))
    }
}

/// A point in time: seconds since 1970-01-01T00:00:00Z. `dateTime.iso8601` on the wire, always UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

impl Shape for Time {
    const FORM: &'static Form = &Form::Scalar("dateTime.iso8601");

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::DateTime(time) => jiff::civil::DateTime::from(time)
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map(|zoned| Time(zoned.timestamp().as_second()))
                .map_err(|_| Mismatch::new("no such date")),
            other => Err(unexpected(&other, "dateTime.iso8601")),
        }
    }

    fn to_value(self) -> Option<Value> {
        let timestamp = jiff::Timestamp::from_second(self.0).ok()?;
        Some(Value::DateTime(jiff::tz::TimeZone::UTC.to_datetime(timestamp).into()))
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC, such as `2026-11-24T08:30:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

/// Defines a record: a struct with documented members and its [`Shape`].
macro_rules! record {
    ($($(#[doc = $doc:literal])* pub struct $name:ident {
        $($(#[doc = $field_doc:literal])* pub $field:ident: $type:ty,)*
    })*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[doc = $field_doc])* pub $field: $type,)* }

        impl $crate::Shape for $name {
            const FORM: &'static $crate::shape::Form = &$crate::shape::Form::Record(&$crate::shape::Record {
                name: stringify!($name),
                docs: &[$($doc),*],
                members: &[$($crate::shape::Member {
                    name: $crate::shape::member_name(stringify!($field)),
                    form: <$type as $crate::Shape>::FORM,
                    optional: <$type as $crate::Shape>::OPTIONAL,
                    docs: &[$($field_doc),*],
                }),*],
            });

            fn from_value(value: $crate::Value) -> Result<Self, $crate::Mismatch> {
                #[allow(unused_mut)]
                let mut members =
                    <std::collections::BTreeMap<String, $crate::Value> as $crate::Shape>::from_value(value)?;
                let record = $name {
                    $($field: {
                        let name = $crate::shape::member_name(stringify!($field));
                        $crate::shape::take(&mut members, name)?
                    },)*
                };
                match members.into_keys().next() {
                    None => Ok(record),
                    Some(name) => Err($crate::Mismatch::new("no such member").inside(&name)),
                }
            }

            fn to_value(self) -> Option<$crate::Value> {
                let mut members = std::collections::BTreeMap::new();
                $(if let Some(value) = $crate::Shape::to_value(self.$field) {
                    members.insert($crate::shape::member_name(stringify!($field)).to_owned(), value);
                })*
                Some($crate::Value::Struct(members))
            }
        }
    )*};
}
pub(crate) use record;

/// The name of a field on the wire: a raw identifier is written without its mark.
pub(crate) const fn member_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// One member of a struct, taken out so that what stays behind is what nobody asked for.
pub(crate) fn take<T: Shape>(members: &mut BTreeMap<String, Value>, name: &str) -> Result<T, Mismatch> {
    match members.remove(name) {
        Some(value) => T::from_value(value).map_err(|error| error.inside(name)),
        None => T::absent().ok_or_else(|| Mismatch::new("missing").inside(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    record! {
        /// For the tests.
        pub struct Sample {
            /// Required.
            pub name: String,
            /// Optional.
            pub when: Option<Time>,
        }

        /// With a member that is a word of Rust.
        pub struct Raw {
            /// On the wire it is `type`.
            pub r#type: String,
        }
    }

    #[test]
    fn a_raw_identifier_is_an_ordinary_name_on_the_wire() {
        let value = Value::Struct([("type".to_owned(), Value::String("int".into()))].into());
        assert_eq!(Raw { r#type: "int".into() }.to_value(), Some(value.clone()));
        assert_eq!(Raw::from_value(value), Ok(Raw { r#type: "int".into() }));
    }

    #[test]
    fn an_unset_member_is_absent_on_the_wire_and_none_again() {
        let sample = Sample { name: "a".into(), when: None };
        let value = sample.clone().to_value().expect("a struct");
        assert_eq!(value, Value::Struct([("name".to_owned(), Value::String("a".into()))].into()));
        assert_eq!(Sample::from_value(value), Ok(sample));
    }

    #[test]
    fn a_time_survives_the_round_trip() {
        let sample = Sample { name: "a".into(), when: Some(Time(1_795_000_000)) };
        assert_eq!(Sample::from_value(sample.clone().to_value().expect("a struct")), Ok(sample));
    }

    #[test]
    fn errors_name_the_member() {
        let unknown = Value::Struct(
            [("name".to_owned(), Value::String("a".into())), ("nmae".to_owned(), Value::Integer(1))].into(),
        );
        assert_eq!(Sample::from_value(unknown).expect_err("unknown").to_string(), "nmae: no such member");
        let wrong = Value::Struct([("name".to_owned(), Value::Integer(1))].into());
        assert_eq!(Sample::from_value(wrong).expect_err("wrong").to_string(), "name: expected string, got int");
        assert_eq!(Sample::from_value(Value::Struct([].into())).expect_err("none").to_string(), "name: missing");
    }
}
