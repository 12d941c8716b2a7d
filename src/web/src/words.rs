//! The words of the pages that members see, in each language. Pages of owners and administrators are in English.

mod table;

pub use table::Words;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    En,
    De,
    Fr,
    Es,
    Ja,
}

impl Language {
    /// All of them, in the order of the table.
    pub const ALL: [Language; 5] = [Language::En, Language::De, Language::Fr, Language::Es, Language::Ja];

    /// RFC 5646.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::De => "de",
            Language::Fr => "fr",
            Language::Es => "es",
            Language::Ja => "ja",
        }
    }

    /// What those who speak it call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Language::En => "English",
            Language::De => "Deutsch",
            Language::Fr => "Français",
            Language::Es => "Español",
            Language::Ja => "日本語",
        }
    }

    /// Its words.
    #[must_use]
    pub const fn words(self) -> &'static Words {
        &table::TABLE[self as usize]
    }

    /// The language that a tag such as `de-AT` means.
    #[must_use]
    pub fn find(tag: &str) -> Option<Language> {
        let primary = tag.trim().split('-').next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The one that a browser likes best (RFC 9110 12.5.4).
    #[must_use]
    pub fn accepted(field: &str) -> Language {
        let weighed = field.split(',').filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
            let weight =
                weight.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok())?;
            Language::find(tag).map(|language| (language, weight)).filter(|(_, weight)| *weight > 0.0)
        });
        let best = weighed.fold(None, |best: Option<(Language, f32)>, next| match best {
            Some(best) if best.1 >= next.1 => Some(best),
            _ => Some(next),
        });
        best.map_or(Language::En, |(language, _)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_first_choice_counts() {
        for (field, language) in [
            ("", Language::En),
            ("de-AT,en;q=0.8", Language::De),
            ("nl, fr;q=0.5, ja;q=0.9", Language::Ja),
            ("de;q=0, es", Language::Es),
            ("*;q=x,,;;", Language::En),
        ] {
            assert_eq!(Language::accepted(field), language, "{field}");
        }
    }
}
