//! Every method: its parameters, what it answers, who may call it.

use crate::records::*;
use crate::shape::{Form, Shape};

/// Version of the catalogue, answered by `server.info` as `api`.
pub const API_VERSION: i32 = 1;

/// Who may call a method. On a unix socket the path decides, on TCP the scopes of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody who reached the socket.
    Anyone,
    /// Scopes `metrics`, `read`, `admin`.
    Metrics,
    /// Scopes `mta`, `admin`.
    Mta,
    /// Scopes `read`, `admin`.
    Read,
    /// Scopes `read`, `admin`, and `owner:LIST` or `moderate:LIST` of the list that the first parameter names.
    ListRead,
    /// Scopes `admin`, and `owner:LIST` of the list that the first parameter names.
    ListOwner,
    /// Scope `admin`.
    Admin,
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name in the reference; parameters are passed by position.
    pub name: &'static str,
    /// XML-RPC type.
    pub kind: &'static str,
    /// What the value looks like, for the reference.
    pub form: &'static Form,
    /// Whether it may be left out, with all that follow.
    pub optional: bool,
}

/// One method.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// `noun.verb`.
    pub name: &'static str,
    /// In the order of the call.
    pub params: &'static [Param],
    /// XML-RPC type of the answer.
    pub result: &'static str,
    /// What the answer looks like, for the reference.
    pub answer: &'static Form,
    /// Who may call it.
    pub access: Access,
    /// For `system.methodHelp`.
    pub help: &'static str,
}

impl Method {
    /// The method with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Method> {
        METHODS.iter().find(|method| method.name == name)
    }

    /// Parameters that must be given.
    #[must_use]
    pub fn required(&self) -> usize {
        self.params.iter().filter(|param| !param.optional).count()
    }

    /// `name(param: type, [param: type]) → type`.
    #[must_use]
    pub fn synopsis(&self) -> String {
        let params: Vec<String> = self
            .params
            .iter()
            .map(|param| {
                let text = format!("{}: {}", param.name, param.kind);
                if param.optional { format!("[{text}]") } else { text }
            })
            .collect();
        format!("{}({}) → {}", self.name, params.join(", "), self.result)
    }
}

const fn req<T: Shape>(name: &'static str) -> Param {
    Param { name, kind: T::TYPE, form: T::FORM, optional: false }
}

const fn opt<T: Shape>(name: &'static str) -> Param {
    Param { name, kind: T::TYPE, form: T::FORM, optional: true }
}

const fn method<T: Shape>(name: &'static str, access: Access, params: &'static [Param], help: &'static str) -> Method {
    Method { name, params, result: T::TYPE, answer: T::FORM, access, help }
}

const LIST: Param = req::<String>("list");
const ADDRESS: Param = req::<String>("address");
const ID: Param = req::<String>("id");
const QUERY: Param = opt::<Query>("query");

type Settings = std::collections::BTreeMap<String, crate::Value>;

