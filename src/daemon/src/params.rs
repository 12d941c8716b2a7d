//! The parameters of a call, as its method takes them.

use mailjam_rpc::catalogue::Method;
use mailjam_rpc::{Code, Fault, Shape, Value};

use crate::actor::Actor;

/// Parameters of a call, taken one after the other.
#[derive(Debug)]
pub struct Params {
    /// Who calls.
    pub actor: Actor,
    method: &'static Method,
    taken: usize,
    values: std::vec::IntoIter<Value>,
}

impl Params {
    /// Checks that there are as many as the catalogue says.
    pub fn new(method: &'static Method, values: Vec<Value>, actor: Actor) -> Result<Params, Fault> {
        if values.len() < method.required() || values.len() > method.params.len() {
            let text = format!("{} parameters for {}", values.len(), method.synopsis());
            return Err(Fault::new(Code::InvalidParameters, text));
        }
        Ok(Params { actor, method, taken: 0, values: values.into_iter() })
    }

    /// The next parameter.
    pub fn take<T: Shape>(&mut self) -> Result<T, Fault> {
        self.optional()?.ok_or_else(|| Fault::new(Code::InvalidParameters, self.method.synopsis()))
    }

    /// The next parameter, if the caller gave it.
    pub fn optional<T: Shape>(&mut self) -> Result<Option<T>, Fault> {
        let Some(value) = self.values.next() else { return Ok(None) };
        let name = self.method.params.get(self.taken).map_or("", |param| param.name);
        self.taken += 1;
        T::from_value(value).map(Some).map_err(|error| error.inside(name).into())
    }

    /// The list that a call is about, for permissions that are tied to lists: the first parameter, or its member `list`.
    pub fn list(&self) -> Option<&str> {
        match self.values.as_slice().first()? {
            Value::String(list) => Some(list),
            Value::Struct(members) => match members.get("list")? {
                Value::String(list) => Some(list),
                _ => None,
            },
            _ => None,
        }
    }
}
