//! `list posts`: what was written lately.

use mailjam_rpc::records::Post;

use crate::command::{Args, Outcome};
use crate::error::Error;
use crate::output::table::{Table, number, whole, words};
use crate::output::{Screen, or_dash};
use crate::session::{Session, param, text};

pub fn posts(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let mut params = vec![text(args.text("list"))];
    params.extend(args.number("last").map(param));
    session.show("list.posts", params, show)
}

fn show(screen: &mut Screen, posts: Vec<Post>) {
    if posts.is_empty() {
        writeln!(screen, "no posts are kept");
        return;
    }
    let columns = [whole("RECEIVED"), number("DELIVERED"), number("REFUSED"), words("AUTHOR"), words("SUBJECT")];
    let rows: Vec<_> = posts.into_iter().map(row).collect();
    Table::new(columns).rows(screen, &rows);
}

fn row(post: Post) -> [String; 5] {
    let (delivered, refused) = (post.delivered.to_string(), post.refused.to_string());
    [post.received.to_string(), delivered, refused, or_dash(&post.author), or_dash(&post.subject)]
}
