//! What the store could not do, as a caller reads it.

use sqm_domain::VersionNumber;
use sqm_store::StoreError;

use super::{Kind, Problem};
use crate::etag::ETag;

impl Problem {
    /// What a write met; `tag` is that of the version which has come first.
    pub fn of_write(error: StoreError, tag: impl FnOnce(VersionNumber) -> ETag) -> Self {
        let current = match &error {
            StoreError::VersionConflict { current } | StoreError::Exists { current } => Some(*current),
            _ => None,
        };
        let problem = Self::from(error);
        match current.and_then(|current| tag(current).header()) {
            Some((name, value)) => problem.header(name, value),
            None => problem,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let said = error.to_string();
        match error {
            StoreError::NotFound => Self::not_found("resource"),
            StoreError::VersionConflict { current } | StoreError::Exists { current } => {
                Self::new(Kind::PreconditionFailed).detail(said).with("current_version", current.get())
            }
            StoreError::Gap { expected } => {
                Self::new(Kind::Conflict).detail(said).with("expected_version", expected.get())
            }
            StoreError::Imported => Self::new(Kind::Conflict).detail(said),
            StoreError::IdempotencyMismatch => Self::new(Kind::IdempotencyKeyReused).detail(said),
            StoreError::InvalidPosition => Self::invalid_cursor(),
            StoreError::TooManyReferences { .. } => {
                Self::new(Kind::InvalidSql).detail(said).with("field", "sql")
            }
            StoreError::TooLarge { most, .. } => {
                Self::new(Kind::BodyTooLarge).detail(said).with("limit", most)
            }
            StoreError::Busy => Self::unavailable(error, 1),
            StoreError::Unavailable(_) => Self::unavailable(error, 5),
            error => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_race_says_which_version_won() {
        let conflict = StoreError::VersionConflict { current: VersionNumber::FIRST };
        let problem = Problem::of_write(conflict, ETag::new);
        assert_eq!(problem.kind(), Kind::PreconditionFailed);
        assert_eq!(problem.member("current_version"), Some(&1.into()));
        assert_eq!(problem.answer(None).headers()["etag"], "\"1\"");
    }

    #[test]
    fn what_is_inside_stays_inside() {
        let corrupt = StoreError::Corrupt { pk: "secret".into(), sk: "s".into(), why: "w".into() };
        let problem = Problem::from(corrupt);
        assert_eq!(problem.kind(), Kind::Internal);
        assert!(!problem.document(None).to_string().contains("secret"));
        assert!(problem.causes().is_some_and(|causes| causes.contains("secret")));
    }
}
