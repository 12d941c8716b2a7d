//! The list in use: where a command has LIST or SCOPE as its first word, this list stands there, and no word is typed
//! for it. What is typed is never guessed to be a list or not: `--list` names another one, and a word that happens to
//! be one is refused (docs/decisions/0024).

use std::borrow::Cow;

use crate::command::{Action, Command, Names};
use crate::commands::COMMANDS;
use crate::complete::Line;

/// A line with the list in its place.
pub struct Placed<'w> {
    pub words: Cow<'w, [String]>,
    /// Whether that is the list in use.
    pub is_in_use: bool,
    /// The first word that was typed behind the verb, where the list in use has taken the place before it.
    pub behind: Option<String>,
}

/// Puts the list in use where the command has a word for it.
pub fn place<'w>(words: &'w [String], in_use: Option<&str>) -> Placed<'w> {
    let as_typed = Placed { words: Cow::Borrowed(words), is_in_use: false, behind: None };
    let Some((command, end)) = find(words) else { return as_typed };
    let Some(arg) = command.list_word() else { return as_typed };
    let (mut rest, named) = without_list(&words[end..]);
    let Some(list) = named.as_deref().or(in_use) else { return as_typed };
    let typed: Vec<String> = words[..end].iter().chain(&rest).cloned().chain([String::new()]).collect();
    let behind = Line::read_in_shell(&typed).given(arg.name).next().map(str::to_owned);
    if named.is_none() && behind.as_deref().is_some_and(|word| means_itself(arg.names, word, list)) {
        return as_typed;
    }
    rest.insert(0, list.to_owned());
    let words = words[..end].iter().cloned().chain(rest).collect();
    let is_in_use = named.is_none();
    Placed { words: Cow::Owned(words), is_in_use, behind: behind.filter(|_| is_in_use) }
}

/// The command that a line names, and where the words behind it begin.
pub fn find(words: &[String]) -> Option<(&'static Command, usize)> {
    let mut commands = COMMANDS;
    for (position, word) in words.iter().enumerate().filter(|(_, word)| !word.starts_with('-')) {
        let command = commands.iter().find(|command| command.name == *word || command.alias == Some(word.as_str()))?;
        match command.action {
            Action::Group(verbs) => commands = verbs,
            Action::Run(..) => return Some((command, position + 1)),
        }
    }
    None
}

/// The words without `--list LIST`, and that list; the last one counts, as with other options.
fn without_list(words: &[String]) -> (Vec<String>, Option<String>) {
    let mut rest = Vec::with_capacity(words.len() + 1);
    let mut list = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            rest.push(word.clone());
            rest.extend(words.by_ref().cloned());
        } else if let Some(named) = word.strip_prefix("--list=") {
            list = Some(named.to_owned());
        } else if word == "--list" {
            list = words.next().cloned();
        } else {
            rest.push(word.clone());
        }
    }
    (rest, list)
}

/// Whether a word can be nothing but LIST or SCOPE: the list in use itself, or the word for none, which is the name of
/// nothing else.
fn means_itself(names: Names, word: &str, in_use: &str) -> bool {
    match names {
        Names::ListOr(none) | Names::ListOrDomainOr(none) if word == none => true,
        _ => word.eq_ignore_ascii_case(in_use),
    }
}

#[cfg(test)]
mod tests {
    use super::place;
    use crate::shell::words::split;

    const TALK: &str = "talk@x.org";

    #[track_caller]
    fn placed(line: &str, becomes: &str) {
        let words = split(line).unwrap();
        assert_eq!(place(&words, Some(TALK)).words.join(" "), becomes, "{line}");
    }

    #[test]
    fn the_list_in_use_stands_where_the_help_says_list_or_scope() {
        placed("list show", "list show talk@x.org");
        placed("--json list show", "--json list show talk@x.org");
        placed("member add ann@x.org bea@x.org", "member add talk@x.org ann@x.org bea@x.org");
        placed("member add --mode digest ann@x.org", "member add talk@x.org --mode digest ann@x.org");
        placed("list set post_policy=open", "list set talk@x.org post_policy=open");
        placed("held list", "held list talk@x.org");
        placed("ban add evil.example --reason x", "ban add talk@x.org evil.example --reason x");
        placed("template show welcome", "template show talk@x.org welcome");
    }

    #[test]
    fn another_one_is_named_by_an_option_or_the_word_for_none() {
        placed("member add --list news@x.org ann@x.org", "member add news@x.org ann@x.org");
        placed("list show --list=news@x.org", "list show news@x.org");
        placed("ban add site evil.example", "ban add site evil.example");
        placed("template show --list x.org welcome", "template show x.org welcome");
        placed("list show talk@x.org", "list show talk@x.org");
        placed("list show Talk@x.org", "list show Talk@x.org");
        placed("explain --sender a -- --list", "explain talk@x.org --sender a -- --list");
        let words = split("list show --list news@x.org").unwrap();
        assert_eq!(place(&words, None).words.join(" "), "list show news@x.org");
    }

    proptest::proptest! {
        #[test]
        fn no_word_gets_lost(line in "((--json|list|member|show|add|use|--list|--list=a|--|[a-z@.-]{0,9}) ){0,9}") {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let placed = place(&words, Some(TALK)).words.into_owned();
            let kept = words.iter().filter(|word| !word.starts_with("--list") && placed.contains(word)).count();
            let options = words.iter().filter(|word| word.starts_with("--list")).count();
            proptest::prop_assert!(kept + 2 * options >= words.len(), "{:?} {:?}", words, placed);
        }
    }

    #[test]
    fn where_no_list_is_meant_nothing_is_put() {
        for line in ["list list", "list create new@x.org", "queue list --list news@x.org", "resolve a@x.org", "use", ""]
        {
            placed(line, line);
        }
    }

    #[test]
    fn a_word_behind_that_may_be_a_list_is_known() {
        let behind = |line: &str| place(&split(line).unwrap(), Some(TALK)).behind;
        assert_eq!(behind("member add --mode digest news@x.org ann@x.org").as_deref(), Some("news@x.org"));
        assert_eq!(behind("member add --list news@x.org ann@x.org"), None);
        assert_eq!(behind("list show"), None);
    }
}
