//! What systemd is told (sd_notify(3)).

use sd_notify::NotifyState;

/// Tells systemd something; without systemd nothing happens.
pub fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd cannot be told");
    }
}
