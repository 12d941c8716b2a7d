//! Names that only the daemon knows: what begins with the word so far, of as many as one call answers.

use std::borrow::Cow;

use mailjam_rpc::records::{
    Account, Domain, Held, List, Member, Page, Query, QueueItem, QueueQuery, Role, SettingSchema, Template, Token,
};
use mailjam_rpc::{Shape, Value};

use super::{Ask, Candidate, Line};
use crate::output::clean;
use crate::session::{param, text};

/// Items asked for: more than anybody reads, few enough that a TAB costs the same on a list of any size.
const LIMIT: i32 = 200;

/// Whom to ask, and what for.
pub struct Known<'a, 'l, 'q> {
    pub line: &'a Line<'l>,
    /// What the names begin with.
    pub typed: &'a str,
    pub ask: &'a mut Ask<'q>,
}

impl Known<'_, '_, '_> {
    pub fn lists(&mut self) -> Vec<Candidate> {
        self.lists_like(self.typed)
    }

    fn lists_like(&mut self, typed: &str) -> Vec<Candidate> {
        let (lists, more) = self.page::<List>("list.list", vec![], typed);
        let about = |list: &List| match list.settings.get("description") {
            Some(Value::String(text)) => text.clone(),
            _ => String::new(),
        };
        let addresses = fitting(&lists, more, typed, |list| (&list.address, about(list)));
        // The other name of a list is for those who are typing it.
        if addresses.is_empty() { fitting(&lists, more, typed, |list| (&list.list_id, about(list))) } else { addresses }
    }

    /// Words with a list behind them, such as `owner:LIST`.
    pub fn scopes(&mut self, of_lists: &[&'static str]) -> Vec<Candidate> {
        for scope in of_lists {
            if let Some(list) = self.typed.strip_prefix(scope) {
                let lists = self.lists_like(list).into_iter();
                return lists.map(|list| Candidate { value: format!("{scope}{}", list.value), ..list }).collect();
            }
        }
        of_lists.iter().filter(|scope| scope.starts_with(self.typed)).map(|scope| Candidate::new(*scope, "")).collect()
    }

    pub fn domains(&mut self) -> Vec<Candidate> {
        self.domains_like(self.typed)
    }

    fn domains_like(&mut self, typed: &str) -> Vec<Candidate> {
        let (domains, more) = self.page("domain.list", vec![], typed);
        fitting(&domains, more, typed, |domain: &Domain| (&domain.name, domain.description.clone()))
    }

    /// A new address in a domain that is there.
    pub fn new_lists(&mut self) -> Vec<Candidate> {
        let (local, domain) = self.typed.split_once('@').unwrap_or((self.typed, ""));
        if local.is_empty() {
            return vec![];
        }
        let domains = self.domains_like(domain).into_iter();
        domains.map(|domain| Candidate { value: format!("{local}@{}", domain.value), ..domain }).collect()
    }

    pub fn members(&mut self) -> Vec<Candidate> {
        let Some(list) = self.line.list().filter(|list| !list.is_empty()) else { return vec![] };
        let (members, more) = self.page("member.list", vec![text(list)], self.typed);
        fitting(&members, more, self.typed, |member: &Member| (&member.address, member.name.clone()))
    }

    pub fn role_holders(&mut self) -> Vec<Candidate> {
        let Some(list) = self.line.list() else { return vec![] };
        let roles: Vec<Role> = self.call("role.list", vec![text(list)]).unwrap_or_default();
        let mut holders = fitting(&roles, false, self.typed, |role| (&role.address, role.role.clone()));
        holders.sort_by(|one, other| one.value.cmp(&other.value));
        holders.dedup_by(|one, other| one.value == other.value);
        holders
    }

    pub fn accounts(&mut self) -> Vec<Candidate> {
        let (accounts, more) = self.page("account.list", vec![], self.typed);
        let about = |account: &Account| if account.admin { "admin".to_owned() } else { String::new() };
        fitting(&accounts, more, self.typed, |account: &Account| (&account.address, about(account)))
    }

    pub fn settings(&mut self, arg: &str) -> Vec<Candidate> {
        let schema: Vec<SettingSchema> = self.call("list.settings.schema", vec![]).unwrap_or_default();
        let Some((key, typed)) = self.typed.split_once('=') else {
            let is_given = |key: &str| self.line.given(arg).any(|given| given.split('=').next() == Some(key));
            let open = schema.iter().filter(|setting| setting.key.starts_with(self.typed) && !is_given(&setting.key));
            return open.map(|setting| Candidate::new(format!("{}=", setting.key), clean(&setting.help))).collect();
        };
        let Some(setting) = schema.iter().find(|setting| setting.key == key) else { return vec![] };
        // Permitted words are joined with |, and ADDRESS stands for any address.
        let words = setting.r#type.split('|').filter(|word| setting.r#type.contains('|') && *word != "ADDRESS");
        let about = |word: &str| if word == setting.default { "default" } else { "" };
        words
            .filter(|word| word.starts_with(typed))
            .map(|word| Candidate::new(format!("{key}={word}"), about(word)))
            .collect()
    }

    pub fn tokens(&mut self) -> Vec<Candidate> {
        let mut tokens: Vec<Token> = self.call("token.list", vec![]).unwrap_or_default();
        tokens.retain(|token| !token.revoked && token.id.starts_with(self.typed));
        fitting(&tokens, false, self.typed, |token| (&token.id, token.label.clone()))
    }

    pub fn queue_items(&mut self) -> Vec<Candidate> {
        let query = QueueQuery { cursor: None, limit: Some(LIMIT), list: None, state: None };
        let (items, more) = self.items("queue.list", vec![param(query)]);
        fitting(&items, more, self.typed, |item: &QueueItem| (&item.id, format!("{}, {}", item.state, item.list)))
    }

    pub fn held(&mut self) -> Vec<Candidate> {
        // The filter does not look at ids.
        let (posts, more) = self.page("moderation.list", vec![text("")], "");
        fitting(&posts, more, self.typed, |held: &Held| (&held.id, format!("{}: {}", held.sender, held.subject)))
    }

    pub fn templates(&mut self) -> Vec<Candidate> {
        let mut templates = self.all_templates();
        templates.dedup_by(|one, other| one.name == other.name);
        fitting(&templates, false, self.typed, |template| (&template.name, template.help.clone()))
    }

    pub fn template_languages(&mut self) -> Vec<Candidate> {
        let mut templates = self.all_templates();
        if let Some(name) = self.line.given("name").last() {
            templates.retain(|template| template.name == name);
        }
        templates.sort_by(|one, other| one.language.cmp(&other.language));
        templates.dedup_by(|one, other| one.language == other.language);
        fitting(&templates, false, self.typed, |template| (&template.language, String::new()))
    }

    /// Those of the list, domain or site that was named, by name.
    fn all_templates(&mut self) -> Vec<Template> {
        let Some(scope) = self.line.list() else { return vec![] };
        let mut templates: Vec<Template> = self.call("template.list", vec![text(scope)]).unwrap_or_default();
        templates.sort_by(|one, other| one.name.cmp(&other.name));
        templates
    }

    /// The first items of a collection that have `filter` somewhere in them, and whether there are more.
    fn page<T: Shape>(&mut self, method: &str, mut params: Vec<Value>, filter: &str) -> (Vec<T>, bool) {
        let filter = Some(filter.to_owned()).filter(|filter| !filter.is_empty());
        params.push(param(Query { cursor: None, limit: Some(LIMIT), filter }));
        self.items(method, params)
    }

    fn items<T: Shape>(&mut self, method: &str, params: Vec<Value>) -> (Vec<T>, bool) {
        let page: Option<Page<T>> = self.call(method, params);
        page.map_or((vec![], false), |page| (page.items, page.next.is_some()))
    }

    fn call<T: Shape>(&mut self, method: &str, params: Vec<Value>) -> Option<T> {
        T::from_value((self.ask)(method, params)?).ok()
    }
}

