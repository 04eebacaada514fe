//! How many requests a roll-out takes over the API, and for how long their limits keep it.
//!
//! What is asked for depends on what a customer has, which nobody knows before it was looked at. So
//! an estimate has two ends: the customers of which nothing is known have nothing of it yet, or all
//! of them an earlier version. The numbers of a customer are those that an import asks for
//! (docs/imports.md); a test holds them to what is really sent.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::keyword::keyword_enum;
use crate::model::rate::{LimitClass, Rate};

/// How long a customer takes beside what limits keep it: an export and an import are waited for.
const EACH: Duration = Duration::from_secs(3);
/// How much longer than documented a permit counts, at least and at most.
const SLACK: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(6));

keyword_enum! {
    /// What a customer has of the packages before.
    pub enum Having: "state of a customer" {
        /// Nobody looked.
        Unknown = "unknown",
        /// Nothing of them.
        Nothing = "nothing",
        /// Something that is otherwise.
        Earlier = "earlier",
        /// All as planned.
        Same = "same",
    }
}

/// What is done for one customer beside the imports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work {
    /// How many packages are imported.
    pub packages: u64,
    /// How many recipes settings start.
    pub starts: u64,
    /// How many connections settings fill in.
    pub connections: u64,
    /// How many properties settings set.
    pub properties: u64,
}

/// What a roll-out takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The requests of each class.
    pub requests: Vec<ClassRequests>,
    /// For how many seconds the limits keep it, without the time in which waves are in use and that
    /// which the platform takes for imports.
    pub seconds: Between,
}

/// Requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClassRequests {
    /// The class.
    pub class: LimitClass,
    /// How many.
    pub requests: Between,
}

/// What it is at both ends: as much of customers is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Between {
    /// If those of whom nothing is known have nothing of the packages yet.
    pub new: u64,
    /// If all of these have an earlier version.
    pub earlier: u64,
}

impl Between {
    /// The sum of both ends.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            new: self.new.saturating_add(other.new),
            earlier: self.earlier.saturating_add(other.earlier),
        }
    }

    /// The greater end.
    pub fn most(self) -> u64 {
        self.new.max(self.earlier)
    }

    /// The smaller end.
    pub fn least(self) -> u64 {
        self.new.min(self.earlier)
    }
}

type Requests = BTreeMap<LimitClass, u64>;

/// What customers take, of whom so much is known, and so many questions for jobs, with requests at
/// these rates. So many runners work at once.
pub fn estimate(
    customers: impl IntoIterator<Item = (Having, Work)>,
    jobs: u64,
    rates: &BTreeMap<LimitClass, Rate>,
    at_once: u32,
) -> Estimate {
    let (mut with_nothing, mut with_earlier) = (Requests::new(), Requests::new());
    let mut count = 0_u64;
    for (having, work) in customers {
        count += 1;
        let (one, other) = match having {
            Having::Unknown => (Having::Nothing, Having::Earlier),
            Having::Nothing | Having::Earlier | Having::Same => (having, having),
        };
        for (sum, having) in [(&mut with_nothing, one), (&mut with_earlier, other)] {
            for (class, requests) in of_customer(having, work) {
                *sum.entry(class).or_default() += requests;
            }
        }
    }
    for sum in [&mut with_nothing, &mut with_earlier] {
        *sum.entry(LimitClass::EmbeddedJobs).or_default() += jobs;
    }
    let each = EACH.as_secs_f64() / f64::from(at_once.max(1));
    let waits = seconds_of(each * as_float(count));
    // What is waited for is waited for while limits keep the others, but for the last one.
    let last = match count {
        0 => 0,
        _ => EACH.as_secs(),
    };
    let seconds = |requests: &Requests| {
        let kept = requests.iter().filter_map(|(class, requests)| {
            let rate = rates.get(class)?;
            Some(kept_for(*requests, *rate))
        });
        let kept = kept.max().unwrap_or_default();
        kept.saturating_add(last).max(waits)
    };
    let classes = with_nothing.keys().chain(with_earlier.keys()).copied();
    let classes: std::collections::BTreeSet<LimitClass> = classes.collect();
    let of = |requests: &Requests, class| requests.get(&class).copied().unwrap_or_default();
    Estimate {
        requests: classes
            .into_iter()
            .map(|class| ClassRequests {
                class,
                requests: Between {
                    new: of(&with_nothing, class),
                    earlier: of(&with_earlier, class),
                },
            })
            .filter(|one| one.requests.most() > 0)
            .collect(),
        seconds: Between {
            new: seconds(&with_nothing),
            earlier: seconds(&with_earlier),
        },
    }
}

impl Estimate {
    /// All requests together.
    pub fn all(&self) -> Between {
        let all = self.requests.iter().map(|one| one.requests);
        all.fold(Between::default(), Between::plus)
    }
}

/// For how many seconds a limit keeps so many requests, if nothing else does.
fn kept_for(requests: u64, rate: Rate) -> u64 {
    let slack = (rate.per / 10).clamp(SLACK.0, SLACK.1);
    let spans = requests.saturating_sub(1) / u64::from(rate.requests.get());
    seconds_of((rate.per + slack).as_secs_f64() * as_float(spans))
}

