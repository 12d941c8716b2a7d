//! Base64 encoding (RFC 4648 section 4), with padding and without line breaks.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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
    let (triples, rest) = input.as_chunks::<3>();
    let (quads, _) = out[..size].as_chunks_mut::<4>();
    for (triple, quad) in triples.iter().zip(quads.iter_mut()) {
        *quad = encode_triple(*triple);
    }
    if let Some(last) = quads.last_mut() {
        match *rest {
            [a] => {
                let [x, y, ..] = encode_triple([a, 0, 0]);
                *last = [x, y, b'=', b'='];
            }
            [a, b] => {
                let [x, y, z, _] = encode_triple([a, b, 0]);
                *last = [x, y, z, b'='];
            }
            _ => {}
        }
    }
    size
}

fn encode_triple([a, b, c]: [u8; 3]) -> [u8; 4] {
    let bits = u32::from_be_bytes([0, a, b, c]);
    [18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift) as usize & 63])
}

#[cfg(all(test, feature = "std"))]
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
            let value = ALPHABET.iter().position(|&other| other == letter).unwrap();
            bits = bits << 6 | value as u32;
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
