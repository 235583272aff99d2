//! The queue of timed events: a wheel of buckets, in the total order (time, order of scheduling).
//!
//! A bucket is 2^13 ns wide and there are 4096 of them, so events of the next 33 ms are pushed in constant time; later
//! ones wait in a heap. A bucket's events lie side by side in the order of their scheduling, which therefore is stored
//! nowhere. When time enters a bucket, one word for each of its few events is sorted, and the events stay where they are.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::mem;

use crate::time::Time;

const BUCKET_BITS: u32 = 13;
const BUCKETS: u64 = 4096;
const NO_LIST: u32 = u32::MAX;

/// A queue of events, earliest first, equal times in the order in which they were pushed.
#[derive(Clone)]
pub(crate) struct Queue<E> {
    /// The list of each bucket that has something. Lists go from one bucket to the next, so that none allocates for long.
    buckets: Box<[u32; BUCKETS as usize]>,
    occupied: Occupied,
    lists: Vec<Vec<(u64, E)>>,
    free_lists: Vec<u32>,
    /// The bucket that time is in, as an absolute number: time >> `BUCKET_BITS`.
    current: u64,
    /// What was pushed into it, in that order.
    entered: Vec<(u64, E)>,
    /// What is left of it, the latest first: for each the time within the bucket and the position in `entered`.
    ready: Vec<u64>,
    /// What was pushed beyond the wheel since the last bucket was entered.
    beyond: Vec<(u64, E)>,
    /// What was before.
    far: BinaryHeap<Far<E>>,
    /// Orders those of `far` that have the same time.
    pushed_far: u64,
}

impl<E: Copy> Queue<E> {
    pub(crate) fn new() -> Queue<E> {
        Queue {
            buckets: Box::new([NO_LIST; BUCKETS as usize]),
            occupied: Occupied::default(),
            lists: Vec::new(),
            free_lists: Vec::new(),
            current: 0,
            entered: Vec::new(),
            ready: Vec::new(),
            beyond: Vec::new(),
            far: BinaryHeap::new(),
            pushed_far: 0,
        }
    }

    /// Adds an event at `time`, which is not before the last time that was popped or peeked at.
    #[inline(always)]
    pub(crate) fn push(&mut self, time: Time, event: E) {
        let time = time.as_nanos();
        let bucket = time >> BUCKET_BITS;
        assert!(bucket >= self.current, "an event at {time} ns is scheduled in the past");
        // One place for all to be written at, or the event would be put together in memory before it is known where.
        let list = if bucket - self.current >= BUCKETS {
            &mut self.beyond
        } else if bucket > self.current {
            self.list_of(bucket)
        } else {
            self.make_ready(time);
            &mut self.entered
        };
        list.push((time, event));
    }

    /// The time of the earliest event, unless that is after `limit`.
    #[inline]
    pub(crate) fn peek(&mut self, limit: Time) -> Option<Time> {
        if self.ready.is_empty() && !self.advance(limit.as_nanos() >> BUCKET_BITS) {
            return None;
        }
        self.ready.last().map(|key| self.time_of(*key)).filter(|time| *time <= limit)
    }

