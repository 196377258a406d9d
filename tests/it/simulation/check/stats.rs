//! What histories came to, in numbers.

/// What a history came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::simulation) struct Stats {
    pub(in crate::simulation) calls: u64,
    pub(in crate::simulation) answers: u64,
    pub(in crate::simulation) records: u64,
    pub(in crate::simulation) events: u64,
    pub(in crate::simulation) refusals: u64,
    pub(in crate::simulation) malformed: u64,
    pub(in crate::simulation) expired: u64,
    pub(in crate::simulation) duplicates: u64,
    pub(in crate::simulation) conflicts: u64,
    pub(in crate::simulation) crashes: u64,
    pub(in crate::simulation) resumed: u64,
    pub(in crate::simulation) commits: u64,
}

impl Stats {
    /// Each number with its name.
    pub(in crate::simulation) fn each(&self) -> [(&'static str, u64); 12] {
        [
            ("calls", self.calls),
            ("answers", self.answers),
            ("records", self.records),
            ("events", self.events),
            ("refusals", self.refusals),
            ("malformed", self.malformed),
            ("expired", self.expired),
            ("duplicates", self.duplicates),
            ("conflicts", self.conflicts),
            ("crashes", self.crashes),
            ("starts from snapshots", self.resumed),
            ("commits", self.commits),
        ]
    }

    pub(in crate::simulation) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.answers += other.answers;
        self.records += other.records;
        self.events += other.events;
        self.refusals += other.refusals;
        self.malformed += other.malformed;
        self.expired += other.expired;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.crashes += other.crashes;
        self.resumed += other.resumed;
        self.commits += other.commits;
    }
}
