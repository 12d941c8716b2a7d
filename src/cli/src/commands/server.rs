//! `server`: the daemon itself.

use mailjam_rpc::records::{ServerInfo, ServerStats};

use crate::command::{Args, Command, Outcome};
use crate::error::Error;
use crate::output::clean;
use crate::session::Session;

use super::setting;

pub const NOUN: Command = Command::group(
    "server",
    "The daemon: is it there, how is it doing",
    &[
        Command::new("info", "Show versions, uptime and process id", &["server.info"], &[], info),
        Command::new("ping", "Ask whether the daemon answers", &["server.ping"], &[], ping),
        Command::new("stats", "Count what is stored and what happened since the start", &["server.stats"], &[], stats),
        Command::new("reload", "Have the daemon read its configuration again", &["server.reload"], &[], reload),
    ],
);

fn info(session: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    let server = session.daemon.server().to_string();
    session.show("server.info", vec![], |screen, info: ServerInfo| {
        let fields = [
            ("server", server),
            ("version", clean(&info.version).into_owned()),
            ("api", info.api.to_string()),
            ("schema", info.schema.to_string()),
            ("uptime", duration(info.uptime)),
            ("pid", info.pid.to_string()),
        ];
        screen.fields(0, &fields);
    })
}

fn ping(session: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    let server = session.daemon.server().to_string();
    session.show("server.ping", vec![], |screen, _: bool| writeln!(screen, "{server} answers"))
}

fn stats(session: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    session.show("server.stats", vec![], |screen, stats: ServerStats| {
        let stored = [
            ("lists", stats.lists.to_string()),
            ("members", stats.members.to_string()),
            ("queued", stats.queued.to_string()),
            ("deferred", stats.deferred.to_string()),
            ("oldest", stats.oldest.map_or_else(|| "-".to_owned(), |time| time.to_string())),
        ];
        let title = screen.title("Stored");
        writeln!(screen, "{title}");
        screen.fields(2, &stored);

        let title = screen.title(&format!("In the {} since the daemon started", duration(stats.uptime)));
        writeln!(screen, "\n{title}");
        let verdicts: Vec<(String, String)> = stats
            .verdicts
            .iter()
            .map(|(action, count)| (format!("hand-overs: {action}"), setting::display(count)))
            .collect();
        let mut happened: Vec<(&str, String)> =
            verdicts.iter().map(|(action, count)| (action.as_str(), count.clone())).collect();
        happened.push(("copies delivered", stats.delivered.to_string()));
        happened.push(("copies refused", stats.refused.to_string()));
        screen.fields(2, &happened);
    })
}

fn reload(session: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    session.show("server.reload", vec![], |screen, _: bool| writeln!(screen, "configuration read again"))
}

/// Seconds as the two largest units, such as `3 d 4 h`.
fn duration(seconds: i32) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn the_two_largest_units() {
        assert_eq!([5, 65, 3_700, 273_600].map(duration), ["5 s", "1 min 5 s", "1 h 1 min", "3 d 4 h"]);
    }
}
