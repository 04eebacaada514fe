//! What is wrong with a zip: one code for each rule of the reader.

use super::Refusal;
use crate::cli::exit::Exit;

const WHY: &str = "Packages are read strictly: what two programs could read in two ways is refused, so that what is checked is what is imported. Nothing was taken from the zip, and nothing was written.";
const AGAIN: &str = "Fetch or export the package again. If the same comes out, pack the unzipped folder with `recipack export`, or with another zip program.";

/// Codes, with what each means and what to do.
const RULES: &[(&str, &str, &str)] = &[
    (
        "archive-open",
        "The package can't be opened.",
        "See to it that the path is right and that the file may be read.",
    ),
    (
        "archive-not-a-file",
        "The path is a folder, a pipe or a device, and no file.",
        "Save the package to a file first.",
    ),
    (
        "archive-read",
        "The file can't be read to its end.",
        "See to the disk or the network folder that it lies on, and try again.",
    ),
    (
        "archive-empty-file",
        "The file is empty.",
        "The download or the export wrote nothing: fetch the package again.",
    ),
    (
        "archive-not-a-zip",
        "The file is no zip.",
        "A package is the zip that the platform exports. An HTML or JSON answer that was saved under that name is an error message: look into it.",
    ),
    (
        "archive-end-record-missing",
        "The record that ends a zip is not there: the file is cut off.",
        "Fetch or export it again.",
    ),
    (
        "archive-end-record-cut",
        "The record that ends a zip is cut off.",
        "Fetch or export it again.",
    ),
    (
        "archive-zero-padding",
        "Zero bytes follow the end of the zip.",
        "bsdtar pads what it writes to a pipe: let it write to a file.",
    ),
    (
        "archive-end-record-comment",
        "The length of the zip's comment is not what follows.",
        AGAIN,
    ),
    (
        "archive-archive-comment",
        "The zip has a comment that could be read as a part of it.",
        "Pack it again without a comment.",
    ),
    (
        "archive-second-end-record",
        "The zip has two ends, and programs differ in which one counts.",
        AGAIN,
    ),
    (
        "archive-disk",
        "The zip is one of several parts.",
        "Join the parts into one zip first.",
    ),
    (
        "archive-counts-differ",
        "The zip counts its entries in two ways.",
        AGAIN,
    ),
    (
        "archive-zip64-missing",
        "The zip refers to a record for large archives that is not there.",
        AGAIN,
    ),
    (
        "archive-zip64-record",
        "The record for large archives is not as it has to be.",
        AGAIN,
    ),
    (
        "archive-zip64-differs",
        "Two records of the zip's end say different things.",
        AGAIN,
    ),
    (
        "archive-directory-place",
        "The list of entries is not where the zip says.",
        AGAIN,
    ),
    (
        "archive-directory-count",
        "The list has another number of entries than the zip says.",
        AGAIN,
    ),
    (
        "archive-directory-header",
        "A line of the list of entries is not as it has to be.",
        AGAIN,
    ),
    (
        "archive-no-entries",
        "The zip holds nothing.",
        "See to what the export's manifest includes.",
    ),
    (
        "archive-limit",
        "The zip is over a limit: of its bytes, its entries, or of how much they swell.",
        "A package of the platform is far below them. If this is one, say so where recipack is made; otherwise do not open it.",
    ),
    (
        "archive-name-encoding",
        "An entry's name is not UTF-8.",
        "Pack it again with a program that writes names as UTF-8.",
    ),
    (
        "archive-unsafe-name",
        "An entry's name leads out of the folder, or can't be a path.",
        "Do not unzip it elsewhere either, before you know where it comes from.",
    ),
    ("archive-duplicate", "An entry stands twice.", AGAIN),
    (
        "archive-collision",
        "Two entries would be one file where case or composed letters do not count.",
        "Rename one of them in the source, and export again.",
    ),
    (
        "archive-file-and-folder",
        "A name is a file and a folder.",
        AGAIN,
    ),
    (
        "archive-encrypted",
        "An entry is encrypted.",
        "Packages are never encrypted: pack it again without a password.",
    ),
    (
        "archive-flags",
        "An entry has flags that packages do not have.",
        AGAIN,
    ),
    (
        "archive-method",
        "An entry is compressed in a way that the platform does not read.",
        "Pack it again with deflate, which every zip program has.",
    ),
    (
        "archive-version-needed",
        "An entry asks for a newer kind of zip.",
        AGAIN,
    ),
    (
        "archive-entry-comment",
        "An entry has a comment.",
        "Pack it again without comments on entries.",
    ),
    (
        "archive-extra-malformed",
        "An entry's extra fields can't be read.",
        AGAIN,
    ),
    (
        "archive-extra-duplicate",
        "An extra field stands twice.",
        AGAIN,
    ),
    (
        "archive-extra-forbidden",
        "An entry has an extra field that changes what it means.",
        AGAIN,
    ),
    (
        "archive-unicode-path",
        "An entry has a second name that is not its first.",
        AGAIN,
    ),
    (
        "archive-zip64-extra",
        "An entry's sizes for large archives are not as they have to be.",
        AGAIN,
    ),
    (
        "archive-gap",
        "There are bytes between the entries that belong to none.",
        AGAIN,
    ),
    (
        "archive-overlap",
        "Two entries share bytes.",
        "A zip that is made to swell looks like this: do not unzip it elsewhere either.",
    ),
    (
        "archive-past-directory",
        "An entry lies behind the list of entries.",
        AGAIN,
    ),
    (
        "archive-local-header",
        "An entry's own header is not as it has to be.",
        AGAIN,
    ),
    (
        "archive-header-mismatch",
        "An entry's own header says something else than the list.",
        AGAIN,
    ),
    (
        "archive-descriptor-stored",
        "An entry without compression has its sizes behind it, so that its end is not known.",
        AGAIN,
    ),
    (
        "archive-descriptor-missing",
        "The sizes that should follow an entry are not there.",
        AGAIN,
    ),
    (
        "archive-descriptor-mismatch",
        "The sizes behind an entry are not those of the list.",
        AGAIN,
    ),
    (
        "archive-special-file",
        "An entry is a link, a pipe or a device.",
        "Pack the file itself.",
    ),
    (
        "archive-mode-bits",
        "An entry has rights that are dangerous: setuid, setgid or sticky.",
        "Clear them with `chmod -R u-s,g-s,-t`, and pack it again.",
    ),
    (
        "archive-kind-mismatch",
        "An entry is a folder by its name and a file by its rights, or the reverse.",
        AGAIN,
    ),
    (
        "archive-directory-data",
        "A folder's entry has contents.",
        AGAIN,
    ),
    (
        "archive-stored-size",
        "An entry without compression has two sizes.",
        AGAIN,
    ),
    (
        "archive-deflate",
        "The compressed bytes of an entry are damaged.",
        AGAIN,
    ),
    (
        "archive-size",
        "An entry has another size than the zip says.",
        AGAIN,
    ),
    (
        "archive-trailing-data",
        "Bytes follow the compressed ones of an entry.",
        AGAIN,
    ),
    (
        "archive-crc",
        "The bytes of an entry do not have the checksum that the zip says: the file is damaged.",
        AGAIN,
    ),
];

/// The refusals of the reader.
pub(super) fn refusals() -> impl Iterator<Item = Refusal> {
    RULES.iter().map(|&(code, meaning, cure)| Refusal {
        code,
        // `verify` says of such a package that it is not what it says to be.
        exits: &[Exit::Failed, Exit::VerificationFailed],
        meaning,
        why: WHY,
        cure,
    })
}
