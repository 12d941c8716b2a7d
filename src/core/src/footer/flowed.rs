//! Text of format=flowed (RFC 3676), in which a space before a line end says that the paragraph goes on.

/// Lines that stand alone, and are read as what they are: no spaces at their ends, and one more at the start of what would
/// be taken for a quote, or be changed on the way (4.2 and 4.4).
pub(super) fn fixed(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| {
            let content = line.trim_end_matches('\n');
            // The line before a signature (4.3).
            let content = if content == "-- " { content } else { content.trim_end_matches(' ') };
            let stuffed = content.starts_with([' ', '>']) || content.starts_with("From ");
            let stuffing = if stuffed { " " } else { "" };
            format!("{stuffing}{content}\n")
        })
        .collect()
}

/// Whether a paragraph goes on behind the last line.
pub(super) fn is_open(text: &[u8]) -> bool {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let line = text.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let quotes = line.iter().take_while(|b| **b == b'>').count();
    let line = &line[quotes..];
    line.ends_with(b" ") && line != b"-- " && line != b" -- "
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_stuffed_and_do_not_flow() {
        assert_eq!(fixed("-- \n a \n>b\nFrom c\nFromage \n\n"), "-- \n  a\n >b\n From c\nFromage\n\n");
        for (text, open) in
            [("a ", true), ("a \r\n", true), ("> a \n", true), ("-- \n", false), ("> -- \n", false), ("a\n", false)]
        {
            assert_eq!(is_open(text.as_bytes()), open, "{text:?}");
        }
    }
}
