//! Domain names as they are asked for and compared.

use mailjam_core::address::Address;

/// Octets of a name (RFC 1035 2.3.4) without the last dot.
const MOST: usize = 253;

/// A domain in A-labels and lower case (RFC 8616 4, RFC 9989 5.3.1); `None` when it is no name that can be in the DNS, such
/// as an address literal.
pub(crate) fn normal(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let domain = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        Address::parse_foreign(&format!("x@{text}")).ok()?.ascii_domain().into_owned()
    };
    is_name(&domain).then_some(domain)
}

/// Whether a text is one or more labels of letters, digits, hyphens and underscores. Names in the DNS may have more, those
/// of mail do not.
pub(crate) fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= MOST && text.split('.').all(label)
}

/// Whether a domain is another one or below it.
pub(crate) fn is_within(domain: &str, parent: &str) -> bool {
    domain.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_in_one_form() {
        assert_eq!(normal("Example.ORG."), Some("example.org".to_owned()));
        assert_eq!(normal("bücher.example"), Some("xn--bcher-kva.example".to_owned()));
        for text in ["", ".", "a..b", "[192.0.2.1]", "a b.example", "a\\.b", "*.example", &"x".repeat(64)] {
            assert_eq!(normal(text), None, "{text}");
        }
        assert!(is_within("a.example.org", "example.org") && is_within("example.org", "example.org"));
        assert!(!is_within("notexample.org", "example.org") && !is_within("org", "example.org"));
    }
}
