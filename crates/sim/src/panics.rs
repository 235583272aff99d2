//! Panics of hosted code are failures of the run, with the place they came from; they are not printed.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

/// A panic of hosted code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Panicked {
    /// The source file; what, with the message, identifies the panic. The line moves with every edit.
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) message: String,
}

thread_local! {
    /// Whether this thread is inside a call to hosted code. Apart from the place, since it is written twice in every
    /// event, and what owns nothing is written in one instruction.
    static CALLING: Cell<bool> = const { Cell::new(false) };
    /// The place of the panic that ended the call.
    static PLACE: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// Runs a call to hosted code; an unwinding panic comes back as a value.
#[inline]
pub(crate) fn catch<T>(call: impl FnOnce() -> T) -> Result<T, Box<Panicked>> {
    CALLING.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    CALLING.set(false);
    result.map_err(|payload| Box::new(panicked(payload.as_ref())))
}

#[cold]
fn panicked(payload: &(dyn Any + Send)) -> Panicked {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let message = text.or_else(|| payload.downcast_ref::<String>().cloned());
    let (file, line) = PLACE.take().unwrap_or_else(|| ("unknown file".to_owned(), 0));
    Panicked { file, line, message: message.unwrap_or_else(|| "a panic without a message".to_owned()) }
}

/// Makes panics of hosted code silent, and remembers where they were. Every other panic goes to the hook that was there.
pub(crate) fn watch() {
    static WATCHED: Once = Once::new();
    // Hosted code may have swallowed a panic of its own; the next run must not take that place for one of its panics.
    PLACE.set(None);
    WATCHED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !note(info) {
                before(info);
            }
        }));
    });
}

/// Notes the place of a panic of hosted code; false where it is not one.
fn note(info: &PanicHookInfo<'_>) -> bool {
    if !CALLING.get() {
        return false;
    }
    let place = info.location();
    let file = place.map_or("unknown file", |place| place.file()).replace('\\', "/");
    PLACE.set(Some((file, place.map_or(0, |place| place.line()))));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_back_with_its_place_and_message() {
        watch();
        let number = 3;
        let panicked = catch(|| assert!(number == 4, "expected 4, received {number}")).unwrap_err();
        assert_eq!(panicked.message, "expected 4, received 3");
        assert!(panicked.file.ends_with("panics.rs"), "{}", panicked.file);
        assert!(panicked.line > 0);
        assert_eq!(catch(|| 5), Ok(5));
    }
}
