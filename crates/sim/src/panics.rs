//! Panics of hosted code are failures of the run, with the place they came from; they are not printed.

use std::any::Any;
use std::cell::RefCell;
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
    /// Whether this thread is inside a call to hosted code, and the place of the panic that ended it.
    static HOSTED: RefCell<Hosted> = const { RefCell::new(Hosted::No) };
}

enum Hosted {
    No,
    Calling,
    Panicked { file: String, line: u32 },
}

/// Runs a call to hosted code; an unwinding panic comes back as a value.
#[inline]
pub(crate) fn catch<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    HOSTED.with(|hosted| *hosted.borrow_mut() = Hosted::Calling);
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    let hosted = HOSTED.with(|hosted| hosted.replace(Hosted::No));
    result.map_err(|payload| panicked(hosted, payload.as_ref()))
}

#[cold]
fn panicked(hosted: Hosted, payload: &(dyn Any + Send)) -> Panicked {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let message = text.or_else(|| payload.downcast_ref::<String>().cloned());
    let (file, line) = match hosted {
        Hosted::Panicked { file, line } => (file, line),
        Hosted::No | Hosted::Calling => ("unknown file".to_owned(), 0),
    };
    Panicked { file, line, message: message.unwrap_or_else(|| "a panic without a message".to_owned()) }
}

/// Makes panics of hosted code silent, and remembers where they were. Every other panic goes to the hook that was there.
pub(crate) fn watch() {
    static WATCHED: Once = Once::new();
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
    HOSTED.with(|hosted| {
        let mut hosted = hosted.borrow_mut();
        if matches!(*hosted, Hosted::No) {
            return false;
        }
        let place = info.location();
        *hosted = Hosted::Panicked {
            file: place.map_or("unknown file", |place| place.file()).replace('\\', "/"),
            line: place.map_or(0, |place| place.line()),
        };
        true
    })
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
