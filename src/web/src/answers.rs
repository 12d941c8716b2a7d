//! What the daemon answers about sessions and about a person's own memberships.

use std::collections::BTreeMap;

use mailjam_rpc::{Mismatch, Shape, Time, Value};

/// A struct of which members that are not needed here are left alone.
struct Members(BTreeMap<String, Value>);

impl Members {
    fn of(value: Value) -> Result<Members, Mismatch> {
        BTreeMap::from_value(value).map(Members)
    }

    fn take<T: Shape>(&mut self, name: &str) -> Result<T, Mismatch> {
        match self.0.remove(name) {
            Some(value) => T::from_value(value).map_err(|error| error.inside(name)),
            None => T::absent().ok_or_else(|| Mismatch::new("missing").inside(name)),
        }
    }
}

/// `session.open` and `session.redeem`.
#[derive(Clone, Debug)]
pub struct Session {
    /// For the cookie.
    pub token: String,
    /// When it ends.
    pub expires: Time,
}

impl Session {
    pub fn read(value: Value) -> Result<Session, Mismatch> {
        let mut members = Members::of(value)?;
        Ok(Session { token: members.take("token")?, expires: members.take("expires")? })
    }
}

/// `session.get`: who is logged in.
#[derive(Clone, Debug)]
pub struct Person {
    pub address: String,
    /// Whether that is an administrator of the site.
    pub admin: bool,
    pub roles: Vec<Role>,
}

/// A role on a list.
#[derive(Clone, Debug)]
pub struct Role {
    /// The list's posting address.
    pub list: String,
    pub description: String,
    /// `owner` or `moderator`.
    pub role: String,
}

impl Person {
    pub fn read(value: Value) -> Result<Person, Mismatch> {
        let mut members = Members::of(value)?;
        let roles: Vec<Value> = members.take("roles")?;
        Ok(Person {
            address: members.take("address")?,
            admin: members.take("admin")?,
            roles: roles.into_iter().map(Role::read).collect::<Result<_, _>>()?,
        })
    }

    /// Whether the person has a say in a list.
    pub fn runs(&self, list: &str) -> bool {
        self.admin || self.roles.iter().any(|role| role.list.eq_ignore_ascii_case(list))
    }

    /// Whether the person may change a list.
    pub fn owns(&self, list: &str) -> bool {
        self.admin || self.roles.iter().any(|role| role.role == "owner" && role.list.eq_ignore_ascii_case(list))
    }
}

impl Role {
    fn read(value: Value) -> Result<Role, Mismatch> {
        let mut members = Members::of(value)?;
        Ok(Role { list: members.take("list")?, description: members.take("description")?, role: members.take("role")? })
    }
}

/// `me.lists`: a membership of the person who is logged in.
#[derive(Clone, Debug)]
pub struct Mine {
    /// The list's posting address.
    pub list: String,
    pub description: String,
    /// The address that is a member.
    pub address: String,
    /// `post`, `digest`, `plain-digest` or `nomail`.
    pub mode: String,
    pub own_posts: bool,
    pub away_until: Option<Time>,
    /// Empty for the list's.
    pub language: String,
    /// Whether mail is stopped.
    pub disabled: bool,
}

impl Mine {
    pub fn read(value: Value) -> Result<Mine, Mismatch> {
        let mut members = Members::of(value)?;
        let language: Option<String> = members.take("language")?;
        // A time since when, or only that it is so.
        let disabled: Option<Value> = members.take("disabled")?;
        Ok(Mine {
            list: members.take("list")?,
            description: members.take("description")?,
            address: members.take("address")?,
            mode: members.take("mode")?,
            own_posts: members.take("own_posts")?,
            away_until: members.take("away_until")?,
            language: language.unwrap_or_default(),
            disabled: disabled.is_some_and(|value| value != Value::Boolean(false)),
        })
    }
}
