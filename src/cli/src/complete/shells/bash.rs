//! Bash: it cuts words in its own way and inserts what it is given as it is, so both are done here.
//!
//! COMP_WORDBREAKS has `=`, `:` and `@`. Bash splits COMP_WORDS at them and puts a completion only in the place of what
//! follows the last one. The line itself tells the words, and the breaks tell what will be replaced.

use super::completion;
use crate::complete::Candidate;

/// The option for `compopt` on the first line, and a replacement on each one behind it.
pub fn answer(line: &str, breaks: &str) -> String {
    let typed = Typed::read(line, breaks);
    // The name of the program is no part of the line for us.
    let Some(words) = typed.words.get(1..).filter(|words| !words.is_empty()) else { return String::new() };
    if typed.redirected {
        return "default\n".to_owned();
    }
    let found = completion(words);
    if found.files_from.is_some() {
        return "default\n".to_owned();
    }
    let replacement = |candidate: &Candidate| quote(candidate.value.get(typed.kept..)?, typed.quote);
    let replacements: Vec<String> = found.candidates.iter().filter_map(replacement).collect();
    let go_on = !found.candidates.is_empty() && found.candidates.iter().all(Candidate::goes_on);
    let option = if go_on { "nospace\n" } else { "\n" };
    option.to_owned() + &replacements.iter().map(|word| format!("{word}\n")).collect::<String>()
}

/// A line as bash sees it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Typed {
    /// Its words without their quotes, the one at the end last.
    words: Vec<String>,
    /// The quotation mark that is open at the end.
    quote: Option<char>,
    /// So many bytes of the last word stay in their place whatever is inserted.
    kept: usize,
    /// The last word is the target of a redirection.
    redirected: bool,
}

impl Typed {
    fn read(line: &str, breaks: &str) -> Typed {
        let mut typed = Typed::default();
        // Words that are being read; none between two.
        let mut word: Option<String> = None;
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match (typed.quote, letter) {
                (None, ' ' | '\t' | '\n') => typed.end(&mut word),
                (None, '<' | '>') => {
                    // A number before it is that of a file descriptor.
                    if word.as_ref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
                        word = None;
                    }
                    typed.end(&mut word);
                    while letters.next_if(|next| matches!(next, '<' | '>' | '&' | '|')).is_some() {}
                    typed.redirected = true;
                }
                (None, '\'' | '"') => {
                    typed.quote = Some(letter);
                    typed.kept = word.get_or_insert_default().len();
                }
                (Some(mark), _) if mark == letter => {
                    typed.quote = None;
                    typed.kept = word.as_ref().map_or(0, String::len);
                }
                (None | Some('"'), '\\') => {
                    let literal = |next: &char| typed.quote.is_some() && !matches!(next, '$' | '`' | '"' | '\\');
                    let backslash = letters.peek().is_some_and(literal).then_some('\\');
                    word.get_or_insert_default().extend(backslash.into_iter().chain(letters.next()));
                }
                (quote, _) => {
                    let word = word.get_or_insert_default();
                    // Readline takes an @ for the beginning of a host's name, and replaces it with the rest.
                    if letter == '@' && quote.is_none() && breaks.contains('@') {
                        typed.kept = word.len();
                    }
                    word.push(letter);
                    if letter != '@' && quote.is_none() && breaks.contains(letter) {
                        typed.kept = word.len();
                    }
                }
            }
        }
        typed.words.push(word.unwrap_or_default());
        typed
    }

    /// A word has ended. That of a redirection is for bash alone.
    fn end(&mut self, word: &mut Option<String>) {
        self.kept = 0;
        if let Some(word) = word.take()
            && !std::mem::take(&mut self.redirected)
        {
            self.words.push(word);
        }
    }
}

/// Text as it is written on a line for bash, there where a quotation mark is open or none is. Addresses can have
/// characters that a shell would obey: `` `reboot`@example.org `` is one. None where the text cannot be written.
fn quote(text: &str, open: Option<char>) -> Option<String> {
    match open {
        None => {
            let harmless = |letter: char| letter.is_alphanumeric() || "@%+=:,./_-".contains(letter);
            let escaped =
                text.chars().flat_map(|letter| (!harmless(letter)).then_some('\\').into_iter().chain([letter]));
            Some(escaped.collect())
        }
        Some('"') => Some(text.to_owned()).filter(|text| !text.contains(['"', '$', '`', '\\', '!'])),
        Some(mark) => Some(text.to_owned()).filter(|text| !text.contains(mark)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    fn read(line: &str) -> (Vec<String>, Option<char>, usize) {
        let typed = Typed::read(line, BREAKS);
        (typed.words, typed.quote, typed.kept)
    }

    #[test]
    fn words_are_those_of_the_line_and_not_of_bash() {
        let cases: [(&str, &[&str], Option<char>, usize); 14] = [
            ("p list ", &["p", "list", ""], None, 0),
            ("p show talk@li", &["p", "show", "talk@li"], None, 4),
            ("p set verp=al", &["p", "set", "verp=al"], None, 5),
            ("p --server=unix:/x/y", &["p", "--server=unix:/x/y"], None, 14),
            ("p owner:talk@l", &["p", "owner:talk@l"], None, 10),
            ("p 'talk@li", &["p", "talk@li"], Some('\''), 0),
            ("p \"talk@li", &["p", "talk@li"], Some('"'), 0),
            ("p verp='al", &["p", "verp=al"], Some('\''), 5),
            ("p o\\'br", &["p", "o'br"], None, 0),
            ("p 'a b' \"c\\\"\\d\" e\\ f", &["p", "a b", "c\"\\d", "e f"], None, 0),
            ("p ''  x", &["p", "", "x"], None, 0),
            ("p x 2>&1 y", &["p", "x", "y"], None, 0),
            ("p x <in >>out y", &["p", "x", "y"], None, 0),
            ("p \u{fc}@\u{fc}", &["p", "\u{fc}@\u{fc}"], None, 2),
        ];
        for (line, words, quote, kept) in cases {
            assert_eq!(read(line), (words.iter().map(|word| (*word).to_owned()).collect(), quote, kept), "{line}");
        }
        assert_eq!(Typed::read("p a@b=c", " ").kept, 0);
        assert!(Typed::read("p x < fi", BREAKS).redirected && Typed::read("p x >", BREAKS).redirected);
        assert!(!Typed::read("p x < fi ", BREAKS).redirected);
    }

    #[test]
    fn no_address_is_obeyed() {
        assert_eq!(
            quote("`id`$(x)!'\"{a,b}~#*?&@x.org", None).unwrap(),
            r#"\`id\`\$\(x\)\!\'\"\{a,b\}\~\#\*\?\&@x.org"#
        );
        assert_eq!(quote("`id`@x.org", Some('"')), None);
        assert_eq!(quote("`id`@x.org", Some('\'')).unwrap(), "`id`@x.org");
        assert_eq!(quote("o'brien@x.org", Some('\'')), None);
        assert_eq!(quote("\u{fc}l-l_e+x%y@x.org:1,2/3=4", None).unwrap(), "\u{fc}l-l_e+x%y@x.org:1,2/3=4");
    }
}
