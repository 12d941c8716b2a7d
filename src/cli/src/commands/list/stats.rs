//! `list stats`: what happened on a list in the last days.

use mailjam_rpc::records::ListStats;

use crate::command::{Args, Outcome};
use crate::error::Error;
use crate::output::{Screen, clean};
use crate::session::{Session, param, text};

pub fn stats(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let list = args.text("list");
    let mut params = vec![text(list)];
    params.extend(args.number("days").map(param));
    session.show("list.stats", params, |screen, stats: ListStats| show(screen, list, &stats))
}

fn show(screen: &mut Screen, list: &str, stats: &ListStats) {
    let ListStats { members, post, digest, nomail, away, .. } = stats;
    let title = screen.title(list);
    writeln!(screen, "{title}");
    let now = [
        ("members", format!("{members}: {post} post, {digest} digest, {nomail} nomail")),
        ("away", away.to_string()),
        ("held posts", stats.held.to_string()),
        ("requests to decide", stats.pending.to_string()),
    ];
    screen.fields(2, &now);

    let title = screen.title(&format!("In the last {} days", stats.days));
    writeln!(screen, "\n{title}");
    let happened = [
        ("joined", stats.joined.to_string()),
        ("left", stats.left.to_string()),
        ("posts", stats.posts.to_string()),
        ("octets of posts", clean(&stats.octets).into_owned()),
        ("senders", stats.posters.to_string()),
        ("copies delivered", stats.delivered.to_string()),
        ("copies refused", stats.refused.to_string()),
    ];
    screen.fields(2, &happened);

    picture(screen, "Posts a day", &stats.daily);
    if stats.bounces.iter().any(|bounces| *bounces > 0) {
        picture(screen, "Bounces a day", &stats.bounces);
    }
}

fn picture(screen: &mut Screen, what: &str, days: &[i32]) {
    let most = days.iter().copied().max().unwrap_or(0);
    let title = screen.title(what);
    writeln!(screen, "\n{title} (today last, {most} at most)");
    for line in daily(screen, days) {
        writeln!(screen, "  {line}");
    }
}

/// A number a day: as a picture where it can be seen, or else in figures.
fn daily(screen: &Screen, days: &[i32]) -> Vec<String> {
    if screen.draws() {
        let letters: Vec<char> = sparkline(days).collect();
        letters.chunks(screen.room(2).max(1)).map(|line| line.iter().collect()).collect()
    } else {
        let figures: Vec<String> = days.iter().map(ToString::to_string).collect();
        screen.wrap(&figures.join(" "), 2)
    }
}

/// A block for each number, as high as it is beside the largest. Only zero has the lowest.
fn sparkline(numbers: &[i32]) -> impl Iterator<Item = char> {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = numbers.iter().copied().max().map_or(1, i64::from).max(1);
    numbers.iter().map(move |&number| {
        let height = (i64::from(number.max(0)) * 7 + most - 1) / most;
        usize::try_from(height).ok().and_then(|height| BLOCKS.get(height)).copied().unwrap_or('█')
    })
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn the_largest_is_as_high_as_a_line_and_what_is_not_zero_is_seen() {
        let drawn = |numbers: &[i32]| sparkline(numbers).collect::<String>();
        assert_eq!(drawn(&[0, 1, 2, 3, 4, 5, 6, 7]), "▁▂▃▄▅▆▇█");
        assert_eq!(drawn(&[0, 1, i32::MAX]), "▁▂█");
        assert_eq!(drawn(&[0, 0]), "▁▁");
        assert_eq!(drawn(&[]), "");
    }
}
