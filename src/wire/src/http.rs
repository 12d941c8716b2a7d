//! HTTP/1.1 framing as a client of one kind of request needs it (RFC 9112).

use crate::{Malformed, Sink, put_decimal};

/// The head of an XML-RPC call.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// What is asked for, `/RPC2`.
    pub path: &'a str,
    /// Whom the request is for.
    pub host: &'a str,
    /// The bearer token (RFC 6750 section 2.1), visible ASCII only.
    pub token: Option<&'a str>,
    /// How many bytes of body follow.
    pub length: u64,
    /// Whether this is the last request on the connection.
    pub close: bool,
}

impl RequestHead<'_> {
    /// Writes the head and the empty line behind it.
    pub fn write(&self, out: &mut impl Sink) {
        for part in ["POST ", self.path, " HTTP/1.1\r\nHost: ", self.host, "\r\nContent-Type: text/xml\r\n"] {
            out.put(part.as_bytes());
        }
        if let Some(token) = self.token {
            for part in ["Authorization: Bearer ", token, "\r\n"] {
                out.put(part.as_bytes());
            }
        }
        if self.close {
            out.put(b"Connection: close\r\n");
        }
        out.put(b"Content-Length: ");
        put_decimal(self.length, out);
        out.put(b"\r\n\r\n");
    }
}

/// How the end of a body is known (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes.
    Length(u64),
    /// After a chunk of size zero and its trailers.
    Chunked,
    /// When the server closes the connection.
    UntilClose,
}

/// The head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code, 100 to 599; below 200 another head follows.
    pub status: u16,
    /// How the end of the body is known.
    pub framing: Framing,
    /// Whether the server takes another request on this connection.
    pub keep_alive: bool,
    /// The bytes of the head with the empty line; the body starts there.
    pub size: usize,
}

impl ResponseHead {
    /// Reads the head from the beginning of `bytes`; `None` while its end has not arrived.
    ///
    /// # Errors
    /// When the bytes are not the head of an HTTP/1 answer.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        const NOT_HTTP: Malformed = Malformed("the answer is not HTTP");
        let start = bytes.len().min(b"HTTP/1.".len());
        if bytes[..start] != b"HTTP/1."[..start] {
            return Err(NOT_HTTP);
        }
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let mut lines = bytes[..end].split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        let first = lines.next().ok_or(NOT_HTTP)?;
        let (minor, status) = match *first {
            [_, _, _, _, _, b'1', b'.', minor @ (b'0' | b'1'), b' ', a @ b'1'..=b'5', b, c, ref rest @ ..]
                if b.is_ascii_digit() && c.is_ascii_digit() && matches!(rest.first(), None | Some(b' ')) =>
            {
                (minor, [a, b, c].iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
            }
            _ => return Err(NOT_HTTP),
        };
        let mut head =
            Self { status, framing: Framing::UntilClose, keep_alive: minor == b'1', size: end + b"\r\n\r\n".len() };
        for line in lines {
            head.header(line)?;
        }
        if status < 200 || matches!(status, 204 | 304) {
            head.framing = Framing::Length(0);
        }
        if head.framing == Framing::UntilClose {
            head.keep_alive = false;
        }
        Ok(Some(head))
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let colon = line.iter().position(|&byte| byte == b':').ok_or(Malformed("a header without a colon"))?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"Content-Length") {
            let length = parse_number(value, 10).ok_or(Malformed("the Content-Length is not a number"))?;
            match self.framing {
                Framing::Length(other) if other != length => {
                    return Err(Malformed("two different Content-Lengths"));
                }
                Framing::Chunked => {}
                _ => self.framing = Framing::Length(length),
            }
        } else if name.eq_ignore_ascii_case(b"Transfer-Encoding") {
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Malformed("a Transfer-Encoding other than chunked"));
            }
            self.framing = Framing::Chunked;
        } else if name.eq_ignore_ascii_case(b"Connection") {
            if value.eq_ignore_ascii_case(b"close") {
                self.keep_alive = false;
            } else if value.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            }
        }
        Ok(())
    }
}

/// Digits only: no sign, no space, no overflow.
fn parse_number(digits: &[u8], radix: u32) -> Option<u64> {
    let number = digits.iter().try_fold(0u64, |sum, &digit| {
        let value = char::from(digit).to_digit(radix)?;
        sum.checked_mul(u64::from(radix))?.checked_add(u64::from(value))
    });
    number.filter(|_| !digits.is_empty())
}

