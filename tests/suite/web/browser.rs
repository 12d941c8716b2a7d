//! A browser as far as these tests need one: it keeps cookies, follows nothing by itself, and says where its forms come from.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::daemon::PATIENCE;

/// An answer.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Page {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// What the forms of the page bring back.
    pub fn form_token(&self) -> Option<&str> {
        self.body.split("name=\"form\" value=\"").nth(1)?.split('"').next()
    }

    /// The value of the first hidden field with this name.
    pub fn hidden(&self, name: &str) -> Option<&str> {
        self.body.split(&format!("name=\"{name}\" value=\"")).nth(1)?.split('"').next()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Page {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.body);
        self
    }
}

#[derive(Clone)]
pub struct Browser {
    port: u16,
    host: String,
    scheme: &'static str,
    pub cookies: BTreeMap<String, String>,
    /// What the last page's forms bring back.
    pub token: String,
}

/// A form's fields as they are sent.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let part = |text: &str| {
        text.bytes().fold(String::new(), |text, byte| {
            if byte.is_ascii_alphanumeric() {
                text + &char::from(byte).to_string()
            } else {
                text + &format!("%{byte:02X}")
            }
        })
    };
    fields.iter().map(|(name, value)| format!("{}={}", part(name), part(value))).collect::<Vec<_>>().join("&")
}

impl Browser {
    pub fn new(port: u16, host: &str, scheme: &'static str) -> Browser {
        Browser { port, host: host.to_owned(), scheme, cookies: BTreeMap::new(), token: String::new() }
    }

    /// Looks at a page.
    pub fn get(&mut self, path: &str) -> Page {
        self.request("GET", path, &[], "")
    }

    /// Sends a form of the last page that had one.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.token.clone();
        let fields = [&[("form", token.as_str())], fields].concat();
        let origin = format!("{}://{}", self.scheme, self.host);
        let headers = [("Origin", origin.as_str()), ("Sec-Fetch-Site", "same-origin")];
        self.request("POST", path, &headers, &encoded(&fields))
    }

    /// Looks at the page where a form is, sends it, and looks at the page to which the answer leads.
    #[track_caller]
    pub fn fill(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        self.get(page).expect(200);
        let there = self.post(path, fields).expect(303);
        self.get(there.location()).expect(200)
    }

    /// Logs in with a password.
    #[track_caller]
    pub fn log_in(&mut self, address: &str, password: &str) {
        self.get("/login").expect(200);
        self.post("/login", &[("address", address), ("password", password)]).expect(303);
    }

    /// A request with these headers besides the usual ones.
    pub fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            text += &format!("Host: {}\r\n", self.host);
        }
        if !self.cookies.is_empty() {
            let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
            text += &format!("Cookie: {}\r\n", cookies.join("; "));
        }
        if method == "POST" {
            text += &format!("Content-Length: {}\r\n", body.len());
            if !headers.iter().any(|(name, _)| *name == "Content-Type") {
                text += "Content-Type: application/x-www-form-urlencoded\r\n";
            }
        }
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        let page = self.send(&format!("{text}\r\n{body}"));
        for (_, cookie) in page.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(token) = page.form_token() {
            self.token = token.to_owned();
        }
        page
    }

    /// What is answered to these octets.
    pub fn send(&self, request: &str) -> Page {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("mailjam-web listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        // One that is refused early is answered before it is read.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).expect("UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers: Vec<(String, String)> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Page { status: status.unwrap_or_else(|| panic!("{request:.300}: {answer:?}")), headers, body: body.to_owned() }
    }
}
