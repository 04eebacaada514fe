//! Who is in which wave: `1,5,20%` or rings by label.

use std::fmt;
use std::str::FromStr;

use super::{Candidate, Held};
use crate::model::count::counted;
use crate::model::workspace::Label;

/// The waves as they are asked for. Whoever is in none of them is in a last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waves(pub Vec<WaveSize>);

/// Who is in a wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaveSize {
    /// So many.
    Count(u32),
    /// So many percent of all that are not held, rounded up.
    Percent(u32),
    /// All with this label.
    Label(Label),
}

impl fmt::Display for WaveSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Label(label) => write!(f, "{}={}", label.key, label.value),
        }
    }
}

/// Waves can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavesError {
    /// A text names no wave.
    #[error(
        "`{}` is no wave: a number, a percentage or a label is expected, as in 1,5,20% or ring=first,ring=second",
        .0.escape_debug()
    )]
    NoWave(String),
    /// A wave has no members.
    #[error("wave {0} would have no members: {1} are left")]
    Empty(String, String),
    /// Nobody has its label.
    #[error("wave {0} would have no members: no customer that is left has this label")]
    NoLabel(String),
}

impl FromStr for WaveSize {
    type Err = WavesError;

    fn from_str(text: &str) -> Result<Self, WavesError> {
        let refused = || WavesError::NoWave(text.to_owned());
        if text.contains('=') {
            return text.parse().map(Self::Label).map_err(|_| refused());
        }
        let (number, is_percent) = match text.strip_suffix('%') {
            Some(number) => (number, true),
            None => (text, false),
        };
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let count: u32 = match digits {
            true => number.parse().map_err(|_| refused())?,
            false => return Err(refused()),
        };
        match (is_percent, count) {
            (_, 0) => Err(refused()),
            (true, 1..=100) => Ok(Self::Percent(count)),
            (true, _) => Err(refused()),
            (false, _) => Ok(Self::Count(count)),
        }
    }
}

impl FromStr for Waves {
    type Err = WavesError;

    fn from_str(text: &str) -> Result<Self, WavesError> {
        let sizes = text.split(',').map(|one| one.trim().parse());
        sizes.collect::<Result<_, _>>().map(Self)
    }
}

impl Waves {
    /// What holds unless somebody says otherwise: one, a fifth, and the rest, as far as there are so
    /// many.
    pub fn usual(customers: usize) -> Self {
        Self(match customers {
            0 | 1 => Vec::new(),
            2 => vec![WaveSize::Count(1)],
            _ => vec![WaveSize::Count(1), WaveSize::Percent(20)],
        })
    }

    /// Puts everybody into a wave, in their order. Who is held from the beginning is in the last one.
    ///
    /// # Errors
    /// If a wave would have no members.
    pub(super) fn place(
        &self,
        customers: Vec<Candidate>,
    ) -> Result<Vec<(String, Vec<Candidate>)>, WavesError> {
        let (held, mut left): (Vec<_>, Vec<_>) = customers
            .into_iter()
            .partition(|customer| customer.held.as_ref().is_some_and(Held::is_at_first));
        let all = left.len();
        let mut placed = Vec::new();
        for size in &self.0 {
            let taken: Vec<Candidate> = match size {
                WaveSize::Count(count) => {
                    let count = usize::try_from(*count).unwrap_or(usize::MAX);
                    left.drain(..count.min(left.len())).collect()
                }
                WaveSize::Percent(percent) => {
                    let count = all.saturating_mul(*percent as usize).div_ceil(100);
                    left.drain(..count.min(left.len())).collect()
                }
                WaveSize::Label(label) => {
                    let has = |customer: &mut Candidate| {
                        customer.labels.get(&label.key) == Some(&label.value)
                    };
                    left.extract_if(.., has).collect()
                }
            };
            if taken.is_empty() {
                return Err(match size {
                    WaveSize::Label(_) => WavesError::NoLabel(size.to_string()),
                    WaveSize::Count(_) | WaveSize::Percent(_) => {
                        WavesError::Empty(size.to_string(), counted(left.len() as u64, "customer"))
                    }
                });
            }
            placed.push((size.to_string(), taken));
        }
        if !left.is_empty() {
            placed.push(("rest".to_owned(), left));
        }
        match placed.last_mut() {
            Some((_, last)) => last.extend(held),
            None => placed.push(("rest".to_owned(), held)),
        }
        Ok(placed)
    }
}
