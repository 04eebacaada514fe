//! A stand-in for the platform on a real socket: it answers with what it was given and keeps what
//! it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    /// By their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What is answered to a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Without one the connection is closed, and nothing is answered.
    pub(crate) status: u16,
    /// A `Content-Length` among them is sent as it is, right or wrong.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Stage {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stage {
    /// Answers every request by `tell` from now on.
    pub(crate) fn new(tell: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let tell = Arc::new(tell);
        // The thread ends with the process; each connection has one of its own.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, tell) = (Arc::clone(&kept), Arc::clone(&tell));
                thread::spawn(move || serve(&stream, &kept, &*tell));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

fn serve(stream: &TcpStream, kept: &Mutex<Vec<Asked>>, tell: &dyn Fn(&Asked) -> Told) {
    let wait = Some(Duration::from_secs(20));
    stream.set_read_timeout(wait).expect("a time");
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        let told = tell(&asked);
        kept.lock().expect("not poisoned").push(asked);
        if told.status == 0 {
            return;
        }
        let mut answer = format!("HTTP/1.1 {} Told\r\n", told.status);
        for (name, value) in &told.headers {
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
        let is_told = told.headers.contains_key("Content-Length");
        if !is_told {
            answer.push_str(&format!("Content-Length: {}\r\n", told.body.len()));
        }
        answer.push_str("\r\n");
        let mut writer = stream;
        let sent = writer.write_all(answer.as_bytes());
        if sent.and_then(|()| writer.write_all(&told.body)).is_err() || is_told {
            return;
        }
    }
}

/// The next request of a connection, or none when it ends.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<Asked> {
    let line = line(reader)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let header = self::line(reader)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let body = if headers
        .get("transfer-encoding")
        .is_some_and(|how| how == "chunked")
    {
        chunks(reader)?
    } else {
        let length = headers
            .get("content-length")
            .map_or(Ok(0), |length| length.parse());
        let mut body = vec![0; length.ok()?];
        reader.read_exact(&mut body).ok()?;
        body
    };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    Some(Asked {
        method,
        path: path.to_owned(),
        query: query.collect(),
        headers,
        body,
    })
}

fn line(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

fn chunks(reader: &mut BufReader<&TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(&line(reader)?, 16).ok()?;
        let start = body.len();
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..]).ok()?;
        line(reader)?;
        if length == 0 {
            return Some(body);
        }
    }
}
