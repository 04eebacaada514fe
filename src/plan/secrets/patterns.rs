//! The forms that issuers give their credentials: what each starts with, what follows, and what
//! proves it.

use std::ops::Range;

use crate::model::secret::SecretKind;
use crate::plan::secrets::entropy::{is_base62_checksum, is_random};

/// A set of characters.
#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    /// `0-9`
    Digit,
    /// `a-z`
    Lower,
    /// `0-9a-f`
    Hex,
    /// `A-Z2-7`
    Base32,
    /// `0-9A-Za-z`
    Alnum,
    /// `0-9A-Za-z_-`
    Token,
    /// `0-9A-Za-z_.-`
    Dotted,
    /// `0-9A-Za-z_.~-`
    Tilde,
    /// `0-9A-Za-z+/`
    Base64,
    /// `0-9A-Za-z_=-`
    Padded,
}

impl Class {
    pub(super) const fn has(self, b: u8) -> bool {
        match self {
            Self::Digit => b.is_ascii_digit(),
            Self::Lower => b.is_ascii_lowercase(),
            Self::Hex => b.is_ascii_digit() || matches!(b, b'a'..=b'f'),
            Self::Base32 => b.is_ascii_uppercase() || matches!(b, b'2'..=b'7'),
            Self::Alnum => b.is_ascii_alphanumeric(),
            Self::Token => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
            Self::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
            Self::Tilde => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'~'),
            Self::Base64 => b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'),
            Self::Padded => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'='),
        }
    }

    /// How many of the first bytes are of it.
    pub(super) fn run(self, bytes: &[u8]) -> usize {
        bytes.iter().take_while(|b| self.has(**b)).count()
    }
}

/// What follows an anchor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece {
    /// That very text.
    Text(&'static str),
    /// So many characters of a class; all that stand there.
    Run(Class, usize, usize),
}

/// What tells a credential from what only looks like one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Proof {
    /// Its last six characters are the checksum of the thirty before.
    Checksum,
    /// What follows the anchor is random, and no placeholder.
    Random,
}

/// The form of a credential.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// What every one of them holds.
    pub(super) anchor: &'static str,
    pub(super) kind: SecretKind,
    /// How many characters stand before the anchor, and of which class.
    before: Option<(Class, usize)>,
    pieces: &'static [Piece],
    proof: Proof,
}

const fn shape(
    anchor: &'static str,
    kind: SecretKind,
    pieces: &'static [Piece],
    proof: Proof,
) -> Shape {
    Shape {
        anchor,
        kind,
        before: None,
        pieces,
        proof,
    }
}

use Class::{Alnum, Base64, Digit, Dotted, Hex, Lower, Padded, Tilde, Token};
use Piece::{Run, Text};
use Proof::{Checksum, Random};
use SecretKind as Kind;

const GITHUB: &[Piece] = &[Run(Alnum, 36, 36)];
const SLACK: &[Piece] = &[
    Run(Digit, 9, 14),
    Text("-"),
    Run(Digit, 9, 14),
    Text("-"),
    Run(Token, 24, 80),
];
const STRIPE: &[Piece] = &[Run(Alnum, 24, 120)];
const SHOPIFY: &[Piece] = &[Run(Hex, 32, 32)];
const UUID: &[Piece] = &[
    Run(Hex, 8, 8),
    Text("-"),
    Run(Hex, 4, 4),
    Text("-"),
    Run(Hex, 4, 4),
    Text("-"),
    Run(Hex, 4, 4),
    Text("-"),
    Run(Hex, 12, 12),
];
const ENTRA: &[Piece] = &[Run(Tilde, 31, 34)];

