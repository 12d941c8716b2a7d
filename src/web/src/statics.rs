//! The few files that are the same for everybody, built into the program: there is no path to walk out of.

use crate::reply::Reply;

/// Name, media type, contents.
const FILES: [(&str, &str, &[u8]); 3] = [
    ("style.css", "text/css; charset=utf-8", include_bytes!("../static/style.css")),
    ("script.js", "text/javascript; charset=utf-8", include_bytes!("../static/script.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("../static/icon.svg")),
];

/// The file with this name.
#[must_use]
pub fn find(name: &str) -> Option<Reply> {
    let (_, kind, bytes) = FILES.iter().find(|(known, ..)| *known == name)?;
    Some(Reply::constant(kind, bytes))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_stylesheet_is_small_and_asks_nobody() {
        let style = include_str!("../static/style.css");
        assert!(style.len() < 20_000, "{}", style.len());
        assert!(!style.contains("url(") && !style.contains("@import"));
    }
}
