//! The headers of a message: names and values in their order, in one piece of memory.
//!
//! A record has fourteen of them, and is written and read at the rate of the log: two allocations
//! for each would be most of the work. Must never reorder, merge or drop one.

use std::fmt;

/// Header names, which may come twice, and their values, which may be any bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Name, value, name, value, …
    bytes: Vec<u8>,
    /// Where each name and each value ends.
    ends: Vec<(u32, u32)>,
}

impl Headers {
    /// None yet, and room for some.
    #[must_use]
    pub fn with_capacity(headers: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(headers),
        }
    }

    /// Adds one at the end.
    ///
    /// # Panics
    /// If all together have 4 GiB.
    pub fn push(&mut self, name: &str, value: &[u8]) {
        self.write(name, |bytes| bytes.extend_from_slice(value));
    }

    /// Adds one at the end whose value `write` appends.
    ///
    /// # Panics
    /// If all together have 4 GiB.
    pub fn write(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let end = |bytes: &Vec<u8>| u32::try_from(bytes.len()).expect("less than 4 GiB of headers");
        self.bytes.extend_from_slice(name.as_bytes());
        let name = end(&self.bytes);
        write(&mut self.bytes);
        self.ends.push((name, end(&self.bytes)));
    }

    /// Each name with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        // Pushed as text, so it is text.
        let text = |name| std::str::from_utf8(name).unwrap_or_default();
        self.parts().map(move |(name, value)| (text(name), value))
    }

    /// The first value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let mut parts = self.parts();
        let (_, value) = parts.find(|(found, _)| *found == name.as_bytes())?;
        Some(value)
    }

    fn parts(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |&(name, value)| {
            let (name, value) = (name as usize, value as usize);
            let part = (&self.bytes[start..name], &self.bytes[name..value]);
            start = value;
            part
        })
    }

    /// The first value of that name, if it is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.get(name)?).ok()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of all names and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            headers.push(name.as_ref(), value.as_ref());
        }
        headers
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text =
            |(name, value): (&str, &[u8])| (name.to_owned(), value.escape_ascii().to_string());
        f.debug_list().entries(self.iter().map(text)).finish()
    }
}
