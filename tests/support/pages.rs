//! A console as a process, asked over real connections.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A console that serves until it is dropped.
pub(crate) struct Console {
    child: Child,
    pub(crate) port: u16,
    /// The key that it printed.
    pub(crate) key: String,
}

/// What was answered.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// By their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

/// Somebody who came with the key.
pub(crate) struct Browser<'c> {
    pub(crate) console: &'c Console,
    pub(crate) cookie: String,
}

impl Console {
    /// Starts one: `command` is the program with what it has to know, without arguments.
    pub(crate) fn of(mut command: Command, options: &[&str]) -> Self {
        command.arg("console").args(options);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("it says where it listens");
        let url = line
            .trim()
            .strip_prefix("the console is at http://127.0.0.1:");
        let url = url.unwrap_or_else(|| panic!("it does not listen: {line}"));
        let (port, key) = url.split_once("/start?key=").expect("a key");
        Self {
            port: port.parse().expect("a port"),
            key: key.to_owned(),
            child,
        }
    }

    /// Sends bytes as they are, and reads all that comes back.
    pub(crate) fn raw(&self, request: &[u8]) -> Page {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connected");
        let wait = Some(Duration::from_secs(60));
        stream.set_read_timeout(wait).expect("a time");
        // It may be answered before all of it is sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).expect("UTF-8");
        let (head, text) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        Page {
            status: status.unwrap_or_else(|| panic!("no answer: {answer}")),
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            text: text.to_owned(),
        }
    }

    /// Sends a request with these lines in its head, below one for the host if none names it.
    pub(crate) fn ask(&self, line: &str, head: &[&str], body: &str) -> Page {
        let mut request = format!("{line} HTTP/1.1\r\nconnection: close\r\n");
        if !head.iter().any(|line| line.starts_with("host:")) {
            request.push_str(&format!("host: 127.0.0.1:{}\r\n", self.port));
        }
        for line in head {
            request.push_str(&format!("{line}\r\n"));
        }
        if !body.is_empty() {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        self.raw(format!("{request}\r\n{body}").as_bytes())
    }

    /// Opens it with the key that it printed.
    pub(crate) fn opened(&self) -> Browser<'_> {
        let started = self.ask(&format!("GET /start?key={}", self.key), &[], "");
        assert_eq!(started.status, 303, "{}", started.text);
        let cookie = started.headers["set-cookie"].split(';').next();
        Browser {
            console: self,
            cookie: cookie.expect("a cookie").to_owned(),
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser<'_> {
    /// A page, wherever it is led to.
    pub(crate) fn get(&self, path: &str) -> Page {
        let cookie = format!("cookie: {}", self.cookie);
        let page = self.console.ask(&format!("GET {path}"), &[&cookie], "");
        match page.headers.get("location") {
            Some(elsewhere) => self.get(elsewhere),
            None => page,
        }
    }

    /// Sends a form as one of the console's own pages does.
    pub(crate) fn send(&self, path: &str, body: &str) -> Page {
        let cookie = format!("cookie: {}", self.cookie);
        let head = [
            &cookie,
            "sec-fetch-site: same-origin",
            "origin: null",
            "content-type: application/x-www-form-urlencoded",
        ];
        self.console.ask(&format!("POST {path}"), &head, body)
    }

    /// Confirms what a page shows: sends its form, with more fields, and goes where that leads to.
    pub(crate) fn confirm(&self, page: &Page, more: &[(&str, &str)]) -> Page {
        let sent = self.send(&page.action(), &page.form(more));
        match sent.headers.get("location") {
            Some(elsewhere) if sent.status == 303 => self.get(elsewhere),
            Some(_) | None => sent,
        }
    }
}

impl Page {
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn has(self, text: &str) -> Self {
        assert!(self.text.contains(text), "no {text:?} in {}", self.text);
        self
    }

    /// The part between two texts.
    fn between(&self, before: &str, after: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(before)?;
        Some(rest.split_once(after)?.0)
    }

    /// Where its form is sent to.
    pub(crate) fn action(&self) -> String {
        let action = self.between("method=\"post\" action=\"", "\"");
        action
            .unwrap_or_else(|| panic!("no form in {}", self.text))
            .to_owned()
    }

    /// A hidden field of its form.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let value = self.between(&format!("type=\"hidden\" name=\"{name}\" value=\""), "\"");
        value.map(str::to_owned)
    }

    /// Its form as a browser sends it, with other values and more fields. An empty value is as good as a
    /// box that is not ticked.
    pub(crate) fn form(&self, more: &[(&str, &str)]) -> String {
        let inputs = self.between("method=\"post\"", "</form>");
        let mut fields = BTreeMap::new();
        for input in inputs.unwrap_or_default().split("<input ").skip(1) {
            let input = input.split_once('>').map_or(input, |(input, _)| input);
            let said = |name: &str| {
                let (_, rest) = input.split_once(&format!("{name}=\""))?;
                Some(rest.split_once('"')?.0)
            };
            let is_ticked = input.contains(" checked");
            let value = match said("type") {
                Some("checkbox" | "radio") if !is_ticked => continue,
                Some("checkbox" | "radio") => said("value").unwrap_or("on"),
                Some(_) | None => said("value").unwrap_or_default(),
            };
            let name = said("name").expect("a name");
            fields.insert(name, value);
        }
        fields.extend(more.iter().copied());
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields).finish()
    }
}
