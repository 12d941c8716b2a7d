//! From a request body to an answer: parse, look the method up, check who calls, do it.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use mailjam_rpc::catalogue::{Access, METHODS, Method};
use mailjam_rpc::codec::{self, Call};
use mailjam_rpc::{Code, Fault, Value};
use tokio::runtime::Handle;

use crate::actor::Actor;
use crate::caller::{Caller, Permission};
use crate::daemon::Daemon;
use crate::methods;
use crate::params::Params;

/// Calls in one `system.multicall` at most.
const MULTICALL: usize = 1000;

/// Octets of answers in memory after which a multicall makes no more calls.
const MULTICALL_ANSWER: usize = 32 << 20;

/// Answers a request body with a response body.
pub async fn answer(daemon: &Arc<Daemon>, caller: &Caller, body: Bytes) -> String {
    let result = match codec::decode_call(&body) {
        Ok(call) => {
            drop(body);
            answer_call(daemon, caller, call).await
        }
        Err(fault) => Err(fault),
    };
    codec::encode_reply(result)
}

/// The same in the calling thread, which is none of the runtime's: a hand-over is not passed to another.
///
/// `respond` sends the answer. What nobody waits for, the log and waking the runner, comes after it.
pub fn answer_here<R>(
    daemon: &Arc<Daemon>,
    caller: &Caller,
    body: &[u8],
    runtime: &Handle,
    respond: impl FnOnce(&str) -> R,
) -> R {
    let result = match codec::decode_call(body) {
        Ok(call) if call.method == methods::mta::SUBMIT => {
            let work = || submit_here(daemon, caller, call);
            match std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(defect(methods::mta::SUBMIT)))
            {
                Ok(taken) => {
                    let sent = respond(&codec::encode_reply(Ok(methods::value(taken.answer()))));
                    taken.conclude(daemon);
                    return sent;
                }
                Err(fault) => Err(fault),
            }
        }
        Ok(call) => runtime.block_on(answer_call(daemon, caller, call)),
        Err(fault) => Err(fault),
    };
    respond(&codec::encode_reply(result))
}

fn submit_here(daemon: &Daemon, caller: &Caller, call: Call) -> Result<methods::mta::Taken, Fault> {
    let method = find(caller, &call.method)?;
    methods::mta::submit_here(daemon, Params::new(method, call.params, Actor::mailjam())?.take()?)
}

async fn answer_call(daemon: &Arc<Daemon>, caller: &Caller, call: Call) -> Result<Value, Fault> {
    if call.method == "system.multicall" {
        multicall(daemon, caller, call.params).await
    } else {
        guarded(daemon, caller, call).await
    }
}

/// One call; code that panics is a fault, and the daemon goes on.
async fn guarded(daemon: &Arc<Daemon>, caller: &Caller, call: Call) -> Result<Value, Fault> {
    let method = call.method.clone();
    catch(one(daemon, caller, call)).await.unwrap_or_else(|| Err(defect(&method)))
}

/// The fault for code that panicked.
fn defect(method: &str) -> Fault {
    tracing::error!("{method} panicked; this is a defect of mailjamd, please report it with the lines above");
    Fault::new(Code::Internal, "a defect in mailjamd; its log has the details")
}

/// Polls a future to its end, or until it panics.
async fn catch<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(move |context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => std::task::Poll::Ready(None),
        }
    })
    .await
}

async fn one(daemon: &Arc<Daemon>, caller: &Caller, call: Call) -> Result<Value, Fault> {
    let method = find(caller, &call.method)?;
    // Who that is, is looked up only where it is written down.
    let acts =
        !matches!(method.access, Access::Anyone | Access::Metrics | Access::Mta | Access::Read | Access::ListRead);
    let actor = if acts { caller.actor() } else { Actor::mailjam() };
    let params = Params::new(method, call.params, actor)?;
    if let Permission::OnlyLists(lists) = caller.check(method)? {
        let lists: Vec<String> = lists.into_iter().map(str::to_owned).collect();
        let named = methods::list_of_call(daemon, method, &params).await?;
        if !methods::list::is_one_of(daemon, named, lists).await? {
            return Err(caller.not_allowed(method));
        }
    }
    if matches!(method.access, Access::Admin | Access::ListOwner | Access::Moderate) {
        // A list, or an id; not the address of somebody who may want to be forgotten.
        let named = method.params.first().is_some_and(|param| ["list", "scope", "id"].contains(&param.name));
        let about = params.list().filter(|_| named).unwrap_or_default();
        tracing::info!("{caller} calls {} {}", method.name, about.escape_debug());
    }
    let (noun, verb) = method.name.split_once('.').unwrap_or((method.name, ""));
    match noun {
        "system" => system(caller, verb, params),
        "server" => methods::server::call(daemon, verb, params).await,
        "domain" => methods::domain::call(daemon, verb, params).await,
        "list" => methods::list::call(daemon, verb, params).await,
        "member" => methods::member::call(daemon, verb, params).await,
        "role" => methods::role::call(daemon, verb, params).await,
        "account" => methods::account::call(daemon, verb, params).await,
        "session" => methods::session::call(daemon, caller, verb, params).await,
        "me" => methods::me::call(daemon, caller, verb, params).await,
        "mta" => methods::mta::call(daemon, verb, params).await,
        "message" => methods::message::call(daemon, verb, params).await,
        "queue" => methods::queue::call(daemon, verb, params).await,
        "token" => methods::token::call(daemon, verb, params).await,
        "subscription" => methods::subscription::call(daemon, verb, params).await,
        "moderation" => methods::moderation::call(daemon, verb, params).await,
        "ban" => methods::ban::call(daemon, verb, params).await,
        "bounce" => methods::bounce::call(daemon, verb, params).await,
        "dkim" => methods::dkim::call(daemon, verb, params).await,
        "digest" => methods::digest::call(daemon, verb, params).await,
        "template" => methods::template::call(daemon, verb, params).await,
        "audit" => methods::audit::call(daemon, verb, params).await,
        "privacy" => methods::privacy::call(daemon, verb, params).await,
        _ => Err(methods::unknown(verb)),
    }
}

