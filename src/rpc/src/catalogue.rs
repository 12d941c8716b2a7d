//! Every method: its parameters, what it answers, who may call it.

use crate::records::*;
use crate::shape::{Form, Shape, Time};

/// Version of the catalogue, answered by `server.info` as `api`.
pub const API_VERSION: i32 = 1;

/// Who may call a method. On a unix socket the path decides, on TCP the scopes of the token. At the web socket it is the
/// roles of the person whose session comes with the call: an admin of the site has the scope `admin`, an owner of a list
/// `owner:LIST`, a moderator `moderate:LIST`.
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
    /// Scopes `admin`, and `owner:LIST` or `moderate:LIST` of the list that the first parameter names, by itself or by the id
    /// of something that waits there.
    Moderate,
    /// Everybody who reached the socket, the web client before anybody has logged in included.
    Public,
    /// Everybody with a session, about oneself; no token is a person.
    Person,
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
    method::<Vec<Finding>>("server.doctor", Access::Admin, &[opt::<Vec<String>>("checks")],
        "Looks whether all that lists need is there: storage, clock, sockets, next-hop, queue, loop (a mail by way of the mail server), keys, policies, reverse, one-click; all of them, or those that are named."),
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

    method::<Page<List>>("list.list", Access::Read, &[opt::<ListQuery>("query")],
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
    method::<Previewed>("list.preview", Access::ListOwner, &[LIST, req::<Settings>("settings"), opt::<i32>("last")],
        "Which of the last posts (100; 1,000 at most) would have gone another way with these settings, the newest first. Refused ones are not stored, so not looked at."),
    method::<ListStats>("list.stats", Access::ListRead, &[LIST, opt::<i32>("days")],
        "Members, posts, deliveries and what waits, over the last days (30; at most as many as posts are kept)."),
    method::<Vec<Post>>("list.posts", Access::ListRead, &[LIST, opt::<i32>("last")],
        "The last posts that went to the members (20; 200 at most), as long as they are kept, the newest first."),
    method::<Vec<SettingSchema>>("list.settings.schema", Access::Anyone, &[],
        "Every setting with type, default and help."),

    method::<Page<Member>>("member.list", Access::ListRead, &[LIST, opt::<MemberQuery>("query")],
        "Members of a list, by address or as the query wants."),
    method::<Member>("member.get", Access::ListRead, &[LIST, ADDRESS],
        "One member."),
    method::<Member>("member.add", Access::ListOwner, &[LIST, ADDRESS, opt::<MemberAttributes>("attributes")],
        "Adds a member without asking the person."),
    method::<Member>("member.update", Access::ListOwner, &[LIST, ADDRESS, req::<MemberAttributes>("attributes")],
        "Changes a member's name, mode, language, wish for own posts, or exception from the post policy."),
    method::<bool>("member.remove", Access::ListOwner, &[LIST, ADDRESS, opt::<RemoveOptions>("options")],
        "Removes a member."),
    method::<Member>("member.pause", Access::ListOwner, &[LIST, ADDRESS, opt::<Time>("until")],
        "Sends a member nothing until then, and everything again afterwards; without a time, from now on."),
    method::<bool>("member.mute", Access::ListOwner, &[LIST, ADDRESS, req::<String>("thread"), opt::<bool>("muted")],
        "Sends a member nothing more of the thread that a message belongs to, given by Message-ID; with false, everything again."),
    method::<Member>("member.trust", Access::ListOwner, &[LIST, ADDRESS],
        "Lets a member post without approval: posting becomes accept."),
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

    method::<bool>("subscription.request", Access::Public, &[LIST, ADDRESS, opt::<SubscriptionOptions>("options")],
        "Asks by mail whether the person wants to become a member. The answer is the same whatever becomes of it: it tells nothing of who is a member."),
    method::<bool>("subscription.leave", Access::Public, &[LIST, ADDRESS],
        "Asks by mail whether the person wants to leave; answers as subscription.request does."),
    method::<Confirmed>("subscription.confirm", Access::Public, &[req::<String>("token")],
        "Does what a token from a mail of a list says. Doing it twice changes nothing more."),
    method::<Confirmed>("subscription.unsubscribe", Access::Public, &[req::<String>("token")],
        "Ends the membership that a token from List-Unsubscribe names (RFC 8058)."),
    method::<Page<Pending>>("subscription.pending", Access::Moderate, &[LIST, QUERY],
        "Who asked to become a member and is none yet, oldest first."),
    method::<bool>("subscription.approve", Access::Moderate, &[ID],
        "Makes a member of somebody who waits for approval."),
    method::<bool>("subscription.deny", Access::Moderate, &[ID, opt::<String>("reason")],
        "Turns a request down; with a reason, the person is told."),

    method::<Page<Held>>("moderation.list", Access::Moderate, &[LIST, QUERY],
        "Posts that wait for a moderator, oldest first; the empty list name means all lists."),
    method::<HeldDetail>("moderation.get", Access::Moderate, &[ID],
        "One of them, with the message."),
    method::<bool>("moderation.approve", Access::Moderate, &[ID, opt::<ApproveOptions>("options")],
        "Sends a held post to the members."),
    method::<bool>("moderation.reject", Access::Moderate, &[ID, opt::<String>("reason")],
        "Drops a held post and tells the poster, as far as the sender is known to be genuine. A reason that begins with #NAME picks the canned rejection of that name, such as #off-topic: the template rejected-NAME."),
    method::<bool>("moderation.discard", Access::Moderate, &[ID, opt::<DiscardOptions>("options")],
        "Drops a held post and tells nobody."),
    method::<bool>("moderation.forward", Access::Moderate, &[ID, ADDRESS],
        "Sends a held post to somebody, attached; it goes on waiting."),
    method::<Vec<BulkResult>>("moderation.bulk", Access::Admin, &[req::<Vec<String>>("ids"), req::<String>("action"), opt::<String>("reason")],
        "Decides about up to 1,000 held posts, each for itself: action approve, trust (approve with that option), reject or discard; the reason, as in moderation.reject, is for those who are rejected. Answers a result an id, in their order."),

    method::<Vec<Ban>>("ban.list", Access::Moderate, &[req::<String>("scope")],
        "Bans on a list, or with the empty name on the site."),
    method::<Ban>("ban.add", Access::ListOwner, &[req::<String>("scope"), req::<String>("pattern"), opt::<BanOptions>("options")],
        "Bans an address, a domain with all below it, or a pattern with * and ? from posting and subscribing, on a list or with the empty name on the site. One with the same pattern is replaced."),
    method::<bool>("ban.remove", Access::Admin, &[ID],
        "Lifts a ban."),
    method::<Vec<Ban>>("ban.check", Access::Moderate, &[LIST, ADDRESS],
        "Which bans hold an address, on the list and on the site."),

    method::<Page<Bounce>>("bounce.list", Access::ListRead, &[LIST, QUERY],
        "Mail of a list that came back, the newest first; the filter looks at address, class and diagnostic."),
    method::<BounceDetail>("bounce.get", Access::Read, &[ID],
        "One of them, with the report."),
    method::<Page<Bouncing>>("bounce.members", Access::ListRead, &[LIST, QUERY],
        "Members whose mail came back, by address."),
    method::<BouncingMember>("bounce.member", Access::ListRead, &[LIST, ADDRESS],
        "One member's score and bounces."),
    method::<bool>("bounce.reset", Access::ListOwner, &[LIST, ADDRESS],
        "Forgets what came back and lets mail to the member go out again; false if nothing had come back."),
    method::<bool>("bounce.probe", Access::ListOwner, &[LIST, ADDRESS],
        "Sends a probe to a member: when that comes back, mail to the member is stopped."),
    method::<Vec<Classified>>("bounce.classify", Access::Read, &[req::<Vec<u8>>("message")],
        "What a delivery report says, for each recipient; empty for a mail that is none, and for delays, receipts and automatic answers."),

    method::<DigestStatus>("digest.status", Access::ListRead, &[LIST],
        "What waits for a list's next digest, and when that goes out."),
    method::<i32>("digest.send", Access::ListOwner, &[LIST],
        "Sends the next digest now; answers how many posts are in it."),
    method::<DigestPreview>("digest.preview", Access::ListRead, &[LIST],
        "The next digest as it would go out now."),

    method::<Vec<DkimRecord>>("dkim.list", Access::Read, &[],
        "Keys that lists sign with, and their DNS records."),
    method::<DkimRecord>("dkim.create", Access::Admin, &[req::<String>("domain"), opt::<DkimOptions>("options")],
        "Makes a key that signs for the lists of a domain once dkim.activate says so; answers its DNS record. The private key stays with the daemon."),
    method::<bool>("dkim.activate", Access::Admin, &[req::<String>("domain"), req::<String>("selector")],
        "Signs with a key from now on; one of the same kind that the daemon kept for the domain is put away."),
    method::<bool>("dkim.remove", Access::Admin, &[req::<String>("domain"), req::<String>("selector")],
        "Removes a key that the daemon keeps."),

    method::<Vec<Template>>("template.list", Access::ListOwner, &[req::<String>("scope")],
        "Every template in every language, and where its text comes from, for a list, a domain or, with the empty name, the site."),
    method::<TemplateText>("template.get", Access::ListOwner, &[req::<String>("scope"), req::<String>("name"), opt::<String>("language")],
        "The text that is used there; without a language, or with an empty one, in that of the scope."),
    method::<bool>("template.set", Access::ListOwner, &[req::<String>("scope"), req::<String>("name"), req::<String>("language"), req::<String>("text")],
        "Writes a text of one's own; one that cannot be rendered is refused. A name that begins with rejected- makes a canned rejection."),
    method::<bool>("template.reset", Access::ListOwner, &[req::<String>("scope"), req::<String>("name"), req::<String>("language")],
        "Removes a text of one's own, so that the one above it is used again."),
    method::<Rendered>("template.render", Access::ListOwner, &[req::<String>("scope"), req::<String>("name"), opt::<String>("language"), opt::<String>("text")],
        "How a template, or the text given, comes out with made-up values; language as in template.get."),

    method::<Page<AuditEntry>>("audit.list", Access::Read, &[opt::<AuditQuery>("query")],
        "What was changed and decided, the newest first."),
    method::<Verified>("audit.verify", Access::Read, &[],
        "Whether the chain of the audit holds; erased contents do not break it."),

    method::<Vec<u8>>("privacy.export", Access::Admin, &[ADDRESS],
        "All that is stored about an address, as JSON."),
    method::<Erased>("privacy.erase", Access::Admin, &[ADDRESS, opt::<EraseOptions>("options")],
        "Erases what is stored about an address, and keeps a salted hash so that no import brings it back. The last owner of a list stays."),
    method::<Retention>("privacy.retention", Access::ListRead, &[LIST],
        "For how many days a list keeps what."),

    method::<Account>("account.create", Access::Admin, &[ADDRESS, opt::<NewAccount>("attributes")],
        "Creates an account. A password has 10 characters at least and 512 octets at most; without one the person logs in by mailed links. With admin, gives the role admin on the site."),
    method::<Page<Account>>("account.list", Access::Admin, &[QUERY],
        "Accounts, by address. Members and owners who log in by mailed links alone have none."),
    method::<Account>("account.get", Access::Admin, &[ADDRESS],
        "One account."),
    method::<Account>("account.update", Access::Admin, &[ADDRESS, req::<AccountChanges>("changes")],
        "Changes an account; an empty password takes it away. A new password, and locking, end all sessions of the person."),
    method::<bool>("account.delete", Access::Admin, &[ADDRESS],
        "Deletes an account, ends its sessions and takes the role admin away. Memberships and roles on lists stay, and with them logging in by mailed links."),

    method::<OpenSession>("session.open", Access::Public, &[ADDRESS, req::<String>("password"), opt::<LoginOptions>("options")],
        "Logs somebody in with a password. Whatever is wrong, the answer is the same, and takes as long whether or not the address is known. So it is after too many wrong guesses at the address (10 in 15 minutes) or from the network (50 in an hour)."),
    method::<bool>("session.link", Access::Public, &[ADDRESS, opt::<LoginOptions>("options")],
        "Mails a link by which somebody who has an account, a membership or a role can log in, once and within 15 minutes. The answer is the same whatever becomes of it."),
    method::<OpenSession>("session.redeem", Access::Public, &[req::<String>("token"), opt::<LoginOptions>("options")],
        "Logs in whoever has the token of a mailed link. It works once, so call this when the person presses a button and not when the link is opened, as programs that look at mail do."),
    method::<SessionDetail>("session.get", Access::Person, &[opt::<String>("list")],
        "Whose session this is, the roles of that person, and what waits for a moderator at a list."),
    method::<bool>("session.close", Access::Person, &[],
        "Ends this session."),
    method::<i32>("session.close_all", Access::Person, &[],
        "Ends all sessions of the person, this one included, and makes mailed links worthless; answers how many sessions."),

    method::<Vec<MyMembership>>("me.lists", Access::Person, &[],
        "The person's memberships."),
    method::<Member>("me.update", Access::Person, &[LIST, req::<MyWishes>("wishes")],
        "Changes what the person gets from a list."),
    method::<bool>("me.leave", Access::Person, &[LIST],
        "Ends the person's membership."),
    method::<Vec<MyThread>>("me.threads", Access::Person, &[LIST],
        "What was written about lately on a list that the person is a member of (the last 100 posts, as long as they are kept), the newest first."),
    method::<bool>("me.mute", Access::Person, &[LIST, req::<String>("message_id"), opt::<bool>("muted")],
        "Sends the person nothing more of the thread that a message belongs to; with false, everything again."),
    method::<bool>("me.enable", Access::Person, &[LIST],
        "Lets mail to the person go out again that was stopped because it came back; false if nothing had come back."),
    method::<bool>("me.password", Access::Person, &[req::<String>("old"), req::<String>("new")],
        "Gives the person another password and ends all other sessions. The old one may be empty if there was none and the session was opened by a mailed link."),
    method::<Vec<u8>>("me.export", Access::Person, &[],
        "All that is stored about the person, as JSON."),

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
