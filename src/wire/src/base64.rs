//! Base64 encoding (RFC 4648 section 4), with padding and without line breaks.

/// How many bytes `length` bytes become.
#[must_use]
pub const fn encoded_len(length: u64) -> u64 {
    length.div_ceil(3) * 4
}

/// Encodes `input` into the beginning of `out` and returns how many bytes that took.
///
/// A long input may be encoded in pieces: every piece but the last has to be a multiple of three bytes.
///
/// # Panics
/// When `out` has less than [`encoded_len`] bytes.
pub fn encode(input: &[u8], out: &mut [u8]) -> usize {
    let size = input.len().div_ceil(3) * 4;
    let (blocks, rest) = input.as_chunks::<6>();
    let (places, tail) = out[..size].split_at_mut(blocks.len() * 8);
    for (block, place) in blocks.iter().zip(places.as_chunks_mut().0) {
        *place = sixes(*block);
    }
    let mut last = [0; 6];
    last[..rest.len()].copy_from_slice(rest);
    tail.copy_from_slice(&sixes(last)[..tail.len()]);
    // A pass of its own, because this one the compiler does for many bytes at once.
    for byte in &mut out[..size] {
        *byte = letter(*byte);
    }
    let padding = size / 4 * 3 - input.len();
    out[size - padding..size].fill(b'=');
    size
}

/// The bits of six bytes, six by six: the word is halved three times, each time moving the upper halves apart.
fn sixes([a, b, c, d, e, f]: [u8; 6]) -> [u8; 8] {
    let word = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let word = (word & 0xFFFF_FF00_0000) << 8 | word & 0xFF_FFFF;
    let word = (word & 0x00FF_F000_00FF_F000) << 4 | word & 0x0000_0FFF_0000_0FFF;
    let word = (word & 0x0FC0_0FC0_0FC0_0FC0) << 2 | word & 0x003F_003F_003F_003F;
    word.to_be_bytes()
}

/// The letter for six bits, by arithmetic instead of a table.
fn letter(six: u8) -> u8 {
    let from = |first: u8, gap: u8| if six >= first { gap } else { 0 };
    (six + b'A' + from(26, b'a' - b'Z' - 1))
        .wrapping_sub(from(52, b'z' + 1 - b'0'))
        .wrapping_sub(from(62, b'9' + 1 - b'+'))
        .wrapping_add(from(63, b'/' - b'+' - 1))
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(input: &[u8]) -> String {
        let mut out = vec![0; encoded_len(input.len() as u64) as usize];
        let size = encode(input, &mut out);
        assert_eq!(size, out.len());
        String::from_utf8(out).unwrap()
    }

    /// The definition read backwards: six bits a letter, whole bytes only.
    fn decoded(text: &str) -> Vec<u8> {
        let mut bits = 0u32;
        let mut held = 0;
        let mut out = Vec::new();
        for letter in text.bytes().filter(|&letter| letter != b'=') {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                other => panic!("{other} is no letter of base64"),
            };
            bits = bits << 6 | u32::from(value);
            held += 6;
            if held >= 8 {
                held -= 8;
                out.push((bits >> held) as u8);
            }
        }
        out
    }

    #[test]
    fn vectors_of_rfc_4648_section_10() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in vectors {
            assert_eq!(encoded(plain.as_bytes()), coded);
        }
    }

    proptest! {
        #[test]
        fn decodes_to_what_it_was(input: Vec<u8>) {
            prop_assert_eq!(decoded(&encoded(&input)), input);
        }

        #[test]
        fn pieces_of_three_join_seamlessly(input: Vec<u8>, triples in 0usize..40) {
            let (head, tail) = input.split_at((triples * 3).min(input.len() / 3 * 3));
            prop_assert_eq!(encoded(head) + &encoded(tail), encoded(&input));
        }
    }
}
