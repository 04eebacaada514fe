//! Damage as disks, copies and hands do it.

/// Numbers that look random and are the same in every run (splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((number ^ (number >> 31)) % end as u64) as usize
    }

    /// `bytes` with one kind of damage, which need not change them.
    pub(crate) fn damaged(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        let at = self.below(bytes.len());
        let end = at + self.below((bytes.len() - at).min(1 << 14)) + 1;
        match self.below(8) {
            0..=2 => damaged[at] ^= 1 << self.below(8),
            3 => damaged[at..end].fill(0),
            4 => damaged.truncate(at),
            5 => drop(damaged.drain(at..end)),
            6 => damaged.extend_from_slice(&bytes[at..end]),
            _ => {
                let other = self.below(bytes.len());
                damaged.swap(at, other);
            }
        }
        damaged
    }
}
