//! What an import did, for people to read.

use std::fmt;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The users.
    pub users: Count,
    /// The friendships.
    pub friendships: Count,
    /// Every line that was refused.
    pub refused: Vec<Refused>,
    /// How long it took until everything could be read, in milliseconds.
    pub duration_ms: u64,
}

/// How many were new, and how many were there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Made by this import.
    pub new: u64,
    /// There already.
    pub known: u64,
}

/// A line that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The file.
    pub file: String,
    /// The line, from 1 on.
    pub line: u64,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, what) in [(self.users, "users"), (self.friendships, "friendships")] {
            writeln!(
                f,
                "{what}: {} new, {} there already",
                count.new, count.known
            )?;
        }
        if self.users.new + self.friendships.new == 0 {
            writeln!(f, "nothing was changed")?;
        } else {
            #[expect(clippy::cast_precision_loss, reason = "for people to read")]
            let seconds = self.duration_ms.max(1) as f64 / 1000.0;
            #[expect(clippy::cast_precision_loss, reason = "for people to read")]
            let rate = (self.users.new + self.friendships.new) as f64 / seconds;
            writeln!(f, "readable after {seconds:.1} s ({rate:.0}/s)")?;
        }
        write!(f, "refused lines: {}", self.refused.len())?;
        for refused in &self.refused {
            write!(
                f,
                "\n  {}, line {}: {}",
                refused.file, refused.line, refused.reason
            )?;
        }
        Ok(())
    }
}
