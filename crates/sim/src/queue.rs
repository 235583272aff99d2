//! The queue of timed events: a wheel of buckets, in the total order (time, order of scheduling).
//!
//! A bucket is 2^13 ns wide and there are 4096 of them, so events of the next 33 ms are pushed in constant time; later
//! ones wait in a heap. The entries of a bucket form a list through one slab, so that no bucket allocates. When time
//! enters a bucket, its few entries are sorted once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Time;

const BUCKET_BITS: u32 = 13;
const BUCKETS: u64 = 4096;
const NONE: u32 = u32::MAX;

#[derive(Clone)]
struct Entry<E> {
    time: u64,
    /// Orders events of one time; also keeps the order between those that waited in the heap and those that did not.
    order: u64,
    next: u32,
    event: E,
}

/// A queue of events, earliest first, equal times in the order in which they were pushed.
#[derive(Clone)]
pub(crate) struct Queue<E> {
    entries: Vec<Entry<E>>,
    free: u32,
    heads: Vec<u32>,
    /// One bit a bucket: whether its list is not empty.
    occupied: [u64; (BUCKETS / 64) as usize],
    /// The bucket that time is in, as an absolute number: time >> BUCKET_BITS.
    current: u64,
    /// What is left of the current bucket, the latest first.
    ready: Vec<(u64, u64, u32)>,
    /// What lies beyond the wheel.
    far: BinaryHeap<Reverse<(u64, u64, u32)>>,
    pushed: u64,
    len: usize,
}

impl<E: Copy> Queue<E> {
    pub(crate) fn new() -> Queue<E> {
        Queue {
            entries: Vec::new(),
            free: NONE,
            heads: vec![NONE; BUCKETS as usize],
            occupied: [0; (BUCKETS / 64) as usize],
            current: 0,
            ready: Vec::new(),
            far: BinaryHeap::new(),
            pushed: 0,
            len: 0,
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds an event at `time`, which is not before the last one popped.
    #[inline]
    pub(crate) fn push(&mut self, time: Time, event: E) {
        let time = time.as_nanos();
        let order = self.pushed;
        self.pushed += 1;
        self.len += 1;
        let bucket = time >> BUCKET_BITS;
        let slot = self.store(Entry { time, order, next: NONE, event });
        if bucket <= self.current {
            let at = self.ready.partition_point(|other| (other.0, other.1) > (time, order));
            self.ready.insert(at, (time, order, slot));
        } else if bucket - self.current < BUCKETS {
            self.link(bucket, slot);
        } else {
            self.far.push(Reverse((time, order, slot)));
        }
    }

    /// The time of the earliest event.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<Time> {
        if self.ready.is_empty() && !self.advance() {
            return None;
        }
        self.ready.last().map(|(time, ..)| Time::from_nanos(*time))
    }

    /// Takes the earliest event.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(Time, E)> {
        self.peek()?;
        let (time, _, slot) = self.ready.pop()?;
        let entry = &mut self.entries[slot as usize];
        entry.next = self.free;
        let event = entry.event;
        self.free = slot;
        self.len -= 1;
        Some((Time::from_nanos(time), event))
    }

    #[inline]
    fn store(&mut self, entry: Entry<E>) -> u32 {
        if self.free == NONE {
            let slot = u32::try_from(self.entries.len()).expect("fewer than 2^32 events wait at once");
            self.entries.push(entry);
            return slot;
        }
        let slot = self.free;
        self.free = self.entries[slot as usize].next;
        self.entries[slot as usize] = entry;
        slot
    }

    #[inline]
    fn link(&mut self, bucket: u64, slot: u32) {
        let index = (bucket % BUCKETS) as usize;
        self.entries[slot as usize].next = self.heads[index];
        self.heads[index] = slot;
        self.occupied[index / 64] |= 1 << (index % 64);
    }

    /// Moves to the next bucket that has something; false where none has.
    #[cold]
    #[inline(never)]
    fn advance(&mut self) -> bool {
        let near = self.next_occupied();
        let far = self.far.peek().map(|Reverse((time, ..))| *time >> BUCKET_BITS);
        let Some(next) = near.into_iter().chain(far).min() else { return false };
        self.current = next;
        // Whatever the wheel now reaches leaves the heap; the entries keep their order numbers.
        while let Some(Reverse((time, order, slot))) = self.far.peek().copied() {
            let bucket = time >> BUCKET_BITS;
            if bucket - next >= BUCKETS {
                break;
            }
            self.far.pop();
            if bucket == next {
                self.ready.push((time, order, slot));
            } else {
                self.link(bucket, slot);
            }
        }
        let index = (next % BUCKETS) as usize;
        let mut slot = std::mem::replace(&mut self.heads[index], NONE);
        self.occupied[index / 64] &= !(1 << (index % 64));
        while slot != NONE {
            let entry = &self.entries[slot as usize];
            self.ready.push((entry.time, entry.order, slot));
            slot = entry.next;
        }
        self.ready.sort_unstable_by_key(|(time, order, _)| Reverse((*time, *order)));
        true
    }

