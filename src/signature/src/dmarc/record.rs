//! Policy records (RFC 9989 4.7).

use super::Assessment;
use crate::tags::Tags;

/// Whether a domain says what it is (`psd`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suffix {
    /// Domains below it belong to others.
    Yes,
    /// It is the top of an organization.
    No,
    /// It does not say.
    Unknown,
}

/// A record, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// For the domain itself.
    pub(crate) own: Assessment,
    /// For domains below it that exist.
    pub(crate) below: Assessment,
    /// For domains below it that do not.
    pub(crate) absent: Assessment,
    pub(crate) testing: bool,
    /// Strict alignment of DKIM.
    pub(crate) strict: bool,
    pub(crate) suffix: Suffix,
}

impl Record {
    /// Reads a text; `None` when it is no policy record.
    ///
    /// A record without a valid `p`, or with an invalid `sp` or `np`, asks for nothing (RFC 9989 4.10.1). So does one that
    /// cannot be read behind its version; but it is there.
    pub(crate) fn parse(text: &str) -> Option<Record> {
        let version = text.split(';').next().unwrap_or_default();
        let (name, value) = version.split_once('=')?;
        // Upper and lower case matter in the value.
        if name.trim() != "v" || value.trim() != "DMARC1" {
            return None;
        }
        let tags = Tags::parse(text).unwrap_or_default();
        let assessment = |name: &str| tags.get(name).map(assessment);
        let (own, below, absent) = (assessment("p").flatten(), assessment("sp"), assessment("np"));
        let is = |name: &str, word: &str| tags.get(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
        let (own, below, absent) = match (own, below, absent) {
            (Some(own), None, None) => (own, own, own),
            (Some(own), Some(Some(below)), None) => (own, below, below),
            (Some(own), None, Some(Some(absent))) => (own, own, absent),
            (Some(own), Some(Some(below)), Some(Some(absent))) => (own, below, absent),
            _ => (Assessment::None, Assessment::None, Assessment::None),
        };
        let suffix = match tags.get("psd") {
            Some(psd) if psd.eq_ignore_ascii_case("y") => Suffix::Yes,
            Some(psd) if psd.eq_ignore_ascii_case("n") => Suffix::No,
            _ => Suffix::Unknown,
        };
        Some(Record { own, below, absent, testing: is("t", "y"), strict: is("adkim", "s"), suffix })
    }
}

fn assessment(value: &str) -> Option<Assessment> {
    [Assessment::None, Assessment::Quarantine, Assessment::Reject]
        .into_iter()
        .find(|assessment| value.eq_ignore_ascii_case(&assessment.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Assessment::{None as Nothing, Quarantine, Reject};

    fn asked(text: &str) -> Option<(Assessment, Assessment, Assessment)> {
        Record::parse(text).map(|record| (record.own, record.below, record.absent))
    }

    #[test]
    fn records_say_what_is_asked() {
        for (text, own, below, absent) in [
            ("v=DMARC1; p=reject", Reject, Reject, Reject),
            ("v = DMARC1 ;p=Quarantine;sp=none;", Quarantine, Nothing, Nothing),
            ("v=DMARC1; p=none; np=reject", Nothing, Nothing, Reject),
            ("v=DMARC1; p=none; sp=quarantine; np=reject; pct=0", Nothing, Quarantine, Reject),
            ("v=DMARC1", Nothing, Nothing, Nothing),
            ("v=DMARC1; sp=reject", Nothing, Nothing, Nothing),
            ("v=DMARC1; p=rejct", Nothing, Nothing, Nothing),
            ("v=DMARC1; p=reject; sp=x", Nothing, Nothing, Nothing),
            ("v=DMARC1; p=reject; p=none", Nothing, Nothing, Nothing),
        ] {
            assert_eq!(asked(text), Some((own, below, absent)), "{text}");
        }
        for text in ["", "v=spf1 -all", "v=DMARC2; p=none", "v=dmarc1; p=none", "p=none; v=DMARC1", "v=DMARC12; p=none"]
        {
            assert_eq!(asked(text), None, "{text}");
        }
        let record = Record::parse("v=DMARC1; p=none; t=y; adkim=s; psd=n").expect("a record");
        assert!(record.testing && record.strict && record.suffix == Suffix::No);
    }

    proptest! {
        #[test]
        fn never_panics(text in "(v ?= ?DMARC1;?)?[a-z=;: ü]{0,60}") {
            let _ = Record::parse(&text);
        }
    }
}
