//! The file that describes lists: TOML, in which nothing is taken that is not understood.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::value::Datetime;

use crate::commands::moment;
use crate::error::Error;

/// Texts by name of the template and by language.
pub type Templates = BTreeMap<String, BTreeMap<String, String>>;

/// All that a file says.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// By posting address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, Described>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
}

/// What is for all lists.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bans: Option<Vec<Banned>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<Templates>,
}

/// One list. What is absent is not spoken of.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owners: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderators: Option<Vec<String>>,
    /// Text, whole numbers, or true and false for yes and no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<BTreeMap<String, toml::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bans: Option<Vec<Banned>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<Templates>,
}

/// A ban.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Banned {
    pub pattern: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// For ever, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Datetime>,
}

impl Document {
    /// Reads the text of the file `what`.
    ///
    /// # Errors
    /// [`Error::NotAConfiguration`], with the line where there is one.
    pub fn read(what: &str, text: &str) -> Result<Document, Error> {
        let document: Document = toml::from_str(text).map_err(|error| {
            let line =
                error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
            let place = line.map_or(what.to_owned(), |line| format!("{what}, line {line}"));
            let reason = error.message().trim_end().replace('\n', " ");
            Error::NotAConfiguration { what: place, reason }
        })?;
        document.check().map_err(|reason| Error::NotAConfiguration { what: what.to_owned(), reason })?;
        Ok(document)
    }

    /// What the types do not say.
    fn check(&self) -> Result<(), String> {
        let lists = self.lists.iter().map(|(name, list)| (name.as_str(), list.bans.as_deref().unwrap_or_default()));
        let site = self.site.iter().map(|site| ("site", site.bans.as_deref().unwrap_or_default()));
        for (place, bans) in lists.chain(site) {
            for ban in bans {
                let domain = ban.pattern.rsplit('@').next().unwrap_or_default();
                if !domain.is_ascii() {
                    return Err(format!("{place}: write the domain of {} in ASCII, with xn--", ban.pattern));
                }
                ban.until().map_err(|error| format!("{place}: {}: {error}", ban.pattern))?;
            }
        }
        for (name, list) in &self.lists {
            for (key, value) in list.settings.iter().flatten() {
                if matches!(value, toml::Value::Array(_) | toml::Value::Table(_) | toml::Value::Datetime(_)) {
                    return Err(format!("{name}: {key} must be text, a number, true or false"));
                }
            }
        }
        let mut names: Vec<String> = self.lists.keys().map(|name| name.to_lowercase()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("{} is there twice", pair[0])),
            None => Ok(()),
        }
    }

    /// The text of such a file, for the lists of a daemon.
    ///
    /// # Errors
    /// [`Error::NotAConfiguration`] where something cannot be written in TOML.
    pub fn write(&self, server: &str) -> Result<String, Error> {
        let text = toml::to_string_pretty(self).map_err(|error| Error::NotAConfiguration {
            what: "what the daemon has".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(format!(
            "# Lists of the daemon at {server}, without their members.\n\
             # \"mailjam-cli config plan FILE\" shows what has changed since; \"config apply FILE\" makes it this again.\n\n\
             {text}"
        ))
    }
}

impl Banned {
    /// When it ends, in Unix seconds.
    ///
    /// # Errors
    /// [`Error::NotATime`]
    pub fn until(&self) -> Result<Option<mailjam_rpc::Time>, Error> {
        let Some(until) = self.until else { return Ok(None) };
        let word = until.to_string();
        // A time of day alone would be read as a duration.
        until.date.ok_or_else(|| Error::NotATime { word: word.clone() })?;
        moment::point_in_time(&word, moment::now()).map(Some)
    }

    /// Why, as the daemon keeps it.
    pub fn reason(&self) -> String {
        self.reason.replace(char::is_control, " ")
    }

    /// As patterns are compared.
    pub fn key(&self) -> String {
        let pattern = self.pattern.trim();
        pattern.strip_prefix('@').unwrap_or(pattern).to_lowercase()
    }
}

/// A setting as the daemon takes it.
pub fn as_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Boolean(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Document::read("lists.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        assert!(wrong("\n[lists.\"a@b.c\"]\nowner = []\n").starts_with("lists.toml, line 3: unknown field `owner`"));
        assert!(wrong("[lists]\n\"a@b.c\" = 1\n").starts_with("lists.toml, line 2: "));
        assert!(wrong("[lists.\"a@b.c\".settings]\nverp = [1]\n").contains("verp must be text"));
        assert!(wrong("[lists.\"a@b.c\"]\n[lists.\"A@b.c\"]\n").contains("a@b.c is there twice"));
        assert!(wrong("[site]\nbans = [{ pattern = \"x@bücher.example\" }]\n").contains("xn--"));
        assert!(wrong("[site]\nbans = [{ pattern = \"x\", until = 07:30:00 }]\n").contains("neither a time"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives_the_file(name in ".+", text in proptest::prelude::any::<String>(), number: i64, yes: bool) {
            let settings = [
                (name.clone(), toml::Value::String(text.clone())),
                ("number".to_owned(), toml::Value::Integer(number)),
                ("yes".to_owned(), toml::Value::Boolean(yes)),
            ];
            let bans = vec![Banned { pattern: "x".to_owned(), reason: text.clone(), until: None }];
            let described = Described { settings: Some(settings.into()), bans: Some(bans), ..Described::default() };
            let document = Document { lists: [(name, described)].into(), site: None };
            let written = document.write("unix:/s").unwrap();
            proptest::prop_assert_eq!(Document::read("again", &written).unwrap(), document);
        }

        #[test]
        fn any_file_is_read_or_refused(text in proptest::prelude::any::<String>()) {
            drop(Document::read("any", &text));
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let settings = [
            ("subject_prefix".to_owned(), toml::Value::String("[\"a\"]".to_owned())),
            ("max_size".to_owned(), toml::Value::Integer(7)),
        ];
        let ban = |pattern: &str, until: Option<&str>| Banned {
            pattern: pattern.to_owned(),
            reason: if until.is_some() { "\u{1b}'''".to_owned() } else { String::new() },
            until: until.map(|until| until.parse().unwrap()),
        };
        let texts = [("en".to_owned(), "Subject: a\n\n'''\"\"\"\\ \r\n\ttext \n".to_owned())];
        let templates: Templates = [("welcome".to_owned(), texts.into())].into();
        let described = Described {
            closed: Some(true),
            owners: Some(vec!["ann@x.org".to_owned()]),
            moderators: Some(vec![]),
            settings: Some(settings.into()),
            bans: Some(vec![ban("evil.example", None), ban("*@x.org", Some("2027-01-31T00:00:00Z"))]),
            templates: Some(templates.clone()),
        };
        let site = Site { bans: Some(vec![]), templates: Some(templates) };
        let document = Document { lists: [("talk@x.org".to_owned(), described)].into(), site: Some(site) };
        let text = document.write("unix:/s").unwrap();
        assert_eq!(Document::read("again", &text).unwrap(), document, "{text}");
    }
}