    /// The next bucket of the wheel after the current one that has something, as an absolute number.
    fn next_occupied(&self) -> Option<u64> {
        let start = (self.current + 1) % BUCKETS;
        let words = self.occupied.len();
        let first = (start / 64) as usize;
        let masked = self.occupied[first] & (u64::MAX << (start % 64));
        let mut word = masked;
        for step in 0..=words {
            let index = (first + step) % words;
            if step > 0 {
                word = self.occupied[index];
            }
            if word != 0 {
                let bucket = index as u64 * 64 + u64::from(word.trailing_zeros());
                let ahead = (bucket + BUCKETS - start) % BUCKETS;
                return Some(self.current + 1 + ahead);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::iter::repeat_n;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::mix::mix;
    use crate::sample::octaves;

    /// The plain queue that this one must agree with.
    #[derive(Default)]
    struct Plain(BTreeMap<(Time, u64), u64>);

    #[test]
    fn agrees_with_a_sorted_map_from_nanoseconds_to_hours() {
        for seed in 0..20 {
            let (mut queue, mut plain) = (Queue::new(), Plain::default());
            let mut now = Time::ZERO;
            for step in 0..5_000u64 {
                let word = mix(seed, step);
                let grows = if step / 1000 % 2 == 0 { 3 } else { 1 };
                if word % 4 < grows {
                    let span = [1 << 10, 1 << 20, 1 << 26, 1 << 42][(word >> 8) as usize % 4];
                    let time = now.plus_nanos(octaves(mix(word, 1), &(0..=span)));
                    queue.push(time, step);
                    plain.0.insert((time, step), step);
                } else {
                    let expected = plain.0.pop_first().map(|((time, _), event)| (time, event));
                    assert_eq!(queue.peek(), expected.map(|(time, _)| time), "seed {seed}, step {step}");
                    assert_eq!(queue.pop(), expected, "seed {seed}, step {step}");
                    now = expected.map_or(now, |(time, _)| time);
                }
                assert_eq!(queue.len(), plain.0.len());
            }
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// An event this long after the last one popped.
        Push(u64),
        Pop,
    }

    /// Spans about the width of a bucket, of the wheel, and beyond; and none at all, for events of one time.
    fn step() -> impl Strategy<Value = Step> {
        let near = prop_oneof![Just(0), 0..1_u64 << 14, 0..1_u64 << 26, 0..1_u64 << 42];
        let span = prop_oneof![100 => near, 1 => Just(u64::MAX)];
        prop_oneof![3 => span.prop_map(Step::Push), 2 => Just(Step::Pop)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_a_sorted_map_whatever_is_pushed_and_popped(steps in vec(step(), 0..400)) {
            let (mut queue, mut plain) = (Queue::new(), BTreeMap::new());
            let mut now = Time::ZERO;
            // Whatever is left at the end comes in its order too.
            let drain = repeat_n(Step::Pop, steps.len());
            for (order, step) in steps.into_iter().chain(drain).enumerate() {
                match step {
                    Step::Push(span) => {
                        queue.push(now.plus_nanos(span), order);
                        plain.insert((now.plus_nanos(span), order), order);
                    }
                    Step::Pop => {
                        let expected = plain.pop_first().map(|((time, _), event)| (time, event));
                        prop_assert_eq!(queue.peek(), expected.map(|(time, _)| time));
                        prop_assert_eq!(queue.pop(), expected);
                        now = expected.map_or(now, |(time, _)| time);
                    }
                }
                prop_assert_eq!(queue.len(), plain.len());
            }
        }
    }

    #[test]
    fn equal_times_come_in_the_order_of_scheduling_even_across_the_heap() {
        let mut queue = Queue::new();
        let far = Time::from_nanos(1 << 40);
        queue.push(far, 1);
        queue.push(Time::from_nanos((1 << 40) - 1), 0);
        assert_eq!(queue.pop().map(|(_, event)| event), Some(0));
        queue.push(far, 2);
        assert_eq!([queue.pop(), queue.pop(), queue.pop()].map(|p| p.map(|(_, e)| e)), [Some(1), Some(2), None]);
    }
}