/// The items whose names begin with what was typed, in any case. `about` tells name and description of one; `more` says
/// that these are not all.
fn fitting<'t, T>(
    items: &'t [T],
    more: bool,
    typed: &str,
    about: impl Fn(&'t T) -> (&'t String, String),
) -> Vec<Candidate> {
    let candidate = |item| {
        let (name, about) = about(item);
        let printable = matches!(clean(name), Cow::Borrowed(_));
        continued(typed, name).filter(|_| printable).map(|name| Candidate::new(name, clean(&about)))
    };
    let found: Vec<Candidate> = items.iter().filter_map(candidate).collect();
    // A shell types what all candidates have in common. Without the others that could be too much.
    if more && in_common(&found) > typed.len() { vec![] } else { found }
}

/// `name`, if it begins with `typed` in any case. What was typed stays as it is: the daemon takes it in any case, and a
/// shell must not take back a letter.
fn continued(typed: &str, name: &str) -> Option<String> {
    let mut rest = name.chars();
    for letter in typed.chars() {
        rest.next().filter(|other| other.to_lowercase().eq(letter.to_lowercase()))?;
    }
    Some(typed.to_owned() + rest.as_str())
}

/// How many bytes are the same at the beginning of all.
fn in_common(candidates: &[Candidate]) -> usize {
    let Some((first, others)) = candidates.split_first() else { return 0 };
    let same = |other: &Candidate| first.value.bytes().zip(other.value.bytes()).take_while(|(a, b)| a == b).count();
    others.iter().map(same).min().unwrap_or(first.value.len())
}
