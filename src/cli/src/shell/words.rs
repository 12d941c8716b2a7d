//! A line in words, as a POSIX shell reads it (POSIX.1-2017, Shell Command Language, 2.2 and 2.3): quotes, backslashes
//! and comments, and nothing else. What a shell would act on instead, such as `|` and `>`, is refused unless it is
//! quoted, so that no line means one thing here and another there. Of what a shell expands, only `~/` in front is.

use crate::error::Error;

/// What has been opened at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    None,
    Single,
    Double,
}

/// A word as far as it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Without quotes and backslashes.
    pub text: String,
    /// Where it begins in the line, in bytes.
    pub start: usize,
}

/// A line, finished or not.
#[derive(Debug)]
pub struct Scan {
    pub words: Vec<Word>,
    /// What is open at the end.
    pub quote: Quote,
    /// The line ends with a backslash that nothing follows.
    pub is_cut: bool,
    /// The last word may go on: no space is behind it.
    pub in_word: bool,
    /// The line ends in a comment.
    pub in_comment: bool,
    /// The first letter that a shell would act on.
    pub operator: Option<char>,
}

impl Scan {
    /// Why the line is not finished.
    pub fn open_end(&self) -> Option<&'static str> {
        match self.quote {
            Quote::Single => Some("what is in single quotes"),
            Quote::Double => Some("what is in double quotes"),
            Quote::None => self.is_cut.then_some("the line, with a \\ as its last letter,"),
        }
    }
}

/// Letters that end a word and start something that there is not here.
const OPERATORS: [char; 7] = ['|', '&', ';', '<', '>', '(', ')'];

/// Letters that need quoting.
const SPECIAL: [char; 12] = ['|', '&', ';', '<', '>', '(', ')', '\\', '"', '\'', ' ', '\t'];

/// Reads a line up to where it ends.
pub fn scan(line: &str) -> Scan {
    let mut scan = Scan {
        words: Vec::new(),
        quote: Quote::None,
        is_cut: false,
        in_word: false,
        in_comment: false,
        operator: None,
    };
    let mut letters = line.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match (scan.quote, letter) {
            _ if scan.in_comment => scan.in_comment = letter != '\n',
            (Quote::Single, '\'') | (Quote::Double, '"') => scan.quote = Quote::None,
            (Quote::Single, _) => scan.push(at, letter),
            (Quote::Double, '\\') => match letters.next_if(|(_, next)| matches!(next, '\\' | '"' | '$' | '`' | '\n')) {
                Some((_, '\n')) => {}
                Some((at, next)) => scan.push(at, next),
                None => scan.push(at, letter),
            },
            (Quote::Double, _) => scan.push(at, letter),
            (Quote::None, '\\') => match letters.next() {
                Some((_, '\n')) => {}
                Some((_, next)) => scan.push(at, next),
                None => scan.is_cut = true,
            },
            (Quote::None, '\'' | '"') => {
                scan.word(at);
                scan.quote = if letter == '"' { Quote::Double } else { Quote::Single };
            }
            (Quote::None, ' ' | '\t' | '\r' | '\n') => scan.in_word = false,
            (Quote::None, '#') if !scan.in_word => scan.in_comment = true,
            (Quote::None, '~') if !scan.in_word && letters.peek().is_some_and(|(_, next)| *next == '/') => {
                let home = std::env::home_dir().map(|home| home.display().to_string());
                scan.word(at).push_str(home.as_deref().unwrap_or("~"));
            }
            (Quote::None, _) => {
                scan.operator = scan.operator.or(OPERATORS.contains(&letter).then_some(letter));
                scan.push(at, letter);
            }
        }
    }
    scan
}

impl Scan {
    /// The word that `at` belongs to.
    fn word(&mut self, at: usize) -> &mut String {
        if !self.in_word {
            self.in_word = true;
            self.words.push(Word { text: String::new(), start: at });
        }
        let last = self.words.len() - 1;
        &mut self.words[last].text
    }

    fn push(&mut self, at: usize, letter: char) {
        self.word(at).push(letter);
    }
}

/// The commands of a text: a line each, or more where one is not finished. The last one may have no end.
pub fn commands(text: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.split('\n') {
        match commands.last_mut().filter(|_| goes_on) {
            Some(command) => *command = format!("{command}\n{line}"),
            None => commands.push(line.to_owned()),
        }
        goes_on = commands.last().is_some_and(|command| scan(command).open_end().is_some());
    }
    commands
}

