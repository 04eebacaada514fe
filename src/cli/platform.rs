//! Where the local platform lies, what time it is and who is at work.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Context;
use super::args::PlatformArgs;
use super::failure::Failure;
use crate::io::system::HOME;
use crate::model::workspace::Timestamp;
use crate::workspace::local::Writing;

/// The platform's file.
pub(crate) fn path(args: &PlatformArgs) -> Result<PathBuf, Failure> {
    path_said(args.platform.clone())
}

/// The same, by what `--platform` says.
pub(crate) fn path_said(said: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(path) = said.or_else(|| variable("RECIPACK_PLATFORM")) {
        return Ok(path);
    }
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    let data =
        absolute("XDG_DATA_HOME").or_else(|| Some(absolute(HOME)?.join(".local").join("share")));
    data.map(|data| data.join("recipack").join("platform.db"))
        .ok_or_else(|| {
            Failure::usage("it is not known where the local platform lies")
                .help("say it with --platform FILE or RECIPACK_PLATFORM")
        })
}

/// How to write to it.
pub(crate) fn writing(context: &Context, args: &PlatformArgs, work: &str) -> Writing {
    Writing {
        purpose: format!("{work} (process {})", std::process::id()),
        patience: Duration::from_secs(args.wait),
        stop: context.running.interrupt.flag(),
    }
}

/// Now, or what SOURCE_DATE_EPOCH says it is.
pub(crate) fn now() -> Timestamp {
    let said = std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|text| text.parse().ok());
    Timestamp(said.unwrap_or_else(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs()
    }))
}

/// Who is at work, for the history.
pub(crate) fn who() -> String {
    ["RECIPACK_WHO", "USER", "LOGNAME"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.trim().is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