/// Takes a body out of its framing, however the bytes are cut on the way.
#[derive(Debug)]
pub struct Body {
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many bytes to come, then the end.
    Length(u64),
    UntilClose,
    /// In the digits of a chunk's size; `None` before the first.
    Size(Option<u64>),
    /// Behind the digits, in an extension or before the line feed.
    SizeLine(u64),
    /// So many bytes of the chunk to come.
    Chunk(u64),
    /// Before the line feed that ends a chunk.
    ChunkEnd,
    /// In the lines behind the last chunk; whether the present one is empty so far.
    Trailer {
        empty: bool,
    },
    Complete,
}

impl Body {
    /// A body of which nothing has arrived.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self {
            state: match framing {
                Framing::Length(0) => State::Complete,
                Framing::Length(length) => State::Length(length),
                Framing::Chunked => State::Size(None),
                Framing::UntilClose => State::UntilClose,
            },
        }
    }

    /// Whether the end has been seen.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    /// Whether the body is whole when the connection closes now.
    #[must_use]
    pub fn is_complete_at_close(&self) -> bool {
        matches!(self.state, State::Complete | State::UntilClose)
    }

    /// Takes what arrived and puts what belongs to the body into `out`. Returns how many bytes were used: all of them,
    /// unless the body ended before.
    ///
    /// # Errors
    /// When the chunks are not what RFC 9112 section 7.1 says.
    pub fn feed(&mut self, input: &[u8], out: &mut impl Sink) -> Result<usize, Malformed> {
        let mut rest = input;
        while let Some((&byte, behind)) = rest.split_first() {
            match self.state {
                State::Complete => break,
                State::UntilClose => {
                    out.put(rest);
                    rest = &[];
                }
                State::Length(left) => rest = self.run(left, rest, out, State::Complete, State::Length),
                State::Chunk(left) => rest = self.run(left, rest, out, State::ChunkEnd, State::Chunk),
                _ => {
                    self.state = self.state.after(byte)?;
                    rest = behind;
                }
            }
        }
        Ok(input.len() - rest.len())
    }

    /// Passes on as much of `input` as belongs to the `left` bytes, and returns the rest.
    fn run<'a>(
        &mut self,
        left: u64,
        input: &'a [u8],
        out: &mut impl Sink,
        then: State,
        still: fn(u64) -> State,
    ) -> &'a [u8] {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (data, rest) = input.split_at(here);
        out.put(data);
        let left = left - here as u64;
        self.state = if left == 0 { then } else { still(left) };
        rest
    }
}

