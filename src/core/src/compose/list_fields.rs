//! The fields by which a list makes itself known: RFC 2919 and RFC 2369.

use super::{Draft, LOOP};
use crate::address::Address;
use crate::list::List;
use crate::message::{encode_words, is_plain};
use crate::settings::PostPolicy;

/// Where a line is folded (RFC 5322 2.1.1).
pub(super) const WIDTH: usize = 78;

/// Adds the fields to the top of the draft; List-Unsubscribe only if all copies share it.
pub(super) fn add(draft: &mut Draft, list: &List, unsubscribe: bool) {
    let mailto = |suffix: &str, query: &str| format!("<{}{query}>", mailto(&list.address.with_suffix(suffix)));
    let post = match list.settings.post_policy {
        PostPolicy::Closed => "NO".to_owned(),
        PostPolicy::Open | PostPolicy::Members | PostPolicy::Moderated | PostPolicy::Moderators => mailto("", ""),
    };
    let id = list_id(list, draft.line_end);
    draft.add("List-Id", &id);
    draft.add("List-Help", &mailto("-request", "?subject=help"));
    draft.add("List-Subscribe", &mailto("-subscribe", ""));
    if unsubscribe {
        draft.add("List-Unsubscribe", &mailto("-unsubscribe", ""));
    }
    draft.add("List-Post", &post);
    draft.add("List-Owner", &mailto("-owner", ""));
    draft.add(LOOP, &list.list_id);
}

/// `"Description" <id>`, folded.
fn list_id(list: &List, line_end: &str) -> String {
    let description = list.settings.description.split(|c: char| c.is_whitespace() || c.is_control());
    let description = description.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let column = "List-Id: ".len();
    let mut words = if description.is_empty() { Vec::new() } else { phrase(&description, column) };
    words.push(format!("<{}>", list.list_id));
    fold(&words, column, line_end)
}

/// The words of a name before angle brackets (RFC 5322 3.2.5): in quotes, or encoded. `column` is where the first one begins.
pub(super) fn phrase(name: &str, column: usize) -> Vec<String> {
    if !is_plain(name) {
        return encode_words(name, column);
    }
    let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    quoted.split(' ').map(str::to_owned).collect()
}

/// Joins words by a space, or by a fold where a line would become longer than 78. `column` is where the first one begins.
pub(crate) fn fold(words: &[String], column: usize, line_end: &str) -> String {
    let mut text = String::new();
    let mut column = column;
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            if column + 1 + word.len() > WIDTH {
                text.push_str(line_end);
                column = 0;
            }
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.len();
    }
    text
}

/// An address as a URI (RFC 6068 2): the domain in A-labels, everything that is not unreserved percent-encoded.
pub(super) fn mailto(address: &Address) -> String {
    let text = address.to_string();
    let local = &text[..text.len() - address.domain().len() - 1];
    let mut uri = String::from("mailto:");
    push_encoded(&mut uri, local);
    uri.push('@');
    push_encoded(&mut uri, &address.ascii_domain());
    uri
}

fn push_encoded(uri: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => uri.push(byte.into()),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_addresses_become_uris() {
        for (address, uri) in [
            ("talk@lists.example.org", "mailto:talk@lists.example.org"),
            ("a+b@example.org", "mailto:a%2Bb@example.org"),
            ("übung@bücher.example", "mailto:%C3%BCbung@xn--bcher-kva.example"),
            ("\"a b?\"@example.org", "mailto:%22a%20b%3F%22@example.org"),
        ] {
            assert_eq!(mailto(&Address::parse(address).unwrap()), uri);
        }
    }
}
