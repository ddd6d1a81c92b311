//! Defects of ours: a panic over one text is said in its answer, and the others are done all the same.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on a panic is not printed where it happens, only kept for [`careful`].
pub fn keep_panics_quiet() {
    set_hook(Box::new(|info| {
        PLACE.set(info.location().map(|place| format!("{}:{}", place.file(), place.line())));
    }));
}

/// Does the work; a panic becomes a sentence that says where.
///
/// # Errors
/// That sentence.
pub fn careful<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let place = PLACE.take().map_or(String::new(), |place| format!(" at {place}"));
        format!("the analysis broke off{place}, a defect of sqm: {}", message_of(&*panic))
    })
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::careful;

    #[test]
    fn a_panic_is_a_sentence() {
        assert_eq!(careful(|| 7), Ok(7));
        let broken = careful(|| -> u8 { panic!("on purpose") }).unwrap_err();
        assert!(broken.ends_with("a defect of sqm: on purpose"), "{broken}");
    }
}
