//! A server that does what it is told, right or wrong, and keeps what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

type Deed = dyn Fn(&mut TcpStream) -> io::Result<()> + Send + Sync;

/// What to do with a request.
pub(crate) enum Step {
    /// Read it, and send these bytes.
    Send(Vec<u8>),
    /// Read it, and then do this with the connection, which is closed afterwards.
    Then(Box<Deed>),
    /// Read no more than its head, and close the connection.
    HangUp,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) at: Instant,
    pub(crate) connection: usize,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Method and target.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// An answer with a status, headers and a body.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Step {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    Step::Send(bytes)
}

pub(crate) fn json(status: u16, body: &str) -> Step {
    answer(status, &[("Content-Type", "application/json")], body)
}

/// An answer that leads elsewhere.
pub(crate) fn redirect(to: &str) -> Step {
    answer(302, &[("Location", to)], "")
}

/// Does something with the connection after the request was read.
pub(crate) fn then(
    what: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> Step {
    Step::Then(Box::new(what))
}

/// Sends the same bytes again and again, with a pause after each time.
pub(crate) fn again(stream: &mut TcpStream, bytes: &[u8], pause: Duration) -> io::Result<()> {
    loop {
        stream.write_all(bytes)?;
        thread::sleep(pause);
    }
}

/// Answers nothing until the other side goes away.
pub(crate) fn silence(stream: &mut TcpStream) -> io::Result<()> {
    stream.read(&mut [0]).map(drop)
}

type Script = dyn Fn(&Asked) -> Step + Send + Sync;

impl Server {
    /// One that takes a step for each request, in order. What comes after them gets a status that no
    /// test expects.
    pub(crate) fn with(steps: Vec<Step>) -> Self {
        let steps = Mutex::new(VecDeque::from(steps));
        Self::answering(move |_| {
            let next = steps.lock().expect("whole").pop_front();
            next.unwrap_or_else(|| json(418, r#"{"message": "nothing was to be asked any more"}"#))
        })
    }

    /// One that decides for each request, by its head.
    pub(crate) fn answering(script: impl Fn(&Asked) -> Step + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (script, kept) = (Arc::new(script), Arc::clone(&asked));
        // It goes with the process.
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().flatten().enumerate() {
                let (script, kept) = (Arc::clone(&script), Arc::clone(&kept));
                thread::spawn(move || {
                    // Clients that go away are no fault of the server's.
                    let _ = serve(stream, connection, &*script, &kept);
                });
            }
        });
        Self { address, asked }
    }

    /// Where it is.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("whole").clone()
    }

    /// Methods and targets of it.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }
}

fn serve(
    stream: TcpStream,
    connection: usize,
    script: &Script,
    kept: &Mutex<Vec<Asked>>,
) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(mut asked) = head(&mut reader, connection)? {
        let step = script(&asked);
        let length = asked.header("content-length").and_then(|n| n.parse().ok());
        let keep = |asked| kept.lock().expect("whole").push(asked);
        if let Step::HangUp = step {
            keep(asked);
            return Ok(());
        }
        asked.body.resize(length.unwrap_or(0), 0);
        reader.read_exact(&mut asked.body)?;
        keep(asked);
        match step {
            Step::Send(bytes) => reader.get_mut().write_all(&bytes)?,
            Step::Then(what) => return what(reader.get_mut()),
            Step::HangUp => return Ok(()),
        }
    }
    Ok(())
}

/// The head of the next request; `None` at the end of the connection.
fn head(reader: &mut BufReader<TcpStream>, connection: usize) -> io::Result<Option<Asked>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines[0].split(' ').map(str::to_owned);
    let fields = lines[1..].iter().filter_map(|line| line.split_once(':'));
    Ok(Some(Asked {
        method: words.next().expect("a method"),
        target: words.next().expect("a target"),
        headers: fields
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect(),
        body: Vec::new(),
        at: Instant::now(),
        connection,
    }))
}
