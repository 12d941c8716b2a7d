//! One Postfix: its parameters, its services, and what its tables answer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::commands::mta_config::probe::{self, Said};
use crate::error::Error;

/// A Postfix whose own commands tell about it.
pub struct Instance {
    directory: Option<PathBuf>,
    postconf: PathBuf,
    postmap: PathBuf,
}

impl Instance {
    pub fn find(directory: Option<&Path>) -> Result<Instance, Error> {
        let directory = directory.map(Path::to_path_buf);
        let program = |name| probe::find("Postfix", &[name]);
        Ok(Instance { directory, postconf: program("postconf")?, postmap: program("postmap")? })
    }

    fn call(&self, program: &Path, arguments: &[&str], input: &str) -> Result<Said, Error> {
        let directory = self.directory.as_ref().map(|directory| directory.display().to_string());
        let mut all: Vec<&str> = directory.iter().flat_map(|directory| ["-c", directory]).collect();
        all.extend(arguments);
        probe::run(program, &all, input)
    }

    /// The values of parameters, with what they refer to put in. One that Postfix does not know is not there.
    pub fn parameters(&self, names: &[&str]) -> Result<Parameters, Error> {
        let said = self.call(&self.postconf, &[&["-x"], names].concat(), "")?;
        if !said.success {
            let complaint = said.complaint().to_owned();
            return Err(Error::Unasked { program: self.postconf.display().to_string(), complaint });
        }
        let values = probe::settings(&said.out);
        Ok(Parameters(values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }

    /// The words of a service's entry in master.cf.
    pub fn service(&self, name: &str, kind: &str) -> Result<Option<Vec<String>>, Error> {
        let said = self.call(&self.postconf, &["-M"], "")?;
        let mut entries = said.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let entry = entries.find(|words| words.starts_with(&[name, kind]));
        Ok(entry.map(|words| words.into_iter().map(str::to_owned).collect()))
    }

    /// Whether it runs; nothing where this user may not know.
    pub fn runs(&self) -> Result<Option<bool>, Error> {
        let program = probe::find("Postfix", &["postfix"])?;
        let said = self.call(&program, &["status"], "")?;
        let known = said.success || !said.err.contains("superuser");
        Ok(known.then_some(said.success))
    }

    /// What a table of `TYPE:NAME` answers for these keys. One that cannot be read knows nothing.
    pub fn look_up(&self, table: &str, keys: &[&str]) -> Result<BTreeMap<String, String>, Error> {
        // Without the detour over a service that waits for Postfix to be started.
        let table = table.strip_prefix("proxy:").unwrap_or(table);
        let said = self.call(&self.postmap, &["-q", "-", table], &(keys.join("\n") + "\n"))?;
        let answers = said.out.lines().filter_map(|line| line.split_once('\t'));
        Ok(answers.map(|(key, answer)| (key.to_owned(), answer.to_owned())).collect())
    }

    /// Those of the keys that none of the tables in the list knows.
    pub fn unknown<'a>(&self, tables: &str, keys: &[&'a str]) -> Result<Vec<&'a str>, Error> {
        let mut left = keys.to_vec();
        for table in words(tables) {
            if left.is_empty() {
                break;
            }
            let known = self.look_up(&table, &left)?;
            left.retain(|key| !known.contains_key(*key));
        }
        Ok(left)
    }

    /// Whether a list of domains, patterns, files and tables has one of these names, the first of which is the domain and
    /// the others what is above it.
    pub fn list_has(&self, list: &str, names: &[&str]) -> Result<bool, Error> {
        for word in words(list) {
            let (word, found) = match word.strip_prefix('!') {
                Some(word) => (word, false),
                None => (word.as_str(), true),
            };
            let matches = if word.starts_with('/') {
                let file = std::fs::read_to_string(word).unwrap_or_default();
                let lines: BTreeSet<&str> = file.split_whitespace().collect();
                names.iter().any(|name| lines.contains(name))
            } else if word.contains(':') && !word.starts_with('[') {
                !self.look_up(word, names)?.is_empty()
            } else {
                names.iter().any(|name| name.eq_ignore_ascii_case(word))
            };
            if matches {
                return Ok(found);
            }
        }
        Ok(false)
    }
}

/// Values of main.cf by their names.
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// A value; empty where Postfix does not know the name.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// The words of a list: between commas or spaces, but not inside of braces.
pub fn words(list: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut depth = 0_usize;
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (c == ',' || c.is_whitespace()) {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn lists_have_commas_spaces_and_braces() {
        assert_eq!(words("a, b  c,d"), ["a", "b", "c", "d"]);
        assert_eq!(words("inline:{{x = y}, {z = u}} b"), ["inline:{{x = y}, {z = u}}", "b"]);
        assert!(words(" ").is_empty());
    }
}