/// All methods, by group.
#[rustfmt::skip]
pub const METHODS: &[Method] = &[
    method::<Vec<String>>("system.listMethods", Access::Anyone, &[],
        "Names of all methods that this socket answers."),
    method::<Vec<crate::Value>>("system.methodSignature", Access::Anyone, &[req::<String>("method")],
        "Signatures of a method: arrays of the result type and the parameter types, one for each number of parameters."),
    method::<String>("system.methodHelp", Access::Anyone, &[req::<String>("method")],
        "What a method does."),
    method::<Vec<crate::Value>>("system.multicall", Access::Anyone, &[req::<Vec<crate::Value>>("calls")],
        "Makes up to 1,000 calls, each a struct {methodName, params}; answers an array with a one-element array or a fault struct for each."),
    method::<Settings>("system.getCapabilities", Access::Anyone, &[],
        "Protocol extensions understood here, by name, with specUrl and specVersion."),

    method::<ServerInfo>("server.info", Access::Metrics, &[],
        "Version, catalogue version, schema version, uptime."),
    method::<bool>("server.ping", Access::Anyone, &[],
        "Answers true."),
    method::<ServerStats>("server.stats", Access::Metrics, &[],
        "Counts of what is stored and of what happened since the daemon started."),
    method::<bool>("server.reload", Access::Admin, &[],
        "Reads the configuration again, as SIGHUP does; a broken one is a fault and changes nothing."),

    method::<Page<Domain>>("domain.list", Access::Read, &[QUERY],
        "Domains, by name."),
    method::<Domain>("domain.get", Access::Read, &[req::<String>("name")],
        "One domain."),
    method::<Domain>("domain.create", Access::Admin, &[req::<String>("name"), opt::<DomainAttributes>("attributes")],
        "Creates a domain."),
    method::<Domain>("domain.update", Access::Admin, &[req::<String>("name"), req::<DomainAttributes>("attributes")],
        "Changes a domain."),
    method::<bool>("domain.delete", Access::Admin, &[req::<String>("name")],
        "Deletes a domain that has no lists."),

    method::<Page<List>>("list.list", Access::Read, &[QUERY],
        "Lists, by address."),
    method::<List>("list.get", Access::ListRead, &[LIST],
        "One list, by posting address or list-id."),
    method::<List>("list.create", Access::Admin, &[ADDRESS, opt::<Settings>("settings")],
        "Creates a list, and its domain if that is missing."),
    method::<Vec<Change>>("list.update", Access::ListOwner, &[LIST, req::<Settings>("settings"), opt::<UpdateOptions>("options")],
        "Changes settings; an empty string sets one back to its default. All of them or, on an error, none."),
    method::<bool>("list.delete", Access::Admin, &[LIST],
        "Deletes a list with its members, roles and queue."),
    method::<List>("list.rename", Access::Admin, &[LIST, req::<String>("new_address")],
        "Gives a list another posting address; its list-id stays, so that members' filters keep working."),
    method::<bool>("list.close", Access::ListOwner, &[LIST],
        "Refuses posts with 5.2.1 until list.reopen."),
    method::<bool>("list.reopen", Access::ListOwner, &[LIST],
        "Undoes list.close."),
    method::<Vec<SettingSchema>>("list.settings.schema", Access::Anyone, &[],
        "Every setting with type, default and help."),

    method::<Page<Member>>("member.list", Access::ListRead, &[LIST, QUERY],
        "Members of a list, by address."),
    method::<Member>("member.get", Access::ListRead, &[LIST, ADDRESS],
        "One member."),
    method::<Member>("member.add", Access::ListOwner, &[LIST, ADDRESS, opt::<MemberAttributes>("attributes")],
        "Adds a member without asking the person."),
    method::<Member>("member.update", Access::ListOwner, &[LIST, ADDRESS, req::<MemberAttributes>("attributes")],
        "Changes name or mode of a member."),
    method::<bool>("member.remove", Access::ListOwner, &[LIST, ADDRESS],
        "Removes a member."),
    method::<Imported>("member.import", Access::ListOwner, &[LIST, req::<Vec<ImportItem>>("members"), opt::<ImportOptions>("options")],
        "Adds up to 10,000 members in one transaction; refused addresses do not stop the others."),
    method::<Synced>("member.sync", Access::ListOwner, &[LIST, req::<Vec<String>>("addresses"), opt::<ImportOptions>("options")],
        "Makes the members exactly these addresses, in one transaction."),
    method::<Vec<Membership>>("member.find", Access::Read, &[ADDRESS],
        "All memberships of an address."),
    method::<Vec<String>>("member.change_address", Access::Admin, &[req::<String>("old"), req::<String>("new"), opt::<Vec<String>>("lists")],
        "Gives a member another address on all lists, or on these; answers the lists changed."),

    method::<Vec<Role>>("role.list", Access::ListRead, &[LIST],
        "Who has a role on a list; the empty list name means the site."),
    method::<bool>("role.grant", Access::ListOwner, &[LIST, ADDRESS, req::<String>("role")],
        "Makes somebody owner or moderator of a list, or, with the empty list name, admin of the site."),
    method::<bool>("role.revoke", Access::ListOwner, &[LIST, ADDRESS, req::<String>("role")],
        "Takes a role away; the last owner of a list stays."),

    method::<Verdict>("mta.check", Access::Mta, &[req::<CheckRequest>("request")],
        "What mta.submit would answer, as far as the envelope tells; for a check before the MTA accepts a message."),
    method::<Verdict>("mta.submit", Access::Mta, &[req::<Submission>("submission")],
        "Hands a message over. An accepted one is on disk when this is answered; the same hand-over twice is one post."),
    method::<Resolved>("mta.resolve", Access::Mta, &[ADDRESS],
        "Which list and extension an address means."),
    method::<String>("mta.maps", Access::Mta, &[opt::<String>("format")],
        "All addresses of all lists for the MTA: format postfix (the default), a regexp table for transport_maps and for recipient checks; regexp, one regular expression a line, for Exim and OpenSMTPD; sendmail, one posting address a line below a line that only says the table is there; or plain, one posting address a line."),

    method::<Explanation>("message.explain", Access::ListOwner, &[req::<ExplainRequest>("request")],
        "What would happen to a message, with every rule that was asked and the copy that would be sent; sends nothing."),

    method::<Page<QueueItem>>("queue.list", Access::Read, &[opt::<QueueQuery>("query")],
        "Items of the queue, oldest first."),
    method::<QueueDetail>("queue.get", Access::Read, &[ID],
        "One item with the recipients that are deferred or refused."),
    method::<i32>("queue.retry", Access::Admin, &[req::<RetrySelection>("selection")],
        "Makes deferred recipients due now; answers how many. Of an item that is named, done or not, also those who were refused and have not left since; out of quarantine it is sent on."),
    method::<bool>("queue.drop", Access::Admin, &[ID],
        "Removes an item; recipients that have not got it never will."),

    method::<TokenCreated>("token.create", Access::Admin, &[req::<TokenRequest>("request")],
        "Creates a token for TCP; the secret is answered this once."),
    method::<Vec<Token>>("token.list", Access::Admin, &[],
        "All tokens, without their secrets."),
    method::<bool>("token.revoke", Access::Admin, &[ID],
        "Makes a token worthless."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_optional_parameters_come_last() {
        for (position, method) in METHODS.iter().enumerate() {
            assert!(!METHODS[..position].iter().any(|other| other.name == method.name), "{} twice", method.name);
            assert!(method.params.is_sorted_by_key(|param| param.optional), "{}", method.name);
        }
    }
}
