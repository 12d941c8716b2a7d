//! Fields that we write, in lines that every mail system takes.

/// Where a line is folded (RFC 5322 2.1.1).
const WIDTH: usize = 78;

/// A field in the making: name, colon and pieces, folded between pieces where a line would become longer than 78.
pub(crate) struct Fold {
    text: String,
    column: usize,
}

impl Fold {
    pub(crate) fn new(name: &str) -> Fold {
        Fold { text: format!("{name}:"), column: name.len() + 1 }
    }

    /// Adds a word after a space.
    pub(crate) fn word(&mut self, word: &str) {
        if self.column + 1 + word.len() > WIDTH {
            self.text.push_str("\r\n");
            self.column = 0;
        }
        self.text.push(' ');
        self.text.push_str(word);
        self.column += 1 + word.len();
    }

    /// Adds to the word before, after a fold if there is no room.
    pub(crate) fn join(&mut self, piece: &str) {
        if self.column + piece.len() > WIDTH {
            self.text.push_str("\r\n ");
            self.column = 1;
        }
        self.text.push_str(piece);
        self.column += piece.len();
    }

    /// Adds base64 or the like to the word before, in as many lines as it takes.
    pub(crate) fn join_long(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let room = WIDTH.saturating_sub(self.column);
            if room == 0 {
                self.text.push_str("\r\n ");
                self.column = 1;
                continue;
            }
            let (piece, after) = rest.split_at(rest.len().min(room));
            self.text.push_str(piece);
            self.column += piece.len();
            rest = after;
        }
    }

    /// What stands behind the colon so far.
    pub(crate) fn value(&self) -> &[u8] {
        let colon = self.text.find(':').map_or(self.text.len(), |at| at + 1);
        &self.text.as_bytes()[colon..]
    }

    /// The field with its line end.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.text.push_str("\r\n");
        self.text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_short() {
        let mut fold = Fold::new("X");
        for _ in 0..40 {
            fold.word("words");
        }
        fold.word("h=");
        for _ in 0..40 {
            fold.join("List-Id:");
        }
        fold.word("b=");
        fold.join_long(&"x".repeat(344));
        assert!(fold.value().starts_with(b" words words"));
        let field = String::from_utf8(fold.finish()).expect("ASCII");
        assert!(field.lines().all(|line| (2..=WIDTH).contains(&line.len())), "{field}");
        assert!(field.lines().skip(1).all(|line| line.starts_with(' ') && line.trim() != ""), "{field}");
    }
}
