//! Where text goes into an HTML page. Nothing is understood but what hides tags from being tags.

/// Elements whose content is no markup up to their own end.
const RAW: [&[u8]; 8] = [b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes"];

/// Positions for text above and below what the page shows: inside `body`, or where that would be. `None` if text there would
/// not be seen: behind a comment without an end, or in frames.
pub(super) fn places(page: &[u8]) -> Option<(usize, usize)> {
    let mut above = if page.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let (mut body_end, mut html_end, mut in_body) = (None, None, false);
    let mut at = 0;
    while let Some(found) = page[at..].iter().position(|b| matches!(b, b'<' | 0x1b)) {
        at += found;
        let rest = &page[at..];
        if rest.starts_with(b"\x1b$") {
            // Two-byte characters of ISO-2022-JP, up to the next escape; some of their bytes look like tags.
            at += 2 + rest[2..].iter().position(|b| *b == 0x1b)?;
        } else if rest.starts_with(b"<!--") {
            at += 4 + find(&rest[4..], b"-->")?;
        } else if let Some((closing, name)) = tag(rest) {
            let start = at;
            at += tag_end(rest)?;
            match (closing, name.to_ascii_lowercase().as_slice()) {
                (true, b"body") => body_end = Some(start),
                (true, b"html") => html_end = Some(start),
                (false, b"body") if !in_body => (above, in_body) = (at, true),
                (true, b"head") | (false, b"html" | b"!doctype") if !in_body => above = at,
                (false, b"frameset" | b"plaintext") => return None,
                (false, name) if RAW.contains(&name) => at += find(&page[at..], &[b"</", name].concat())?,
                _ => {}
            }
        } else {
            at += 1;
        }
    }
    Some((above, body_end.or(html_end).unwrap_or(page.len())))
}

/// Name of the tag that starts here, and whether it closes an element.
fn tag(rest: &[u8]) -> Option<(bool, &[u8])> {
    let closing = rest.starts_with(b"</");
    let name = &rest[1 + usize::from(closing)..];
    let end = name.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/')).unwrap_or(name.len());
    let name = &name[..end];
    name.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'!' | b'?')).then_some((closing, name))
}

/// Behind the `>` of a tag.
fn tag_end(rest: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            // Quotes are quotes only where a value begins.
            (None, b'"' | b'\'') if matches!(rest[..at].trim_ascii_end().last(), Some(b'=')) => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Without regard to case.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted))
}

/// Lines as HTML in ASCII, which every character set that is like ASCII has, with a line end before and behind.
pub(super) fn escaped(text: &str, line_end: &str) -> String {
    let mut escaped = format!("{line_end}<div>");
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            escaped.push_str("<br>");
            escaped.push_str(line_end);
        }
        for c in line.chars() {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                c if c.is_ascii() => escaped.push(c),
                c => escaped.push_str(&format!("&#{};", u32::from(c))),
            }
        }
    }
    escaped.push_str("</div>");
    escaped.push_str(line_end);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page with `^` above and `$` below.
    fn marked(page: &str) -> Option<String> {
        let (above, below) = places(page.as_bytes())?;
        assert!(above <= below, "{page}");
        Some(format!("{}^{}${}", &page[..above], &page[above..below], &page[below..]))
    }

    #[test]
    fn text_goes_where_it_is_seen() {
        for (page, expected) in [
            ("a", "^a$"),
            ("<p>a", "^<p>a$"),
            ("<!DOCTYPE html><html><BODY a='>'>x</BODY></html>", "<!DOCTYPE html><html><BODY a='>'>^x$</BODY></html>"),
            ("<html><head><title><body></title></head>x</html>", "<html><head><title><body></title></head>^x$</html>"),
            ("<body>x</body><!-- </body> -->", "<body>^x$</body><!-- </body> -->"),
            ("<body><script>'</body>'</script>x</body>y</body>", "<body>^<script>'</body>'</script>x</body>y$</body>"),
            ("a < b <3", "^a < b <3$"),
            ("<body>\u{1b}$B</body>\u{1b}(B", "<body>^\u{1b}$B</body>\u{1b}(B$"),
        ] {
            assert_eq!(marked(page).as_deref(), Some(expected));
        }
        for page in ["x<!-- y", "<frameset></frameset>", "<script>", "<a href=\"", "x<plaintext>"] {
            assert_eq!(marked(page), None, "{page}");
        }
        assert_eq!(escaped("<a>&\nü\n", "\n"), "\n<div>&lt;a&gt;&amp;<br>\n&#252;</div>\n");
    }
}
