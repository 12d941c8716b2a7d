//! Many members at once: pasted, looked at, then added.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{ImportItem, ImportOptions, Imported, Refused, Synced};

use super::{Answer, Frame, done_at_list, optional, shown};
use crate::ask::{Ask, param, text};

/// What mailjamd takes at once.
const MOST: usize = 10_000;

/// Addresses that are shown, of those that are refused or removed.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage<'p> {
    frame: Frame,
    typed: &'p str,
    /// What would happen if they were added.
    preview: Option<Imported>,
    more_refused: usize,
    /// What would happen if the members were these and nobody else.
    exactly: Option<Exactly>,
}

/// A change that also removes members.
struct Exactly {
    added: usize,
    kept: i32,
    /// The first of those who would go.
    removed: Vec<String>,
    more_removed: usize,
    refused: Vec<Refused>,
}

impl From<Synced> for Exactly {
    fn from(mut synced: Synced) -> Exactly {
        let more_removed = synced.removed.len().saturating_sub(SHOWN);
        synced.removed.truncate(SHOWN);
        synced.refused.truncate(SHOWN);
        let Synced { added, removed, kept, refused } = synced;
        Exactly { added: added.len(), kept, removed, more_removed, refused }
    }
}

/// A line as an address and perhaps a name: `a@b`, `Ann <a@b>`, `a@b, Ann` or `a@b<TAB>Ann`.
fn item(line: &str) -> ImportItem {
    let unquoted = |text: &str| text.trim().trim_matches('"').trim().to_owned();
    let (address, name) = match (line.rfind('<'), line.rfind('>')) {
        (Some(open), Some(close)) if open < close => (&line[open + 1..close], &line[..open]),
        _ => line.split_once([',', ';', '\t']).unwrap_or((line, "")),
    };
    ImportItem { address: unquoted(address), name: optional(&unquoted(name)), mode: None }
}

fn items(text: &str) -> Vec<ImportItem> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(item).collect()
}

pub async fn form(ask: Arc<Ask>) -> Answer {
    page(&ask, None, None, None).await
}

async fn page(ask: &Ask, error: Option<String>, mut preview: Option<Imported>, exactly: Option<Exactly>) -> Answer {
    let frame = Frame::of_list(ask, "Add many members", "members").await?.with_error(error);
    let mut more_refused = 0;
    if let Some(preview) = &mut preview {
        more_refused = preview.refused.len().saturating_sub(SHOWN);
        preview.refused.truncate(SHOWN);
    }
    shown!(ImportPage { frame, typed: ask.form.get("members"), preview, more_refused, exactly })
}

pub async fn import(ask: Arc<Ask>) -> Answer {
    let items = items(ask.form.get("members"));
    if items.is_empty() || items.len() > MOST {
        let why = format!("There are {} addresses; send between 1 and {MOST} at once.", items.len());
        return page(&ask, Some(why), None, None).await;
    }
    if matches!(ask.form.get("action"), "compare" | "exactly") {
        return exactly(&ask, items).await;
    }
    let looking = ask.form.get("action") != "import";
    let params = vec![text(ask.part("list")), param(items), param(ImportOptions { dry_run: Some(looking) })];
    match ask.call::<Imported>("member.import", params).await {
        Ok(preview) if looking => page(&ask, None, Some(preview), None).await,
        Ok(_) => done_at_list(&ask, "/members", "imported"),
        Err(problem) => page(&ask, Some(problem.for_form()?), None, None).await,
    }
}

/// Makes the members these and nobody else, after a look at who would go.
async fn exactly(ask: &Ask, items: Vec<ImportItem>) -> Answer {
    let looking = ask.form.get("action") != "exactly";
    let addresses: Vec<String> = items.into_iter().map(|item| item.address).collect();
    let params = vec![text(ask.part("list")), param(addresses), param(ImportOptions { dry_run: Some(looking) })];
    match ask.call::<Synced>("member.sync", params).await {
        Ok(synced) if looking => page(ask, None, None, Some(synced.into())).await,
        Ok(synced) if synced.refused.is_empty() => done_at_list(ask, "/members", "imported"),
        Ok(synced) => {
            let why = "Nothing was changed, because some addresses cannot be members.".to_owned();
            page(ask, Some(why), None, Some(synced.into())).await
        }
        Err(problem) => page(ask, Some(problem.for_form()?), None, None).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_pasted_is_read(text: String, ends in "[<>,;\\t\" a@é]{0,12}") {
            let _ = items(&text);
            let _ = items(&ends);
        }
    }

    #[test]
    fn lines_as_people_paste_them() {
        for (line, address, name) in [
            ("ann@example.org", "ann@example.org", None),
            ("Ann Lee <ann@example.org>", "ann@example.org", Some("Ann Lee")),
            ("\"Lee, Ann\" <ann@example.org>,", "ann@example.org", Some("Lee, Ann")),
            ("ann@example.org, Ann", "ann@example.org", Some("Ann")),
            ("ann@example.org\tAnn", "ann@example.org", Some("Ann")),
            (">x<", ">x<", None),
        ] {
            let item = item(line);
            assert_eq!((item.address.as_str(), item.name.as_deref()), (address, name), "{line}");
        }
        assert_eq!(items("# people\n\na@b\r\n c@d \n").len(), 2);
    }
}
