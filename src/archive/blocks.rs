//! The headers of deflate's blocks: which codes a block declares.
//!
//! A block may have no codes for distances if all it holds are literals. Info-ZIP refuses one that
//! has codes for lengths all the same, even if it uses none, while other readers read it. What else
//! is wrong with codes, the inflater refuses as they all do.

/// The order in which the lengths of the codes for code lengths stand (RFC 1951, 3.2.7).
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
/// The symbol that ends a block; those above it are lengths.
const END: usize = 256;
const MAX_LITERALS: usize = 286;
const MAX_DISTANCES: usize = 30;
/// The longest code.
const LONGEST: usize = 15;
/// The longest code for a code length.
const MAX_BITS: usize = 7;

/// Whether the block that begins when so many bytes were read declares codes for lengths and none
/// for distances.
///
/// Where a block begins is known to the byte: at one of the last bits of what was read, or at the
/// first one after it. What is read from a wrong bit is hardly ever the header of a block, whose two
/// sets of codes are complete.
pub(super) fn lack_distances(data: &[u8], read: usize) -> bool {
    let last = read * 8;
    (last.saturating_sub(7)..=last)
        .any(|bit| Header::read(data, bit).is_some_and(|h| h.lacks_distances))
}

/// The header of a block with codes of its own.
struct Header {
    lacks_distances: bool,
}

impl Header {
    /// The header at a bit, if one can be read there.
    fn read(data: &[u8], bit: usize) -> Option<Self> {
        let mut bits = Bits { data, at: bit };
        // Whether it is the last block does not matter.
        if bits.take(3)? >> 1 != 2 {
            return None;
        }
        let literals = bits.take(5)? + 257;
        let distances = bits.take(5)? + 1;
        let given = bits.take(4)? + 4;
        if literals > MAX_LITERALS || distances > MAX_DISTANCES {
            return None;
        }
        let mut own = [0; ORDER.len()];
        for symbol in &ORDER[..given] {
            own[*symbol] = bits.take(3)?;
        }
        let codes = Codes::of(&own)?;
        let mut lengths = [0; MAX_LITERALS + MAX_DISTANCES];
        let all = literals + distances;
        let mut done = 0;
        while done < all {
            let symbol = codes.next(&mut bits)?;
            let (length, times) = match symbol {
                16 => (lengths[done.checked_sub(1)?], bits.take(2)? + 3),
                17 => (0, bits.take(3)? + 3),
                18 => (0, bits.take(7)? + 11),
                length => (length, 1),
            };
            lengths.get_mut(done..done + times)?.fill(length);
            done += times;
        }
        let literal = &lengths[..literals];
        if lengths[END] == 0 || !is_complete(literal) {
            return None;
        }
        let is_there = |length: &usize| *length != 0;
        Some(Self {
            lacks_distances: lengths[END + 1..literals].iter().any(is_there)
                && !lengths[literals..all].iter().any(is_there),
        })
    }
}

/// Whether codes of these lengths leave none over and none out. A single code may be alone.
fn is_complete(lengths: &[usize]) -> bool {
    let given = || lengths.iter().filter(|length| **length != 0);
    let taken: usize = given().map(|length| 1 << (LONGEST - length)).sum();
    taken == 1 << LONGEST || given().count() == 1
}

/// The codes for code lengths, which are always a complete set: by the next bits, the symbol and how
/// many of the bits are its code.
struct Codes([(u8, u8); 1 << MAX_BITS]);

impl Codes {
    fn of(lengths: &[usize; ORDER.len()]) -> Option<Self> {
        let mut table = [(0, 0); 1 << MAX_BITS];
        let mut code = 0_usize;
        for length in 1..=MAX_BITS {
            code <<= 1;
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, l)| **l == length) {
                if code >= 1 << length {
                    return None;
                }
                // A code starts with its highest bit, and bits are read from the lowest on.
                let first = code.reverse_bits() >> (usize::BITS as usize - length);
                for slot in table.iter_mut().skip(first).step_by(1 << length) {
                    *slot = (symbol as u8, length as u8);
                }
                code += 1;
            }
        }
        (code == 1 << MAX_BITS).then_some(Self(table))
    }

    fn next(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let (symbol, length) = self.0[bits.peek(MAX_BITS)];
        bits.take(length.into())?;
        Some(symbol.into())
    }
}

/// Bits from the lowest of each byte on.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next bits, of which there need not be so many.
    fn peek(&self, count: usize) -> usize {
        let rest = self.data.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk::<4>() {
            Some(four) => u32::from_le_bytes(*four),
            None => rest
                .iter()
                .rev()
                .fold(0, |word, b| word << 8 | u32::from(*b)),
        };
        (word >> (self.at % 8)) as usize & ((1 << count) - 1)
    }

    fn take(&mut self, count: usize) -> Option<usize> {
        let value = self.peek(count);
        self.at += count;
        (self.at <= self.data.len() * 8).then_some(value)
    }
}
