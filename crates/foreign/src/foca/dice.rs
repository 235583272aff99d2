//! The randomness that the crate is handed.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;

use rand_core::TryRng;

/// A generator that is thrown anew for each step.
///
/// One that went on from step to step would make each choice depend on how many were made before, so that a message more or
/// less would change them all. The crate asks for words of it, which are a function of the throw and of how many this step
/// has asked for.
#[derive(Clone, Debug, Default)]
pub struct Dice(Rc<Cell<Throw>>);

#[derive(Clone, Copy, Debug, Default)]
struct Throw {
    word: u64,
    asked: u64,
}

impl Dice {
    /// From now on words follow from this one.
    pub fn throw(&self, word: u64) {
        self.0.set(Throw { word, asked: 0 });
    }

    fn next(&self) -> u64 {
        let Throw { word, asked } = self.0.get();
        self.0.set(Throw { word, asked: asked + 1 });
        sim::mix(word, asked)
    }
}

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
