//! Reading smtpd.conf(5), as far as directives and their words: OpenSMTPD has no command that tells what it is set up to.

use std::path::Path;

use crate::error::Error;

/// How deep files may include each other; OpenSMTPD itself stops sooner or later.
const DEPTH: usize = 8;

/// A directive: its words, without quotes, and whether each was quoted.
#[derive(Debug, PartialEq, Eq)]
pub struct Directive(pub Vec<String>);

impl Directive {
    pub fn is(&self, first: &str) -> bool {
        self.0.first().is_some_and(|word| word == first)
    }

    /// The word behind this one.
    pub fn after(&self, word: &str) -> Option<&str> {
        let at = self.0.iter().position(|known| known == word)?;
        self.0.get(at + 1).map(String::as_str)
    }

    pub fn has(&self, words: &[&str]) -> bool {
        self.0.windows(words.len()).any(|window| window.iter().zip(words).all(|(word, wanted)| word == wanted))
    }
}

/// The directives of a file and of those that it includes, in order.
pub fn read(file: &Path) -> Result<Vec<Directive>, Error> {
    let mut directives = Vec::new();
    add(file, DEPTH, &mut directives)?;
    Ok(directives)
}

fn add(file: &Path, depth: usize, directives: &mut Vec<Directive>) -> Result<(), Error> {
    let text = std::fs::read_to_string(file).map_err(Error::read(file))?;
    for directive in parse(&text) {
        match directive.after("include") {
            Some(included) if directive.is("include") && depth > 0 => add(Path::new(included), depth - 1, directives)?,
            _ => directives.push(directive),
        }
    }
    Ok(())
}

/// Takes a text apart. A line goes on behind a backslash and inside of braces; `#` begins a comment.
fn parse(text: &str) -> Vec<Directive> {
    let mut directives = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut braces = 0_usize;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '#' => while rest.next_if(|c| *c != '\n').is_some() {},
            '\\' if rest.next_if_eq(&'\n').is_some() => {}
            '\n' if braces == 0 => {
                if !words.is_empty() {
                    directives.push(Directive(std::mem::take(&mut words)));
                }
            }
            '"' | '\'' => {
                let mut word = String::new();
                while let Some(next) = rest.next_if(|next| *next != c) {
                    word.push(next);
                }
                rest.next();
                words.push(word);
            }
            '{' | '}' | ',' | '=' => {
                braces = if c == '{' { braces + 1 } else { braces.saturating_sub(usize::from(c == '}')) };
                words.push(c.to_string());
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = c.to_string();
                while let Some(next) = rest.next_if(|next| !next.is_whitespace() && !"{},=\"#".contains(*next)) {
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    if !words.is_empty() {
        directives.push(Directive(words));
    }
    directives
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_quotes_braces_and_lines_that_go_on() {
        let text = "# x\ntable t { \"@\" = \"u v\",\n  b = c }\nmatch from any \\\n for local # y\n\nlisten on lo";
        let found: Vec<String> = parse(text).into_iter().map(|directive| directive.0.join("|")).collect();
        assert_eq!(found, ["table|t|{|@|=|u v|,|b|=|c|}", "match|from|any|for|local", "listen|on|lo"]);
    }

    #[test]
    fn a_directive_knows_its_words() {
        let directive = &parse("action \"a b\" mda \"x y\" user u\n")[0];
        assert!(directive.is("action") && directive.has(&["user", "u"]) && !directive.has(&["u", "user"]));
        assert_eq!((directive.after("mda"), directive.after("u")), (Some("x y"), None));
    }
}
