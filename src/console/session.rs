//! Who may look: whoever opened the address with the key, in the browser that did.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::Trouble;
use super::frame::Section;
use super::route::Route;
use crate::report::html::Tone;

/// How many browsers there are at once; the one that came first gives way.
const MOST: usize = 16;
/// How many outcomes are kept to be looked at again.
const KEPT: usize = 64;

/// The keys and sessions of a console.
pub(super) struct Sessions {
    secret: [u8; 32],
    /// How many keys were used.
    used: u64,
    sessions: VecDeque<u64>,
    /// What was done, by number.
    outcomes: BTreeMap<u64, Done>,
    /// What is being done, and how it ended, by number.
    works: BTreeMap<u64, Work>,
    next: u64,
}

/// What was done, to be looked at again.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) title: String,
    /// Whether it is as planned.
    pub(super) tone: Tone,
    /// What is to be said of it, as part of a page.
    pub(super) body: String,
    /// What it is about.
    pub(super) section: Section,
    /// The pages above it.
    pub(super) above: Vec<(String, Route)>,
    /// The command that would have done the same.
    pub(super) command: String,
}

/// What is being done while nobody has to wait for it.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) title: String,
    /// What it is about.
    pub(super) section: Section,
    pub(super) state: WorkState,
}

/// How far it is.
#[derive(Clone, Debug)]
pub(super) enum WorkState {
    /// It is being done, since then.
    Running(Instant),
    /// It ended with this outcome.
    Done(u64),
    /// It went wrong.
    Failed(Trouble),
    /// It ended in the middle, which is a defect.
    Broken,
}

/// A browser that came with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Session(u64);

impl Sessions {
    pub(super) const fn new(secret: [u8; 32]) -> Self {
        Self {
            secret,
            used: 0,
            sessions: VecDeque::new(),
            outcomes: BTreeMap::new(),
            works: BTreeMap::new(),
            next: 1,
        }
    }

    /// The key that opens the next session; it does so once.
    pub(super) fn key(&self) -> String {
        self.digest("key", self.used)
    }

    /// Opens a session with a key.
    pub(super) fn open(&mut self, key: &str) -> Option<Session> {
        if !same(&self.key(), key) {
            return None;
        }
        let session = self.used;
        self.used += 1;
        if self.sessions.len() >= MOST {
            self.sessions.pop_front();
        }
        self.sessions.push_back(session);
        Some(Session(session))
    }

    /// The session of a cookie.
    pub(super) fn find(&self, cookie: &str) -> Option<Session> {
        let mut sessions = self.sessions.iter().copied().map(Session);
        sessions.find(|session| same(&self.cookie(*session), cookie))
    }

    /// What a browser keeps of a session.
    pub(super) fn cookie(&self, session: Session) -> String {
        self.digest("cookie", session.0)
    }

    /// What forms of a session carry.
    pub(super) fn token(&self, session: Session) -> String {
        self.digest("token", session.0)
    }

    /// Whether a form was made in a session.
    pub(super) fn is_token(&self, session: Session, token: &str) -> bool {
        same(&self.token(session), token)
    }

    /// Keeps an outcome, and says its number.
    pub(super) fn keep(&mut self, outcome: Done) -> u64 {
        let number = self.next;
        self.next += 1;
        self.outcomes.insert(number, outcome);
        while self.outcomes.len() > KEPT {
            self.outcomes.pop_first();
        }
        number
    }

    /// Begins something that takes its time, and says its number.
    pub(super) fn begin(&mut self, title: String, section: Section) -> u64 {
        let number = self.next;
        self.next += 1;
        let work = Work {
            title,
            section,
            state: WorkState::Running(Instant::now()),
        };
        self.works.insert(number, work);
        while self.works.len() > KEPT {
            let over = |work: &Work| !matches!(work.state, WorkState::Running(_));
            let Some(first) = self.works.iter().find(|(_, work)| over(work)) else {
                break;
            };
            let first = *first.0;
            self.works.remove(&first);
        }
        number
    }

    /// Keeps how it ended.
    pub(super) fn end(&mut self, number: u64, ended: Option<Result<Done, Trouble>>) {
        let state = match ended {
            Some(Ok(done)) => WorkState::Done(self.keep(done)),
            Some(Err(trouble)) => WorkState::Failed(trouble),
            None => WorkState::Broken,
        };
        if let Some(work) = self.works.get_mut(&number) {
            work.state = state;
        }
    }

    /// What is being done, or how it ended.
    pub(super) fn work(&self, number: u64) -> Option<Work> {
        self.works.get(&number).cloned()
    }

    /// Whether something is being done.
    pub(super) fn is_busy(&self) -> bool {
        let mut works = self.works.values();
        works.any(|work| matches!(work.state, WorkState::Running(_)))
    }

    /// An outcome.
    pub(super) fn outcome(&self, number: u64) -> Option<Done> {
        self.outcomes.get(&number).cloned()
    }

    /// What only this console can make.
    fn digest(&self, what: &str, number: u64) -> String {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(format!("{what} {number}"));
        hash.update(self.secret);
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}

fn same(right: &str, told: &str) -> bool {
    bool::from(right.as_bytes().ct_eq(told.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_one_session_and_the_next_one_has_another_key() {
        let mut sessions = Sessions::new([7; 32]);
        let key = sessions.key();
        assert_eq!(sessions.open("wrong"), None);
        assert_eq!(sessions.open(""), None);
        let first = sessions.open(&key).expect("the key is right");
        assert_eq!(sessions.open(&key), None, "it was used");
        assert_ne!(sessions.key(), key);
        let cookie = sessions.cookie(first);
        assert_eq!(sessions.find(&cookie), Some(first));
        assert_eq!(sessions.find(&sessions.token(first)), None);
        let second = sessions.open(&sessions.key()).expect("the key is right");
        assert!(sessions.is_token(first, &sessions.token(first)));
        assert!(!sessions.is_token(second, &sessions.token(first)));
        assert_ne!(Sessions::new([8; 32]).key(), Sessions::new([7; 32]).key());
    }

    #[test]
    fn the_first_of_too_many_sessions_gives_way() {
        let mut sessions = Sessions::new([7; 32]);
        let first = sessions.open(&sessions.key()).expect("the key is right");
        for _ in 0..MOST {
            sessions.open(&sessions.key()).expect("the key is right");
        }
        assert_eq!(sessions.find(&sessions.cookie(first)), None);
    }
}
