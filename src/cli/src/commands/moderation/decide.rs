//! `moderation approve`, `reject` and `discard`: one held post or many.

use mailjam_rpc::records::{ApproveOptions, BulkResult, DiscardOptions};
use mailjam_rpc::{Code, Value};

use crate::command::{Args, Outcome};
use crate::error::Error;
use crate::session::{Session, param, text, understand};

/// Posts a call, as many as the daemon takes.
const PORTION: usize = 1000;

/// What is to become of held posts.
struct Decision {
    /// The method that decides about one.
    method: &'static str,
    /// What this takes beside the id.
    option: Option<Value>,
    /// What `moderation.bulk` takes beside the ids: action and reason. It cannot decide everything.
    bulk: Option<Vec<Value>>,
    /// What has been done then.
    done: &'static str,
}

pub fn approve(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let trust = args.flag("trust");
    Decision {
        method: "moderation.approve",
        option: trust.then(|| param(ApproveOptions { trust: Some(true) })),
        bulk: Some(vec![text(if trust { "trust" } else { "approve" })]),
        done: "approved",
    }
    .carry_out(session, &args.many("id"))
}

pub fn reject(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let reason = args.optional("reason").map(text);
    Decision {
        method: "moderation.reject",
        option: reason.clone(),
        bulk: Some([text("reject")].into_iter().chain(reason).collect()),
        done: "rejected",
    }
    .carry_out(session, &args.many("id"))
}

pub fn discard(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let ban = args.flag("ban");
    Decision {
        method: "moderation.discard",
        option: ban.then(|| param(DiscardOptions { ban: Some(true) })),
        bulk: (!ban).then(|| vec![text("discard")]),
        done: "discarded",
    }
    .carry_out(session, &args.many("id"))
}

impl Decision {
    fn carry_out(&self, session: &mut Session, ids: &[&str]) -> Result<Outcome, Error> {
        let Some(action) = self.bulk.as_ref().filter(|_| ids.len() > 1) else {
            return self.one_by_one(session, ids);
        };
        let mut outcome = Outcome::Done;
        for ids in ids.chunks(PORTION) {
            let done = match self.together(session, ids, action) {
                // Not everybody who may decide about each may decide about many.
                Err(Error::Fault { fault, .. }) if fault.code() == Some(Code::NotAllowed) => {
                    self.one_by_one(session, ids)?
                }
                other => other?,
            };
            outcome = if done == Outcome::Done { outcome } else { done };
        }
        Ok(outcome)
    }

    fn one_by_one(&self, session: &mut Session, ids: &[&str]) -> Result<Outcome, Error> {
        session.each(ids, |session, id| {
            let params = [text(id)].into_iter().chain(self.option.clone()).collect();
            session.show(self.method, params, |screen, _: bool| writeln!(screen, "{} {id}", self.done))?;
            Ok(())
        })
    }

    fn together(&self, session: &mut Session, ids: &[&str], action: &[Value]) -> Result<Outcome, Error> {
        const METHOD: &str = "moderation.bulk";
        let ids = Value::Array(ids.iter().map(|id| text(id)).collect());
        let answer = session.call(METHOD, [ids].into_iter().chain(action.iter().cloned()).collect())?;
        let results: Vec<BulkResult> = understand(METHOD, answer.clone())?;
        if session.json {
            session.screen.json(&answer);
        }
        let mut outcome = Outcome::Done;
        for BulkResult { id, result, text } in results {
            if result != "done" {
                session.screen.complain(format_args!("{id}: {text}"));
                outcome = Outcome::SomeRefused;
            } else if !session.json {
                writeln!(session.screen, "{} {}", self.done, crate::output::clean(&id));
            }
        }
        Ok(outcome)
    }
}
