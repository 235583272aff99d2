//! Messages from their sending to their taking: each is stored once, and everything else passes its number on.

/// Messages that were sent and not yet taken. Some are not in flight yet: they wait for a request to be durable, or for
/// their sender to be resumed.
#[derive(Clone)]
pub(crate) struct Flights<M> {
    slots: Vec<Option<Flight<M>>>,
    free: Vec<u32>,
    launched: usize,
    /// How many there ever were.
    stored: u64,
}

/// A message and its way.
#[derive(Clone)]
pub(crate) struct Flight<M> {
    /// The position of its sender.
    pub(crate) from: u16,
    /// The position of its receiver, once it is in flight.
    pub(crate) to: u16,
    /// How often its tag went over that link before, once it is in flight.
    pub(crate) occurrence: u32,
    pub(crate) message: M,
}

const TAKEN_ONCE: &str = "a message is taken once";

impl<M> Flights<M> {
    pub(crate) fn new() -> Flights<M> {
        Flights { slots: Vec::new(), free: Vec::new(), launched: 0, stored: 0 }
    }

    /// Stores a message that is not in flight yet; its number.
    #[inline]
    pub(crate) fn store(&mut self, from: u16, message: M) -> u32 {
        self.stored += 1;
        let flight = Flight { from, to: 0, occurrence: 0, message };
        match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = Some(flight);
                index
            }
            None => {
                self.slots.push(Some(flight));
                u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 messages are in flight")
            }
        }
    }

    /// Puts a message into flight.
    #[inline]
    pub(crate) fn launch(&mut self, index: u32, to: u16, occurrence: u32) {
        let flight = self.slots[index as usize].as_mut().expect(TAKEN_ONCE);
        (flight.to, flight.occurrence) = (to, occurrence);
        self.launched += 1;
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> &Flight<M> {
        self.slots[index as usize].as_ref().expect(TAKEN_ONCE)
    }

    /// Puts another message in the place of one.
    pub(crate) fn replace(&mut self, index: u32, message: M) {
        self.slots[index as usize].as_mut().expect(TAKEN_ONCE).message = message;
    }

    /// Takes a message out of its flight.
    #[inline]
    pub(crate) fn take(&mut self, index: u32) -> Flight<M> {
        self.launched -= 1;
        self.free.push(index);
        self.slots[index as usize].take().expect(TAKEN_ONCE)
    }

    /// Forgets a message that never was in flight.
    #[inline]
    pub(crate) fn discard(&mut self, index: u32) {
        self.free.push(index);
        self.slots[index as usize] = None;
    }

    /// How many messages are in flight.
    #[inline]
    pub(crate) fn launched(&self) -> usize {
        self.launched
    }

    /// How many messages were stored so far.
    pub(crate) fn stored(&self) -> u64 {
        self.stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_or_discarded_makes_room_and_only_what_was_launched_is_in_flight() {
        let mut flights = Flights::new();
        let (first, second) = (flights.store(1, "first"), flights.store(1, "second"));
        flights.launch(second, 2, 7);
        assert_eq!(flights.launched(), 1);
        flights.discard(first);
        assert_eq!(flights.store(3, "third"), first);
        let taken = flights.take(second);
        assert_eq!((taken.from, taken.to, taken.occurrence, taken.message), (1, 2, 7, "second"));
        assert_eq!(flights.launched(), 0);
        assert_eq!(flights.store(3, "fourth"), second);
    }
}