fn find(caller: &Caller, name: &str) -> Result<&'static Method, Fault> {
    Method::find(name)
        .filter(|method| caller.sees(method))
        .ok_or_else(|| Fault::new(Code::NoSuchMethod, "no such method on this socket; see system.listMethods"))
}

async fn multicall(daemon: &Arc<Daemon>, caller: &Caller, mut params: Vec<Value>) -> Result<Value, Fault> {
    let calls = match (params.pop(), params.is_empty()) {
        (Some(Value::Array(calls)), true) => calls,
        _ => return Err(Fault::new(Code::InvalidParameters, "system.multicall takes one array of calls")),
    };
    if calls.len() > MULTICALL {
        return Err(Fault::new(Code::TooLarge, format!("{} calls; at most {MULTICALL} at once", calls.len())));
    }
    let mut answers = Vec::with_capacity(calls.len());
    let mut weight = 0;
    for call in calls {
        let result = match inner_call(call) {
            Ok(_) if weight > MULTICALL_ANSWER => {
                Err(Fault::new(Code::TooLarge, "the answers before this one are large enough; call again for the rest"))
            }
            Ok(call) => guarded(daemon, caller, call).await,
            Err(fault) => Err(fault),
        };
        answers.push(match result {
            Ok(value) => {
                weight += weigh(&value);
                Value::Array(vec![value])
            }
            Err(fault) => Value::Struct(BTreeMap::from([
                ("faultCode".to_owned(), Value::Integer(fault.number)),
                ("faultString".to_owned(), Value::String(fault.string)),
            ])),
        });
    }
    Ok(Value::Array(answers))
}

/// Octets that a value takes in memory, about.
fn weigh(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Base64(bytes) => bytes.len(),
        Value::Array(items) => items.iter().map(weigh).sum(),
        Value::Struct(members) => members.iter().map(|(name, value)| 64 + name.len() + weigh(value)).sum(),
        _ => 0,
    };
    inner + size_of::<Value>()
}

fn inner_call(call: Value) -> Result<Call, Fault> {
    let wrong = || Fault::new(Code::InvalidParameters, "each call is a struct {methodName, params}");
    let Value::Struct(mut members) = call else { return Err(wrong()) };
    match (members.remove("methodName"), members.remove("params")) {
        (Some(Value::String(method)), Some(Value::Array(params))) if method != "system.multicall" => {
            Ok(Call { method, params })
        }
        _ => Err(wrong()),
    }
}

fn system(caller: &Caller, verb: &str, mut params: Params) -> Result<Value, Fault> {
    match verb {
        "listMethods" => {
            let names = METHODS.iter().filter(|method| caller.sees(method));
            Ok(Value::Array(names.map(|method| Value::String(method.name.to_owned())).collect()))
        }
        "methodSignature" => {
            let method = find(caller, &params.take::<String>()?)?;
            let signature = |count: usize| {
                let types = std::iter::once(method.result).chain(method.params[..count].iter().map(|param| param.kind));
                Value::Array(types.map(|kind| Value::String(kind.to_owned())).collect())
            };
            Ok(Value::Array((method.required()..=method.params.len()).map(signature).collect()))
        }
        "methodHelp" => {
            let method = find(caller, &params.take::<String>()?)?;
            Ok(Value::String(format!("{}\n{}", method.synopsis(), method.help)))
        }
        "getCapabilities" => {
            let capability = |url: &str, version| {
                Value::Struct(BTreeMap::from([
                    ("specUrl".to_owned(), Value::String(url.to_owned())),
                    ("specVersion".to_owned(), Value::Integer(version)),
                ]))
            };
            Ok(Value::Struct(BTreeMap::from([
                ("xmlrpc".to_owned(), capability("http://xmlrpc.com/spec.md", 1)),
                ("introspect".to_owned(), capability("http://xmlrpc-c.sourceforge.net/introspection.html", 1)),
                (
                    "faults_interop".to_owned(),
                    capability("http://xmlrpc-epi.sourceforge.net/specs/rfc.fault_codes.php", 20010516),
                ),
                (
                    "system.multicall".to_owned(),
                    capability("http://xmlrpc-c.sourceforge.net/doc/libxmlrpc_server.html", 1),
                ),
            ])))
        }
        _ => Err(methods::unknown(verb)),
    }
}