    /// Takes the event that was peeked at.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(Time, E)> {
        let key = self.ready.pop()?;
        let (_, event) = self.entered[position(key)];
        Some((self.time_of(key), event))
    }

    #[inline]
    fn time_of(&self, key: u64) -> Time {
        Time::from_nanos(self.current << BUCKET_BITS | key >> u32::BITS)
    }

    #[inline(always)]
    fn list_of(&mut self, bucket: u64) -> &mut Vec<(u64, E)> {
        let index = (bucket % BUCKETS) as usize;
        if self.buckets[index] == NO_LIST {
            self.occupied.insert(index);
            self.buckets[index] = self.free_lists.pop().unwrap_or_else(|| {
                self.lists.push(Vec::new());
                self.lists.len() as u32 - 1
            });
        }
        &mut self.lists[self.buckets[index] as usize]
    }

    #[inline(never)]
    fn make_ready(&mut self, time: u64) {
        // A bucket that has run empty starts anew, or events that follow each other closely would pile up.
        if self.ready.is_empty() {
            self.entered.clear();
        }
        let key = key(time, self.entered.len());
        let at = self.ready.partition_point(|other| *other > key);
        self.ready.insert(at, key);
    }

    /// Enters the next bucket that has something, if there is one and it is not after `last`. The current one is empty.
    #[inline]
    fn advance(&mut self, last: u64) -> bool {
        if !self.beyond.is_empty() {
            self.push_far();
        }
        let mut next = self.occupied.next(self.current);
        if let Some(far) = self.far.peek() {
            next = next.min(far.time >> BUCKET_BITS);
        }
        // Whoever asks up to a time may schedule at that time, so the wheel must not have passed it.
        if next > last {
            return false;
        }
        self.current = next;
        self.entered.clear();
        if self.far.peek().is_some_and(|far| (far.time >> BUCKET_BITS) - next < BUCKETS) {
            self.near_far();
        }
        self.enter();
        true
    }

    #[cold]
    fn push_far(&mut self) {
        for (time, event) in self.beyond.drain(..) {
            self.far.push(Far { time, order: self.pushed_far, event });
            self.pushed_far += 1;
        }
    }

    /// What the wheel now reaches leaves the heap, before anything else can be pushed there: it was scheduled earlier.
    #[cold]
    fn near_far(&mut self) {
        while let Some(far) = self.far.peek() {
            let bucket = far.time >> BUCKET_BITS;
            if bucket - self.current >= BUCKETS {
                break;
            }
            let Some(Far { time, event, .. }) = self.far.pop() else { break };
            self.list_of(bucket).push((time, event));
        }
    }

    /// Makes what is in the current bucket ready.
    #[inline]
    fn enter(&mut self) {
        let index = (self.current % BUCKETS) as usize;
        let list = mem::replace(&mut self.buckets[index], NO_LIST);
        self.occupied.remove(index);
        mem::swap(&mut self.entered, &mut self.lists[list as usize]);
        self.free_lists.push(list);
        if let [(time, _)] = self.entered[..] {
            self.ready.push(key(time, 0));
        } else {
            self.ready.extend(self.entered.iter().enumerate().map(|(position, (time, _))| key(*time, position)));
            self.ready.sort_unstable_by(|one, other| other.cmp(one));
        }
    }
}

/// What an event is sorted by within its bucket.
#[inline]
fn key(time: u64, position: usize) -> u64 {
    debug_assert!(position <= u32::MAX as usize, "fewer than 2^32 events are scheduled within 8 us");
    (time % (1 << BUCKET_BITS)) << u32::BITS | position as u64
}

#[inline]
fn position(key: u64) -> usize {
    key as u32 as usize
}

/// Which buckets have something: a bit for each, and a bit for each word that has one.
#[derive(Clone)]
struct Occupied {
    words: [u64; (BUCKETS / 64) as usize],
    summary: u64,
}

impl Default for Occupied {
    fn default() -> Occupied {
        Occupied { words: [0; (BUCKETS / 64) as usize], summary: 0 }
    }
}

impl Occupied {
    #[inline]
    fn insert(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
        self.summary |= 1 << (index / 64);
    }

    #[inline]
    fn remove(&mut self, index: usize) {
        self.words[index / 64] &= !(1 << (index % 64));
        if self.words[index / 64] == 0 {
            self.summary &= !(1 << (index / 64));
        }
    }

    /// The first bucket after `current` that has something, as absolute numbers; `u64::MAX` where none has.
    #[inline]
    fn next(&self, current: u64) -> u64 {
        let start = current + 1;
        let (word, bit) = ((start / 64 % 64) as usize, start % 64);
        let rest = self.words[word] >> bit;
        if rest != 0 {
            return start + u64::from(rest.trailing_zeros());
        }
        if self.summary == 0 {
            return u64::MAX;
        }
        // The words after this one in the order of the wheel; this one comes last, for what lies before the bit.
        let ahead = self.summary.rotate_right(word as u32 + 1).trailing_zeros();
        let found = (word + 1 + ahead as usize) % 64;
        (start / 64 + 1 + u64::from(ahead)) * 64 + u64::from(self.words[found].trailing_zeros())
    }
}

