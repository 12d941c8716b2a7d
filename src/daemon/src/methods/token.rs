//! `token.*`: tokens for TCP. The secret is answered once; what is stored is its hash.

use std::sync::Arc;

use mailjam_rpc::records::{Token, TokenCreated, TokenRequest};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::TokenRow;

use super::{Failed, unknown, value};
use crate::actor::{Actor, Deed};
use crate::caller::{self, random_hex};
use crate::daemon::{Daemon, now};
use crate::params::Params;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let result = match verb {
        "create" => {
            let actor = params.actor.clone();
            create(daemon, actor, params.take()?).await.map(value)
        }
        "list" => daemon
            .store
            .read(|session| session.tokens())
            .await
            .map(|rows| value(rows.into_iter().map(record).collect::<Vec<_>>()))
            .map_err(Failed::from),
        "revoke" => {
            let (actor, id) = (params.actor.clone(), params.take::<String>()?);
            daemon
                .store
                .write(move |session| {
                    let revoked = session.revoke_token(&id)?;
                    if revoked {
                        actor.did(session, None, Deed { action: "token.revoke", target: &id, ..Deed::default() })?;
                        Ok(Value::Boolean(true))
                    } else {
                        Err(Failed::new(Code::BadToken, format!("no token {id}")))
                    }
                })
                .await
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

fn record(row: TokenRow) -> Token {
    Token {
        id: row.id,
        label: row.label,
        scopes: row.scopes,
        created: Time(row.created),
        expires: (row.expires != 0).then_some(Time(row.expires)),
        revoked: row.revoked,
    }
}

async fn create(daemon: &Daemon, actor: Actor, request: TokenRequest) -> Result<TokenCreated, Failed> {
    if request.scopes.is_empty() {
        return Err(Failed::new(Code::InvalidParameters, "scopes: a token without scopes can do nothing"));
    }
    if let Some(unknown) = request.scopes.iter().find(|scope| !caller::is_scope(scope)) {
        let text = format!("scopes: {unknown:?} is none of mta, read, metrics, admin, owner:LIST, moderate:LIST");
        return Err(Failed::new(Code::InvalidParameters, text));
    }
    let expires = request.expires.map_or(0, |time| time.0);
    if expires != 0 && expires <= now() {
        return Err(Failed::new(Code::InvalidParameters, "expires: is in the past"));
    }
    let (id, secret) = (random_hex::<4>()?, format!("mailjam_{}", random_hex::<32>()?));
    let hash = caller::hash(&secret);
    let row = TokenRow {
        id: id.clone(),
        label: request.label,
        scopes: request.scopes,
        created: now(),
        expires,
        revoked: false,
    };
    let added = daemon.store.write(move |session| {
        let after = format!("{} ({})", row.scopes.join(" "), row.label);
        actor.did(session, None, Deed { action: "token.create", target: &row.id, before: "", after: &after })?;
        session.add_token(&row, &hash)
    });
    added.await?;
    Ok(TokenCreated { id, secret })
}
