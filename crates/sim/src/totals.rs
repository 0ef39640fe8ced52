//! What happened, counted: so that one sees that the interesting things did.

use std::collections::BTreeMap;
use std::fmt;

/// Counts by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals(BTreeMap<&'static str, u64>);

impl Totals {
    pub(crate) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: &'static str, number: u64) {
        *self.0.entry(what).or_default() += number;
    }

    /// Keeps the largest number seen. Names of such counts begin with `most `.
    pub(crate) fn most(&mut self, what: &'static str, number: u64) {
        debug_assert!(what.starts_with("most "));
        let known = self.0.entry(what).or_default();
        *known = number.max(*known);
    }

    /// How often something happened.
    pub fn get(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Adds the counts of another run.
    pub fn merge(&mut self, other: &Self) {
        for (what, number) in &other.0 {
            if what.starts_with("most ") {
                self.most(what, *number);
            } else {
                self.add(what, *number);
            }
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, number) in &self.0 {
            writeln!(f, "{number:>12}  {what}")?;
        }
        Ok(())
    }
}
