//! The few words that a list puts into posts, in the languages of its texts.

use crate::template::{language, one_line};

/// What stands in the place of an attachment that was removed; `name` is a stranger's.
#[must_use]
pub fn removed_attachment(tag: &str, name: &str) -> String {
    let name = one_line(name);
    match language(tag) {
        "de" => format!("[Der Anhang {name} wurde von der Liste entfernt.]"),
        "es" => format!("[La lista ha eliminado el archivo adjunto {name}.]"),
        "fr" => format!("[La liste a retiré la pièce jointe {name}.]"),
        "ja" => format!("[添付ファイル {name} はリストにより削除されました。]"),
        _ => format!("[The attachment {name} was removed by the list.]"),
    }
}

/// What stands in a plain digest in the place of a part that is no text; `name` is a stranger's.
#[must_use]
pub fn left_out(tag: &str, name: &str) -> String {
    let name = one_line(name);
    match language(tag) {
        "de" => format!("[Hier ausgelassen: {name}]"),
        "es" => format!("[Omitido aquí: {name}]"),
        "fr" => format!("[Omis ici : {name}]"),
        "ja" => format!("[省略: {name}]"),
        _ => format!("[Left out here: {name}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::languages;

    #[test]
    fn every_language_has_words_of_its_own_and_names_are_one_line() {
        for phrase in [removed_attachment, left_out] {
            let mut all: Vec<String> = languages().iter().map(|tag| phrase(tag, "a\r\nb")).collect();
            assert!(all.iter().all(|text| text.contains("a  b")), "{all:?}");
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), languages().len());
        }
    }
}
