//! Flow collections: those of JSON, and short lists as people write them.

use super::{KEY_LIMIT, Kind, Layout, Reader, Span, Style, decoded};

impl Reader<'_> {
    /// Reads the flow collection here; gives where it ends. With `has_lines` it may go over several.
    pub(super) fn flow(&mut self, slot: usize, has_lines: bool) -> Option<usize> {
        let (is_mapping, closing) = if self.byte(self.at) == b'{' { (true, b'}') } else { (false, b']') };
        let kind = if is_mapping { Kind::Mapping(Layout::Flow) } else { Kind::Sequence(Layout::Flow) };
        let id = self.open(kind, slot)?;
        self.at += 1;
        self.skip_in_flow(has_lines);
        if self.byte(self.at) == closing {
            self.at += 1;
            return Some(self.close(id, self.at));
        }
        let mut slot = self.at;
        loop {
            if is_mapping {
                let key = self.at;
                self.flow_scalar(slot)?;
                let is_quoted = matches!(self.byte(key), b'"' | b'\'');
                self.at = self.behind_blanks(self.at);
                if self.byte(self.at) != b':' || !(is_quoted || self.is_blank(self.at + 1)) || self.at - key > KEY_LIMIT {
                    return None;
                }
                self.at += 1;
                slot = self.at;
                self.skip_in_flow(has_lines);
            }
            match self.byte(self.at) {
                b'{' | b'[' => _ = self.flow(slot, has_lines)?,
                _ => self.flow_scalar(slot)?,
            }
            self.skip_in_flow(has_lines);
            let byte = self.byte(self.at);
            self.at += 1;
            match byte {
                b',' => slot = self.at,
                _ if byte == closing => return Some(self.close(id, self.at)),
                _ => return None,
            }
            self.skip_in_flow(has_lines);
        }
    }

    /// Goes on behind blanks, and behind line breaks where there may be some.
    fn skip_in_flow(&mut self, has_lines: bool) {
        while self.bytes.get(self.at).is_some_and(|byte| *byte == b' ' || (has_lines && matches!(byte, b'\n' | b'\r'))) {
            self.at += 1;
        }
    }

    /// Reads a scalar in a flow collection: in quotes, or one word.
    fn flow_scalar(&mut self, slot: usize) -> Option<()> {
        let at = self.at;
        let (style, span) = match self.byte(at) {
            b'"' | b'\'' => self.quoted()?,
            byte => {
                let is_in_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_./+-".contains(&byte);
                let length = self.bytes[at..].iter().take_while(|&&byte| is_in_word(byte)).count();
                let begins =
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/') || (byte == b'-' && self.byte(at + 1).is_ascii_digit());
                (begins.then_some(Style::Plain)?, Span::new(at, at + length))
            }
        };
        self.at = span.end;
        self.push(Kind::Scalar(style), span, slot, decoded(style))?;
        Some(())
    }
}
