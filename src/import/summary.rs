//! What an import would do and what it did, for people to read.

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

/// What an import takes its files for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// What the files are.
    pub format: &'static str,
    /// Which columns are read, file by file.
    pub columns: Vec<String>,
    /// The name of the data set.
    pub name: String,
    /// How many different users an edge list names, or how many lines name one.
    pub users: u64,
    /// How many lines have a friendship; one that is there twice counts twice.
    pub friendships: u64,
    /// How many lines are refused before anybody is looked up.
    pub refused: u64,
    /// The first of them.
    pub first_refused: Option<Refused>,
}

impl fmt::Display for Understood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "format: {}", self.format)?;
        for columns in &self.columns {
            writeln!(f, "columns: {columns}")?;
        }
        writeln!(f, "name: {}", self.name)?;
        writeln!(f, "users: {}", self.users)?;
        writeln!(f, "lines with a friendship: {}", self.friendships)?;
        write!(f, "refused lines: {}", self.refused)?;
        match &self.first_refused {
            None => Ok(()),
            Some(first) => write!(f, ", the first: {first}"),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}: {}", self.file, self.line, self.reason)
    }
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
            write!(f, "\n  {refused}")?;
        }
        Ok(())
    }
}
