//! The hook of the seeded bugs.

/// Whether the seeded bug of that name is switched on. Without the feature `mutants` it is nothing at all.
macro_rules! mutant {
    ($name:literal) => {{
        #[cfg(feature = "mutants")]
        let on = crate::mutants::is($name);
        #[cfg(not(feature = "mutants"))]
        let on = false;
        on
    }};
}
