//! `subscription.*`: people who want to become members, or none any more, and those who decide about them.

use std::sync::Arc;

use mailjam_core::member::{Mode, Preference};
use mailjam_core::network;
use mailjam_core::settings::SubscribePolicy;
use mailjam_core::token::{self, Act};
use mailjam_rpc::records::{Confirmed, Pending, Query, SubscriptionOptions};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{ListRow, RequestRow, Session};

use super::{Failed, address, id, list, page, page_query, unknown, value};
use crate::daemon::Daemon;
use crate::params::Params;
use crate::subscription::{self, Carrier, Origin, Wish};

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let store = &daemon.store;
    let first = params.take::<String>()?;
    let web = daemon.config().web.public_url.clone();
    let result = match verb {
        "request" => {
            let who = params.take::<String>()?;
            let options = params.optional::<SubscriptionOptions>()?;
            let options =
                options.unwrap_or(SubscriptionOptions { name: None, mode: None, language: None, source_ip: None });
            store
                .write(move |session| request(session, &first, &who, options, &web))
                .await
                .map(|()| Value::Boolean(true))
        }
        "leave" => {
            let who = params.take::<String>()?;
            let asked = store.write(move |session| {
                let (list, who) = (list(session, &first)?, address(&who)?);
                Ok::<_, Failed>(subscription::ask(
                    session,
                    &list,
                    &who,
                    Act::Unsubscribe,
                    0,
                    "",
                    Origin { web: &web, ..Origin::default() },
                )?)
            });
            asked.await.map(|()| Value::Boolean(true))
        }
        "confirm" => store.write(move |session| confirm(session, &first, false, actor.how)).await.map(value),
        "unsubscribe" => store.write(move |session| confirm(session, &first, true, actor.how)).await.map(value),
        "pending" => {
            let query = page_query(params.optional::<Query>()?)?;
            let found = store.read(move |session| {
                let list = list(session, &first)?;
                Ok::<_, Failed>((session.requests(list.id, &query)?, list))
            });
            found.await.map(|(found, list)| page(found, |row| record(row, &list)))
        }
        "approve" => {
            let approved = store.write(move |session| {
                let (request, list) = pending(session, &first)?;
                subscription::admit(session, &list, &request, &actor)
            });
            approved.await.map(|()| Value::Boolean(true))
        }
        "deny" => {
            let reason = params.optional::<String>()?;
            let denied = store.write(move |session| {
                let (request, list) = pending(session, &first)?;
                let (words, tell) = (reason.as_deref().unwrap_or_default(), reason.is_some());
                subscription::turn_down(session, &list, &request, words, tell, &actor)
            });
            denied.await.map(|()| Value::Boolean(true))
        }
        _ => return Err(unknown(verb)),
    };
    daemon.work.notify_one();
    result.map_err(Fault::from)
}

fn request(
    session: &mut dyn Session,
    name: &str,
    who: &str,
    options: SubscriptionOptions,
    web: &str,
) -> Result<(), Failed> {
    let (list, who) = (list(session, name)?, address(who)?);
    let mode = options.mode.map(|mode| {
        Mode::from_name(&mode).ok_or_else(|| {
            Failed::new(
                Code::InvalidParameters,
                format!("mode: {mode:?} is none of post, digest, plain-digest, nomail"),
            )
        })
    });
    let mode = mode.transpose()?.unwrap_or_default();
    if list.list.settings.subscribe_policy == SubscribePolicy::Closed {
        return Err(Failed::new(Code::NotAllowed, format!("nobody can join {name} by asking")));
    }
    let network = options.source_ip.as_deref().and_then(network::of_address);
    let (name, language) = (options.name.unwrap_or_default(), options.language.unwrap_or_default());
    let language = super::member::language(&language)?;
    let about = Preference::Mode(mode).number();
    let wish = Some(Wish { name: &name, mode, language: &language });
    let origin = Origin { wish, answers: None, network: network.as_deref(), web };
    Ok(subscription::ask(session, &list, &who, Act::Subscribe, about, "", origin)?)
}

/// Does what a token says; nothing but leaving, if `leaving`.
fn confirm(session: &mut dyn Session, text: &str, leaving: bool, how: &'static str) -> Result<Confirmed, Failed> {
    let bad = || Failed::new(Code::BadToken, "that is no token of a mail from a list");
    let token = token::read(text.trim()).ok_or_else(bad)?;
    // Others are for answers by mail: they name nobody.
    let wanted = match token.act {
        Act::Leave | Act::Unsubscribe => true,
        Act::Subscribe | Act::Set | Act::Mute => !leaving,
        _ => false,
    };
    if !wanted || token.bearer.is_none() {
        return Err(bad());
    }
    let obeyed = subscription::obey(session, &token, Carrier::default(), how)?;
    Ok(Confirmed {
        act: if obeyed.act == Act::Leave { Act::Unsubscribe } else { obeyed.act }.name().to_owned(),
        list: obeyed.list.list.address.to_string(),
        address: obeyed.who.to_string(),
        result: obeyed.result.to_owned(),
    })
}

fn pending(session: &dyn Session, text: &str) -> Result<(RequestRow, ListRow), Failed> {
    let gone = || Failed::new(Code::NoItem, format!("no request {text}; somebody may have decided before"));
    let request = session.request(id(text)?)?.ok_or_else(gone)?;
    let list = session.list_by_key(request.list)?.ok_or_else(gone)?;
    Ok((request, list))
}

fn record(row: RequestRow, list: &ListRow) -> Pending {
    Pending {
        id: row.id.to_string(),
        list: list.list.address.to_string(),
        address: row.address,
        name: row.name,
        mode: row.mode.name().to_owned(),
        waits_for: row.waits_for.name().to_owned(),
        asked: Time(row.asked),
    }
}
