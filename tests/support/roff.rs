//! Text for manual pages: escaped for man(7), and set into a page between the comments that mark a generated part.

/// Text that roff prints as it stands, in running text and in examples; also a line that would be a request because it
/// begins with a dot or an apostrophe.
///
/// This is all that a library would be good for here, so there is none.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            escaped.push('\n');
        }
        if line.starts_with(['.', '…']) {
            escaped.push_str("\\&");
        }
        for c in line.chars() {
            match c {
                '\\' => escaped.push_str("\\e"),
                // These would be made typographic, and could not be copied into a shell any more.
                '-' => escaped.push_str("\\-"),
                '\'' => escaped.push_str("\\(aq"),
                '`' => escaped.push_str("\\(ga"),
                '^' => escaped.push_str("\\(ha"),
                '~' => escaped.push_str("\\(ti"),
                // This ends an argument of a macro.
                '"' => escaped.push_str("\\(dq"),
                // There is none on an ASCII terminal.
                '…' => escaped.push_str("..."),
                ' '..='\u{7e}' | '\t' => escaped.push(c),
                other => escaped.push_str(&format!("\\[u{:04X}]", u32::from(other))),
            }
        }
    }
    escaped
}

/// The page with `text` between the comments that begin and end the generated part `name`.
pub fn with_part(page: &str, name: &str, text: &str) -> String {
    let begin = format!("\n.\\\" begin generated: {name}\n");
    let end = format!(".\\\" end generated: {name}\n");
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no part {name} begins"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("the part {name} does not end"));
    format!("{before}{begin}{}\n{end}{after}", text.trim_end())
}
