//! `list preview`: which posts would have gone another way with other settings.

use mailjam_rpc::records::{Preview, Previewed};

use crate::command::{Args, Outcome};
use crate::commands::setting;
use crate::error::Error;
use crate::output::Screen;
use crate::output::table::{Table, whole, words};
use crate::session::{Session, param, text};

pub fn preview(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let settings = setting::parse(&args.many("setting"))?;
    let mut params = vec![text(args.text("list")), param(settings)];
    params.extend(args.number("last").map(param));
    session.show("list.preview", params, show)
}

fn show(screen: &mut Screen, previewed: Previewed) {
    let Previewed { looked_at, differences } = previewed;
    writeln!(screen, "{} of the last {looked_at} posts would go another way", differences.len());
    if differences.is_empty() {
        return;
    }
    writeln!(screen);
    let columns = [whole("RECEIVED"), whole("NOW"), whole("THEN"), words("SENDER"), words("BECAUSE")];
    let rows: Vec<_> = differences.into_iter().map(row).collect();
    Table::new(columns).rows(screen, &rows);
}

fn row(post: Preview) -> [String; 5] {
    let sender = if post.sender.is_empty() { "<>".to_owned() } else { post.sender };
    [post.received.to_string(), post.from, post.to, sender, format!("{}: {}", post.rule, post.reason)]
}