#[allow(
    clippy::cast_precision_loss,
    reason = "an estimate of that many is none"
)]
const fn as_float(number: u64) -> f64 {
    number as f64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and what is too much becomes the most"
)]
fn seconds_of(seconds: f64) -> u64 {
    seconds.ceil() as u64
}

/// The requests for one customer.
fn of_customer(having: Having, work: Work) -> Vec<(LimitClass, u64)> {
    use LimitClass as C;
    let Work {
        packages: n,
        starts,
        connections,
        properties,
    } = work;
    let sets = u64::from(properties > 0);
    let mut requests = match having {
        // Whoever looks reads all, once; what is imported is read back as lists.
        Having::Unknown | Having::Nothing => vec![
            (C::Connectors, 2 * n),
            (C::EmbeddedConnections, 2 * n + connections),
            (C::EmbeddedConnectionChanges, connections),
            // Where what is started or filled in lies is asked once.
            (
                C::EmbeddedOther,
                3 * n + 2 * u64::from(starts + connections > 0),
            ),
            (C::EmbeddedPackages, 7 * n),
            (C::EmbeddedProperties, n + 3 * sets),
            (C::EmbeddedPropertyChanges, sets),
            (C::EmbeddedRecipes, n + u64::from(starts > 0) + 2 * starts),
            (C::EmbeddedRecipeChanges, starts),
        ],
        // It is exported before and after.
        Having::Earlier => vec![
            (C::Connectors, 4 * n),
            (C::EmbeddedConnections, 4 * n),
            (C::EmbeddedOther, 4 * n),
            (C::EmbeddedPackages, 17 * n),
            (C::EmbeddedProperties, 4 * n + 3 * sets),
            (C::EmbeddedRecipes, 5 * n),
        ],
        Having::Same => vec![
            (C::Connectors, n),
            (C::EmbeddedConnections, n),
            (C::EmbeddedOther, 2 * n),
            (C::EmbeddedPackages, 6 * n),
            (C::EmbeddedProperties, n + sets),
            (C::EmbeddedRecipes, 3 * n),
        ],
    };
    requests.push((C::Other, 1));
    match having {
        Having::Unknown | Having::Nothing | Having::Earlier => {
            requests.push((C::EmbeddedImports, n));
            requests.push((C::EmbeddedImportStates, n));
        }
        Having::Same => {}
    }
    requests
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    const ONE: Work = Work {
        packages: 1,
        starts: 0,
        connections: 0,
        properties: 0,
    };

    fn rates(requests: u32) -> BTreeMap<LimitClass, Rate> {
        let requests = NonZeroU32::new(requests).expect("not zero");
        [LimitClass::EmbeddedPackages, LimitClass::EmbeddedOther]
            .map(|class| (class, Rate::per_minute(requests)))
            .into()
    }

    fn class(estimate: &Estimate, class: LimitClass) -> Option<Between> {
        let mut requests = estimate.requests.iter();
        Some(requests.find(|one| one.class == class)?.requests)
    }

    /// The class that is asked for most, as often as it may be, tells how long it takes.
    #[test]
    fn the_tightest_limit_tells_the_time() {
        let of = |count: usize, having, rate, at_once| {
            let customers = std::iter::repeat_n((having, ONE), count);
            let Between { new, earlier } = estimate(customers, 0, &rates(rate), at_once).seconds;
            (new, earlier)
        };
        for (count, having, rate, at_once, expected) in [
            (0, Having::Nothing, 60, 1, (0, 0)),
            // As many as are allowed at once take the time of the waits alone.
            (8, Having::Nothing, 60, 1, (24, 24)),
            (8, Having::Nothing, 60, 4, (6, 6)),
            (9, Having::Nothing, 60, 1, (66 + 3, 66 + 3)),
            (100, Having::Nothing, 60, 1, (11 * 66 + 3, 11 * 66 + 3)),
            (100, Having::Earlier, 60, 1, (28 * 66 + 3, 28 * 66 + 3)),
            (100, Having::Same, 60, 1, (9 * 66 + 3, 9 * 66 + 3)),
            // Of whom nothing is known, both may be.
            (100, Having::Unknown, 60, 1, (11 * 66 + 3, 28 * 66 + 3)),
            (100, Having::Nothing, 6000, 1, (300, 300)),
        ] {
            assert_eq!(
                of(count, having, rate, at_once),
                expected,
                "{count} with {having} at {rate}, {at_once} at once"
            );
        }
    }

    #[test]
    fn what_settings_do_counts() {
        let work = Work {
            starts: 3,
            connections: 1,
            properties: 2,
            ..ONE
        };
        let estimate = estimate([(Having::Nothing, work)], 12, &rates(60), 1);
        for (of, requests) in [
            (LimitClass::EmbeddedOther, 5),
            (LimitClass::EmbeddedRecipes, 8),
            (LimitClass::EmbeddedRecipeChanges, 3),
            (LimitClass::EmbeddedProperties, 4),
            (LimitClass::EmbeddedPropertyChanges, 1),
            (LimitClass::EmbeddedConnectionChanges, 1),
            (LimitClass::EmbeddedJobs, 12),
        ] {
            assert_eq!(
                class(&estimate, of),
                Some(Between {
                    new: requests,
                    earlier: requests
                }),
                "{of}"
            );
        }
        assert_eq!(class(&estimate, LimitClass::Recipes), None);
        assert_eq!(estimate.all().least(), estimate.all().most());
    }
}