/// The words of a line that is finished.
///
/// # Errors
/// [`Error::Unfinished`] and [`Error::Operator`].
pub fn split(line: &str) -> Result<Vec<String>, Error> {
    let scan = scan(line);
    match (scan.open_end(), scan.operator) {
        (Some(what), _) => Err(Error::Unfinished { what }),
        (None, Some(found)) => Err(Error::Operator { found }),
        (None, None) => Ok(scan.words.into_iter().map(|word| word.text).collect()),
    }
}

/// A word as it is typed behind what has been opened; `closed` if nothing more belongs to it.
pub fn quoted(word: &str, quote: Quote, closed: bool) -> String {
    let mut typed = String::new();
    let end = match quote {
        Quote::None => "",
        Quote::Single => "'",
        Quote::Double => "\"",
    };
    typed.push_str(end);
    for (position, letter) in word.chars().enumerate() {
        match (quote, letter) {
            (Quote::Single, '\'') => typed.push_str("'\\'"),
            (Quote::Double, '\\' | '"' | '$' | '`') => typed.push('\\'),
            (Quote::None, '#' | '~') if position == 0 => typed.push('\\'),
            (Quote::None, _) if SPECIAL.contains(&letter) => typed.push('\\'),
            _ => {}
        }
        typed.push(letter);
    }
    if quote == Quote::None && word.is_empty() && closed {
        typed.push_str("''");
    }
    typed.push_str(if closed { end } else { "" });
    typed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(line).unwrap()
    }

    #[test]
    fn quotes_backslashes_and_comments() {
        assert_eq!(
            words("list  set talk@x\tsubject_prefix='[talk] '"),
            ["list", "set", "talk@x", "subject_prefix=[talk] "]
        );
        assert_eq!(words(r#"a "b \"c\" \d" e\ f '' "#), ["a", r#"b "c" \d"#, "e f", ""]);
        assert_eq!(words("a#b # rest | of it"), ["a#b"]);
        assert_eq!(words("ban add \\\n site # why\n *@x.org"), ["ban", "add", "site", "*@x.org"]);
        assert_eq!(words("'two\nlines'"), ["two\nlines"]);
        assert_eq!(words("# nothing"), [""; 0]);
    }

    #[test]
    fn a_line_end_ends_a_command_unless_it_is_quoted() {
        let text = "list list # '\nban add \\\n x --reason 'a\nb'\n\nuse";
        assert_eq!(commands(text), ["list list # '", "ban add \\\n x --reason 'a\nb'", "", "use"]);
        assert_eq!(commands("'a\nb"), ["'a\nb"]);
    }

    #[test]
    fn what_has_been_opened_has_to_be_closed() {
        for line in ["'a", "\"a", "a \\", "\"a\\\""] {
            assert!(matches!(split(line), Err(Error::Unfinished { .. })), "{line}");
        }
    }

    #[test]
    fn what_a_shell_would_act_on_is_refused_unless_quoted() {
        for line in ["list list | less", "a>b", "a;b", "a &"] {
            assert!(matches!(split(line), Err(Error::Operator { .. })), "{line}");
        }
        assert_eq!(words("'a|b' c\\;d \"Ann <ann@x.org>\""), ["a|b", "c;d", "Ann <ann@x.org>"]);
    }

    #[test]
    fn the_home_directory_stands_in_front_only() {
        let home = std::env::home_dir().unwrap().display().to_string();
        assert_eq!(words("~/members.txt '~/x' a~/b ~"), [&format!("{home}/members.txt"), "~/x", "a~/b", "~"]);
    }

    proptest! {
        #[test]
        fn any_word_survives_quoting(word in any::<String>(), style in 0..3) {
            let quote = [Quote::None, Quote::Single, Quote::Double][style as usize];
            // Outside of quotes a line end cannot be written.
            prop_assume!(quote != Quote::None || !word.contains(['\n', '\r']));
            prop_assert_eq!(words(&format!("a {} b", quoted(&word, quote, true))), ["a", word.as_str(), "b"]);
        }

        #[test]
        fn any_line_is_read(line in any::<String>()) {
            let scan = scan(&line);
            prop_assert!(scan.words.iter().all(|word| line.is_char_boundary(word.start)));
        }
    }
}
