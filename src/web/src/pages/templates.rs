//! The texts that a list sends, and how they come out.

use std::sync::Arc;

use mailjam_rpc::records::{Rendered, Template, TemplateText};

use super::{Answer, Frame, done, done_at_list, shown};
use crate::ask::{Ask, segment, text};

/// A text in the table, and where it is edited.
struct Row {
    one: Template,
    path: String,
}

#[derive(askama::Template)]
#[template(path = "templates.html")]
struct TemplatesPage {
    frame: Frame,
    rows: Vec<Row>,
}

#[derive(askama::Template)]
#[template(path = "template.html")]
struct TemplatePage {
    frame: Frame,
    path: String,
    name: String,
    language: String,
    origin: String,
    variables: Vec<String>,
    text: String,
    rendered: Option<Rendered>,
}

pub async fn all(ask: Arc<Ask>) -> Answer {
    let frame = Frame::of_list(&ask, "Templates", "templates").await?;
    let rows: Vec<Template> = ask.call("template.list", vec![text(ask.part("list"))]).await?;
    let rows = rows.into_iter().map(|one| Row {
        path: format!("{}/templates/{}/{}", frame.list_path(), segment(&one.name), segment(&one.language)),
        one,
    });
    let rows = rows.collect();
    shown!(TemplatesPage { frame, rows })
}

pub async fn one(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

fn which(ask: &Ask) -> Vec<mailjam_rpc::Value> {
    ["list", "name", "language"].map(|part| text(ask.part(part))).to_vec()
}

/// The text as it is or was typed, and how it comes out.
async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let mut frame = Frame::of_list(ask, ask.part("name"), "templates").await?;
    let found: TemplateText = ask.call("template.get", which(ask)).await?;
    let typed = if ask.form.has("text") { ask.form.get("text").replace("\r\n", "\n") } else { found.text };
    let rendered = ask.call("template.render", [which(ask), vec![text(&typed)]].concat()).await;
    let (rendered, why) = match rendered {
        Ok(rendered) => (Some(rendered), None),
        Err(problem) => (None, Some(problem.for_form()?)),
    };
    frame = frame.with_error(error.or(why));
    let (name, language) = (ask.part("name").to_owned(), ask.part("language").to_owned());
    let path = format!("{}/templates/{}/{}", frame.list_path(), segment(&name), segment(&language));
    let (origin, variables) = (found.origin, found.variables);
    shown!(TemplatePage { frame, path, name, language, origin, variables, text: typed, rendered })
}

pub async fn save(ask: Arc<Ask>) -> Answer {
    let here = format!(
        "/lists/{}/templates/{}/{}",
        segment(ask.part("list")),
        segment(ask.part("name")),
        segment(ask.part("language"))
    );
    match ask.form.get("action") {
        "save" => {
            let typed = ask.form.get("text").replace("\r\n", "\n");
            match ask.call_raw("template.set", [which(&ask), vec![text(&typed)]].concat()).await {
                Ok(_) => done(&ask, &here, "template"),
                Err(problem) => page(&ask, Some(problem.for_form()?)).await,
            }
        }
        "reset" => match ask.call_raw("template.reset", which(&ask)).await {
            Ok(_) => done_at_list(&ask, "/templates", "original"),
            Err(problem) => page(&ask, Some(problem.for_form()?)).await,
        },
        _ => page(&ask, None).await,
    }
}
