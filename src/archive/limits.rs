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
    /// Files of a project's folder that can't be an asset's, beside those that can.
    pub beside: u64,
    /// Bytes of their paths.
    pub beside_bytes: u64,
    /// Bytes of what is known of all assets, as they are held: names, references, applications.
    pub fact_bytes: u64,
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
        beside: u64::MAX,
        beside_bytes: u64::MAX,
        fact_bytes: u64::MAX,
        entry_bytes: u64::MAX,
        total_bytes: u64::MAX,
        ratio: u64::MAX,
        ratio_from: u64::MAX,
    };
}

impl Default for Limits {
    /// Room for packages ten times as large as the platform takes (platform.md §1.6), and for many
    /// times the assets of the largest workspaces known. What is known of each entry is held in memory,
    /// so their number and what they say are bounded more narrowly than what they hold.
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            archive_bytes: 1024 * MIB,
            directory_bytes: 32 * MIB,
            entries: 25_000,
            name_bytes: 3 * MIB,
            // Deep folders cost the square of their depth, and 12 000 usual ones this much.
            folder_bytes: 2 * MIB,
            beside: 50_000,
            beside_bytes: 4 * MIB,
            fact_bytes: 32 * MIB,
            entry_bytes: 512 * MIB,
            total_bytes: 4096 * MIB,
            ratio: 200,
            ratio_from: 16 * MIB,
        }
    }
}