/// An event beyond the wheel.
#[derive(Clone)]
struct Far<E> {
    time: u64,
    order: u64,
    event: E,
}

// The heap's greatest is the earliest.
impl<E> Ord for Far<E> {
    fn cmp(&self, other: &Far<E>) -> Ordering {
        (other.time, other.order).cmp(&(self.time, self.order))
    }
}

impl<E> PartialOrd for Far<E> {
    fn partial_cmp(&self, other: &Far<E>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Far<E> {
    fn eq(&self, other: &Far<E>) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Far<E> {}

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

    fn next<E: Copy>(queue: &mut Queue<E>) -> Option<(Time, E)> {
        queue.peek(Time::MAX)?;
        queue.pop()
    }

    /// Grows and shrinks, and in between looks no further than some time, where something else happens.
    #[test]
    fn agrees_with_a_sorted_map_from_nanoseconds_to_hours() {
        for seed in 0..20 {
            let (mut queue, mut plain) = (Queue::new(), Plain::default());
            let mut now = Time::ZERO;
            for step in 0..5_000u64 {
                let word = mix(seed, step);
                let span = [1 << 10, 1 << 20, 1 << 26, 1 << 42][(word >> 8) as usize % 4];
                let time = now.plus_nanos(octaves(mix(word, 1), &(0..=span)));
                let grows = if step / 1000 % 2 == 0 { 3 } else { 1 };
                if word % 4 < grows {
                    queue.push(time, step);
                    plain.0.insert((time, step), step);
                    continue;
                }
                let limit = if word >> 16 & 1 == 0 { time } else { Time::MAX };
                let expected = plain.0.first_key_value().map(|((time, _), event)| (*time, *event));
                let expected = expected.filter(|(time, _)| *time <= limit);
                assert_eq!(queue.peek(limit), expected.map(|(time, _)| time), "seed {seed}, step {step}");
                if let Some((time, event)) = expected {
                    assert_eq!(queue.pop(), expected, "seed {seed}, step {step}");
                    plain.0.remove(&(time, event));
                    now = time;
                } else if limit < Time::MAX {
                    now = limit;
                }
            }
            let rest: Vec<(Time, u64)> = std::iter::from_fn(|| next(&mut queue)).collect();
            assert_eq!(rest, plain.0.into_keys().collect::<Vec<_>>(), "seed {seed}");
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
                        prop_assert_eq!(queue.peek(Time::MAX), expected.map(|(time, _)| time));
                        if expected.is_some() {
                            prop_assert_eq!(queue.pop(), expected);
                        }
                        now = expected.map_or(now, |(time, _)| time);
                    }
                }
            }
        }
    }

    #[test]
    fn equal_times_come_in_the_order_of_scheduling_even_across_the_heap() {
        let mut queue = Queue::new();
        let far = Time::from_nanos(1 << 40);
        queue.push(far, 1);
        queue.push(Time::from_nanos((1 << 40) - 1), 0);
        assert_eq!(next(&mut queue).map(|(_, event)| event), Some(0));
        queue.push(far, 2);
        assert_eq!([(); 3].map(|()| next(&mut queue).map(|(_, event)| event)), [Some(1), Some(2), None]);
    }

    #[test]
    #[should_panic(expected = "scheduled in the past")]
    fn what_the_wheel_has_passed_cannot_be_scheduled() {
        let mut queue = Queue::new();
        queue.push(Time::from_nanos(1 << 20), 0);
        assert_eq!(next(&mut queue), Some((Time::from_nanos(1 << 20), 0)));
        queue.push(Time::from_nanos(1 << 10), 1);
    }
}