/// The forms, each with an anchor of its own.
pub(super) const SHAPES: &[Shape] = &[
    shape("ghp_", Kind::GithubToken, GITHUB, Checksum),
    shape("gho_", Kind::GithubToken, GITHUB, Checksum),
    shape("ghu_", Kind::GithubToken, GITHUB, Checksum),
    shape("ghs_", Kind::GithubToken, GITHUB, Checksum),
    shape("ghr_", Kind::GithubToken, GITHUB, Checksum),
    shape(
        "github_pat_",
        Kind::GithubFineToken,
        &[Run(Alnum, 22, 22), Text("_"), Run(Alnum, 59, 59)],
        Random,
    ),
    shape("glpat-", Kind::GitlabToken, &[Run(Dotted, 20, 64)], Random),
    shape("npm_", Kind::NpmToken, GITHUB, Checksum),
    shape(
        "pypi-AgEIcHlwaS5vcmc",
        Kind::PypiToken,
        &[Run(Token, 70, 400)],
        Random,
    ),
    shape("xoxb-", Kind::SlackToken, SLACK, Random),
    shape("xoxp-", Kind::SlackToken, SLACK, Random),
    shape(
        "hooks.slack.com/services/T",
        Kind::SlackWebhook,
        &[
            Run(Alnum, 8, 14),
            Text("/B"),
            Run(Alnum, 8, 14),
            Text("/"),
            Run(Alnum, 24, 24),
        ],
        Random,
    ),
    shape("sk_live_", Kind::StripeKey, STRIPE, Random),
    shape("rk_live_", Kind::StripeKey, STRIPE, Random),
    shape("sk_test_", Kind::StripeTestKey, STRIPE, Random),
    shape("AIza", Kind::GoogleKey, &[Run(Token, 35, 35)], Random),
    shape(
        "GOCSPX-",
        Kind::GoogleClientSecret,
        &[Run(Token, 28, 28)],
        Random,
    ),
    shape(
        "AccountKey=",
        Kind::AzureStorageKey,
        &[Run(Base64, 86, 86), Text("==")],
        Random,
    ),
    Shape {
        anchor: "8Q~",
        kind: Kind::EntraClientSecret,
        before: Some((Tilde, 3)),
        pieces: ENTRA,
        proof: Random,
    },
    Shape {
        anchor: "7Q~",
        kind: Kind::EntraClientSecret,
        before: Some((Tilde, 3)),
        pieces: ENTRA,
        proof: Random,
    },
    shape(
        "SG.",
        Kind::SendgridKey,
        &[Run(Token, 22, 22), Text("."), Run(Token, 43, 43)],
        Random,
    ),
    shape(
        "wrkprod-",
        Kind::WorkatoToken,
        &[Run(Dotted, 20, 4000)],
        Random,
    ),
    shape(
        "wrka",
        Kind::WorkatoToken,
        &[Run(Lower, 2, 6), Text("-"), Run(Dotted, 20, 4000)],
        Random,
    ),
    shape("sk-proj-", Kind::OpenaiKey, &[Run(Token, 60, 200)], Random),
    shape(
        "sk-ant-api03-",
        Kind::AnthropicKey,
        &[Run(Token, 90, 110)],
        Random,
    ),
    shape("shpat_", Kind::ShopifyToken, SHOPIFY, Random),
    shape("shpss_", Kind::ShopifyToken, SHOPIFY, Random),
    shape("pat-na1-", Kind::HubspotToken, UUID, Random),
    shape("pat-eu1-", Kind::HubspotToken, UUID, Random),
    shape(
        "ATATT3",
        Kind::AtlassianToken,
        &[Run(Padded, 150, 250)],
        Random,
    ),
    shape("dapi", Kind::DatabricksToken, SHOPIFY, Random),
    shape(
        "dop_v1_",
        Kind::DigitaloceanToken,
        &[Run(Hex, 64, 64)],
        Random,
    ),
    shape(
        "PMAK-",
        Kind::PostmanKey,
        &[Run(Hex, 24, 24), Text("-"), Run(Hex, 34, 34)],
        Random,
    ),
];

impl Shape {
    /// The credential of this form whose anchor stands at `at`, if there is one. `is_start` tells
    /// whether a word can start at a byte.
    pub(super) fn find(
        &self,
        bytes: &[u8],
        at: usize,
        is_start: impl Fn(usize) -> bool,
    ) -> Option<Range<usize>> {
        let (lead, start) = match self.before {
            Some((class, count)) => {
                let start = at.checked_sub(count)?;
                (class.run(&bytes[start..at]) == count, start)
            }
            None => (true, at),
        };
        if !lead || !is_start(start) {
            return None;
        }
        let body = at + self.anchor.len();
        let mut end = body;
        let mut last = Alnum;
        for piece in self.pieces {
            let rest = bytes.get(end..)?;
            end += match *piece {
                Text(text) => rest.starts_with(text.as_bytes()).then_some(text.len())?,
                Run(class, least, most) => {
                    last = class;
                    let run = class.run(rest);
                    // A point ends a sentence more often than a credential.
                    let run = run - rest[..run].iter().rev().take_while(|b| **b == b'.').count();
                    (least..=most).contains(&run).then_some(run)?
                }
            };
        }
        let goes_on = bytes
            .get(end)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b != b'.' && last.has(*b));
        let proven = match self.proof {
            Checksum => is_base62_checksum(&bytes[body..end]),
            Random => is_random(&bytes[body..end]),
        };
        (!goes_on && proven).then_some(start..end)
    }
}
