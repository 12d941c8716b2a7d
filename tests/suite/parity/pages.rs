//! The links, forms and buttons of a page, read as far as our own templates need it.

/// A field that a form sends.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub value: String,
    /// `type` of an input, `textarea`, `select`, or `button`.
    pub kind: String,
}

/// What one button sends.
#[derive(Debug)]
pub struct Press {
    pub action: String,
    /// Whether it only looks.
    pub get: bool,
    pub fields: Vec<Field>,
}

#[derive(Debug, Default)]
struct FormOf {
    id: String,
    action: String,
    get: bool,
    fields: Vec<Field>,
    buttons: Vec<Option<Field>>,
}

/// A page.
#[derive(Debug, Default)]
pub struct Sheet {
    pub links: Vec<String>,
    forms: Vec<FormOf>,
}

/// One tag: its name and its attributes, with references resolved.
struct Tag<'t> {
    name: &'t str,
    attributes: Vec<(String, String)>,
}

impl Tag<'_> {
    fn get(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn field(&self, kind: &str) -> Field {
        Field { name: self.get("name").to_owned(), value: self.get("value").to_owned(), kind: kind.to_owned() }
    }
}

fn resolved(text: &str) -> String {
    let text = text.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#38;", "&").replace("&amp;", "&")
}

fn tag(text: &str) -> Tag<'_> {
    let (name, mut rest) = text.split_once([' ', '\n']).unwrap_or((text, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find(['=', ' ', '\n']).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        let Some(quoted) = rest[end..].strip_prefix("=\"") else {
            attributes.push((key, String::new()));
            rest = &rest[end..];
            continue;
        };
        let close = quoted.find('"').expect("a closing quote");
        attributes.push((key, resolved(&quoted[..close])));
        rest = &quoted[close + 1..];
    }
    Tag { name, attributes }
}

impl Sheet {
    /// Reads a page that was made by our own templates: attributes in double quotes, `<` in text escaped.
    pub fn read(html: &str) -> Sheet {
        let mut sheet = Sheet::default();
        let mut open = None;
        for part in html.split('<').skip(1) {
            let Some((text, after)) = part.split_once('>') else { continue };
            let tag = tag(text);
            match tag.name {
                "a" => sheet.links.push(tag.get("href").to_owned()),
                "form" => {
                    let get = tag.get("method") == "get";
                    let (id, action) = (tag.get("id").to_owned(), tag.get("action").to_owned());
                    sheet.forms.push(FormOf { id, action, get, ..FormOf::default() });
                    open = Some(sheet.forms.len() - 1);
                }
                "/form" => open = None,
                name => {
                    let of = tag.get("form");
                    let named = sheet.forms.iter().position(|form| !of.is_empty() && form.id == of);
                    if let Some(form) = named.or(open) {
                        sheet.forms[form].take(name, &tag, after);
                    }
                }
            }
        }
        sheet
    }

    /// Every button, with what it sends.
    pub fn presses(&self) -> Vec<Press> {
        let of = |form: &FormOf, button: &Option<Field>| Press {
            action: form.action.clone(),
            get: form.get,
            fields: form.fields.iter().chain(button).filter(|field| !field.name.is_empty()).cloned().collect(),
        };
        self.forms.iter().flat_map(|form| form.buttons.iter().map(move |button| of(form, button))).collect()
    }
}

impl FormOf {
    fn take(&mut self, name: &str, tag: &Tag<'_>, after: &str) {
        match name {
            "input" => {
                let kind = tag.get("type");
                let value = if tag.get("value").is_empty() && kind == "checkbox" { "on" } else { tag.get("value") };
                self.fields.push(Field { value: value.to_owned(), ..tag.field(kind) });
            }
            "textarea" => {
                // The template begins with a line end that is no part of the value.
                let value = resolved(after.trim_start_matches('\n'));
                self.fields.push(Field { value, ..tag.field("textarea") });
            }
            "select" => self.fields.push(tag.field("select")),
            "option" => {
                let chosen = tag.attributes.iter().any(|(name, _)| name == "selected");
                if let Some(field) = self.fields.last_mut().filter(|field| field.kind == "select")
                    && (chosen || field.value.is_empty())
                {
                    tag.get("value").clone_into(&mut field.value);
                }
            }
            "button" => {
                let button = tag.field("button");
                self.buttons.push(Some(button).filter(|button| !button.name.is_empty()));
            }
            _ => {}
        }
    }
}
