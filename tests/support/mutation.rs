//! Fuzzing without a fuzzer: bytes that are mutated at random, the same for the same seed.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A small generator of pseudo-random numbers (xorshift64*): the same numbers for the same seed, everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D);
        usize::try_from(number >> 33).unwrap_or_default() % sides.max(1)
    }
}

fn mutated(corpus: &[Vec<u8>], words: &[&[u8]], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = corpus[dice.roll(corpus.len())].clone();
    for _ in 0..=dice.roll(8) {
        let at = dice.roll(bytes.len() + 1);
        match dice.roll(6) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(dice.roll(256)).unwrap_or_default(),
            1 => drop(bytes.drain(at..(at + dice.roll(40)).min(bytes.len()))),
            2 => drop(bytes.splice(at..at, words[dice.roll(words.len())].iter().copied())),
            3 => {
                let other = &corpus[dice.roll(corpus.len())];
                let from = dice.roll(other.len());
                drop(bytes.splice(at..at, other[from..(from + dice.roll(200)).min(other.len())].iter().copied()));
            }
            4 => {
                let piece = bytes[at..(at + dice.roll(60)).min(bytes.len())].repeat(dice.roll(4));
                drop(bytes.splice(at..at, piece));
            }
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// Runs a target with pieces of a corpus until its time is over, mutated at random, `words` among them.
///
/// # Panics
/// When the target does, with the seed that makes it.
pub fn fuzz(name: &str, corpus: &[Vec<u8>], words: &[&[u8]], target: impl Fn(&[u8])) {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let only = std::env::var("FUZZ_SEED").ok().and_then(|text| text.parse::<u64>().ok());
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut seed = only.unwrap_or(1);
    while Instant::now() < end {
        let bytes = mutated(corpus, words, &mut Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let survived = catch_unwind(AssertUnwindSafe(|| target(&bytes)));
        assert!(survived.is_ok(), "{name} panics with FUZZ_SEED={seed}: {}", bytes.escape_ascii());
        if only.is_some() {
            break;
        }
        seed += 1;
    }
    // Nobody minds if there is no terminal to say it to.
    let _ = writeln!(std::io::stdout(), "{name}: {seed} mutations");
}
