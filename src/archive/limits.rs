//! How large an archive may be before it is refused.

/// Bounds that are checked before anything is allocated or inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the archive itself.
    pub archive_bytes: u64,
    /// Bytes of its central directory.
    pub directory_bytes: u64,
    /// Entries, folders included.
    pub entries: u64,
    /// Bytes of the paths of its entries.
    pub name_bytes: u64,
    /// Bytes of the paths of its folders, each of which counts once where it begins.
    pub folder_bytes: u64,
    /// Bytes of one entry when inflated.
    pub entry_bytes: u64,
    /// Bytes of all entries when inflated.
    pub total_bytes: u64,
    /// How many times its compressed size an entry may inflate to.
    pub ratio: u64,
    /// The inflated size from which on `ratio` counts: small entries may be very regular.
    pub ratio_from: u64,
}

impl Limits {
    /// No limits: for what this program wrote itself and nobody else touched.
    pub const NONE: Self = Self {
        archive_bytes: u64::MAX,
        directory_bytes: u64::MAX,
        entries: u64::MAX,
        name_bytes: u64::MAX,
        folder_bytes: u64::MAX,
        entry_bytes: u64::MAX,
        total_bytes: u64::MAX,
        ratio: u64::MAX,
        ratio_from: u64::MAX,
    };
}

impl Default for Limits {
    /// Room for packages some five to ten times as large as the largest ones known. What is known of
    /// each entry is held in memory, so their number and their names are bounded more narrowly than
    /// what they hold.
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            archive_bytes: 1024 * MIB,
            directory_bytes: 32 * MIB,
            entries: 100_000,
            name_bytes: 16 * MIB,
            // Deep folders cost the square of their depth, and 50 000 usual ones this much.
            folder_bytes: 4 * MIB,
            entry_bytes: 512 * MIB,
            total_bytes: 4096 * MIB,
            ratio: 200,
            ratio_from: 16 * MIB,
        }
    }
}
