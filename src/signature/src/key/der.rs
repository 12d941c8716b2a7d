//! The little of DER (X.690) that keys are wrapped in.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// AlgorithmIdentifier of RSA: rsaEncryption with NULL (RFC 8017 A.1).
const RSA_ENCRYPTION: [u8; 15] =
    [SEQUENCE, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// The RSAPublicKey in a SubjectPublicKeyInfo (RFC 5280 4.1); `None` if that is not what the bytes are.
pub(super) fn rsa_public_key(info: &[u8]) -> Option<&[u8]> {
    let (content, []) = element(info, SEQUENCE)? else { return None };
    let (content, []) = element(content.strip_prefix(&RSA_ENCRYPTION)?, BIT_STRING)? else { return None };
    // How many bits of the last octet do not count: none.
    content.strip_prefix(&[0])
}

/// The SubjectPublicKeyInfo of an RSAPublicKey.
pub(super) fn subject_public_key_info(key: &[u8]) -> Vec<u8> {
    let bits = wrapped(BIT_STRING, &[&[0], key].concat());
    wrapped(SEQUENCE, &[&RSA_ENCRYPTION[..], &bits].concat())
}

/// The content of the element that bytes begin with, if it is of this type, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x83 => {
            let (octets, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    if *first == tag { rest.split_at_checked(length) } else { None }
}

/// A sequence of unsigned integers, each big-endian.
pub(super) fn integers(numbers: &[&[u8]]) -> Vec<u8> {
    let content: Vec<u8> = numbers.iter().flat_map(|number| integer(number)).collect();
    wrapped(SEQUENCE, &content)
}

fn integer(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|octet| *octet != 0).unwrap_or(number.len());
    let digits = &number[start..];
    // The first bit is the sign.
    let sign: &[u8] = if digits.first().is_none_or(|octet| octet & 0x80 != 0) { &[0] } else { &[] };
    wrapped(INTEGER, &[sign, digits].concat())
}

fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let start = length.iter().position(|octet| *octet != 0).unwrap_or(length.len() - 1);
    let mut out = vec![tag];
    if content.len() > 0x7f {
        // Eight octets at most, so that it fits.
        out.push(0x80 | u8::try_from(length.len() - start).unwrap_or(0x7f));
    }
    out.extend_from_slice(&length[start..]);
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_is_found_again() {
        for length in [1, 100, 127, 128, 270, 70_000] {
            let key = vec![7; length];
            let info = subject_public_key_info(&key);
            assert_eq!(rsa_public_key(&info), Some(&key[..]));
            assert_eq!(rsa_public_key(&info[..info.len() - 1]), None);
            assert_eq!(rsa_public_key(&[&info[..], b"x"].concat()), None);
        }
        assert_eq!(rsa_public_key(b""), None);
        assert_eq!(rsa_public_key(&[SEQUENCE, 0x84, 0, 0, 0, 0]), None);
    }

    #[test]
    fn integers_are_positive() {
        assert_eq!(integers(&[&[0, 0x80], &[1], &[0]]), [SEQUENCE, 10, 2, 2, 0, 0x80, 2, 1, 1, 2, 1, 0]);
    }
}
