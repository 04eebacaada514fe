//! Reading files whose size nobody vouches for, such as those that arguments name.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// More than any document that this program writes: plans, records, locks.
pub const DOCUMENT: u64 = 256 << 20;

/// Opens a plain file, or one that a link leads to. A pipe, which nobody may ever write to, and a
/// device, which may never end, are refused at once.
///
/// # Errors
/// If it is something else, or can't be opened.
pub fn open(path: &Path) -> io::Result<File> {
    let plain = |metadata: fs::Metadata| match metadata.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a file",
        )),
    };
    // Asked before opening: to open a pipe could wait forever.
    plain(fs::metadata(path)?)?;
    let file = File::open(path)?;
    plain(file.metadata()?)?;
    Ok(file)
}

/// The bytes of a file, if there are no more than `limit`.
///
/// # Errors
/// If it can't be read, or has more.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > limit {
        true => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {limit} bytes"),
        )),
        false => Ok(bytes),
    }
}

/// The text of such a file.
///
/// # Errors
/// The same, and if it is no UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let bytes = read(path, limit)?;
    String::from_utf8(bytes).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "stream did not contain valid UTF-8",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_is_allowed() {
        #[cfg(unix)]
        {
            let endless = read(Path::new("/dev/zero"), 1000).expect_err("endless");
            assert_eq!(endless.to_string(), "it is not a file");
        }
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("file");
        std::fs::write(&file, "12345").expect("written");
        assert_eq!(read_text(&file, 5).expect("it fits"), "12345");
        assert!(read(&file, 4).is_err());
        assert!(read(place.path(), 5).is_err());
    }
}
