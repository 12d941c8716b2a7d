//! Where log lines go: to the journal when there is one, otherwise to standard error.

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Reads a filter.
pub fn filter(level: &str) -> Result<EnvFilter, String> {
    EnvFilter::builder().parse(level).map_err(|error| format!("{level:?}: {error}"))
}

/// Starts logging. `JOURNAL_STREAM` is set by systemd when standard error is the journal (systemd.exec(5)).
pub fn start(level: &str) -> Result<(), String> {
    let registry = tracing_subscriber::registry().with(filter(level)?);
    let journal = std::env::var_os("JOURNAL_STREAM").and_then(|_| tracing_journald::layer().ok());
    let started = match journal {
        Some(journal) => registry.with(journal.with_field_prefix(None)).try_init(),
        None => registry
            .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false))
            .try_init(),
    };
    started.map_err(|error| error.to_string())
}