impl State {
    /// One byte of what surrounds the chunks.
    fn after(self, byte: u8) -> Result<Self, Malformed> {
        const SIZE: Malformed = Malformed("a chunk without a size");
        Ok(match (self, byte) {
            (Self::Size(None), b'\r' | b'\n' | b';') => return Err(SIZE),
            (Self::Size(Some(0)) | Self::SizeLine(0), b'\n') => Self::Trailer { empty: true },
            (Self::Size(Some(size)) | Self::SizeLine(size), b'\n') => Self::Chunk(size),
            (Self::Size(Some(size)), b'\r' | b';' | b' ' | b'\t') => Self::SizeLine(size),
            (Self::SizeLine(size), _) => Self::SizeLine(size),
            (Self::Size(size), digit) => {
                let value = char::from(digit).to_digit(16).ok_or(SIZE)?;
                let size = size.unwrap_or(0).checked_mul(16).ok_or(SIZE)?;
                Self::Size(Some(size + u64::from(value)))
            }
            (Self::ChunkEnd, b'\r') => Self::ChunkEnd,
            (Self::ChunkEnd, b'\n') => Self::Size(None),
            (Self::ChunkEnd, _) => return Err(Malformed("a chunk longer than its size")),
            (Self::Trailer { empty: true }, b'\n') => Self::Complete,
            (Self::Trailer { empty: true }, b'\r') => self,
            (Self::Trailer { .. }, b'\n') => Self::Trailer { empty: true },
            (Self::Trailer { .. }, _) => Self::Trailer { empty: false },
            (Self::Length(_) | Self::UntilClose | Self::Chunk(_) | Self::Complete, _) => self,
        })
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(text: &str) -> Result<Option<ResponseHead>, Malformed> {
        ResponseHead::parse(text.as_bytes())
    }

    fn body(framing: Framing, pieces: &[&[u8]]) -> Result<(Vec<u8>, Body), Malformed> {
        let mut body = Body::new(framing);
        let mut out = Vec::new();
        for piece in pieces {
            body.feed(piece, &mut out)?;
        }
        Ok((out, body))
    }

    #[test]
    fn request_heads() {
        let mut plain = Vec::new();
        let mut request = RequestHead { path: "/RPC2", host: "localhost", token: None, length: 12, close: true };
        request.write(&mut plain);
        assert_eq!(
            String::from_utf8(plain).unwrap(),
            "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: 12\r\n\r\n"
        );
        request.token = Some("mj_secret");
        request.close = false;
        let mut with_token = Vec::new();
        request.write(&mut with_token);
        assert!(String::from_utf8(with_token).unwrap().contains("\r\nAuthorization: Bearer mj_secret\r\n"));
    }

    #[test]
    fn response_heads() {
        let simple = head("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").unwrap().unwrap();
        assert_eq!(simple, ResponseHead { status: 200, framing: Framing::Length(5), keep_alive: true, size: 38 });
        let chunked = head("HTTP/1.1 503\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n").unwrap().unwrap();
        assert_eq!((chunked.status, chunked.framing, chunked.keep_alive), (503, Framing::Chunked, false));
        let old = head("HTTP/1.0 413 Too Large\r\n\r\n").unwrap().unwrap();
        assert_eq!((old.status, old.framing, old.keep_alive), (413, Framing::UntilClose, false));
        let interim = head("HTTP/1.1 100 Continue\r\n\r\n").unwrap().unwrap();
        assert_eq!((interim.status, interim.framing), (100, Framing::Length(0)));
        assert_eq!(head("HTTP/1.1 200 OK\r\ncontent-le").unwrap(), None);
        assert_eq!(head("").unwrap(), None);
    }

    #[test]
    fn what_is_no_response_head() {
        for text in [
            "SSH-2.0-OpenSSH",
            "220 mail ESMTP\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 700 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        ] {
            assert!(head(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn chunks_with_extensions_and_trailers() {
        let (text, state) =
            body(Framing::Chunked, &[b"5;x=y\r\nhello\r\n1 \r\n \r\n5\r\nworld\r\n0\r\nX: y\r\n\r\nnext"]).unwrap();
        assert_eq!(text, b"hello world");
        assert!(state.is_complete());
        for bad in [&b"\r\n"[..], b"x\r\n", b"5\r\nhello!", b"11111111111111111\r\n"] {
            assert!(body(Framing::Chunked, &[bad]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_cut_body_is_not_complete() {
        assert!(!body(Framing::Length(5), &[b"hell"]).unwrap().1.is_complete_at_close());
        assert!(!body(Framing::Chunked, &[b"4\r\nhell\r\n"]).unwrap().1.is_complete_at_close());
        assert!(!body(Framing::Chunked, &[b"4\r\nhell\r\n0\r\n"]).unwrap().1.is_complete_at_close());
        assert!(body(Framing::UntilClose, &[b"hell"]).unwrap().1.is_complete_at_close());
    }

    proptest! {
        #[test]
        fn parsing_heads_never_panics(rest: Vec<u8>) {
            let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
            bytes.extend(rest);
            bytes.extend(b"\r\n\r\n");
            let _ = ResponseHead::parse(&bytes);
        }

        #[test]
        fn feeding_never_panics_nor_takes_more_than_there_is(bytes: Vec<u8>) {
            let mut body = Body::new(Framing::Chunked);
            if let Ok(used) = body.feed(&bytes, &mut Vec::new()) {
                prop_assert!(used <= bytes.len());
            }
        }

        #[test]
        fn however_it_is_cut(chunks: Vec<Vec<u8>>, cut in 1usize..9) {
            let mut sent = Vec::new();
            for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
                sent.extend(format!("{:X}\r\n", chunk.len()).bytes());
                sent.extend(chunk);
                sent.extend(b"\r\n");
            }
            sent.extend(b"0\r\n\r\n");
            let pieces: Vec<&[u8]> = sent.chunks(cut).collect();
            let (text, state) = body(Framing::Chunked, &pieces).unwrap();
            prop_assert_eq!(text, chunks.concat());
            prop_assert!(state.is_complete());
        }
    }
}
