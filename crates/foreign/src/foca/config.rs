//! How the crate is set up, and what may be demanded of it then.

use std::num::{NonZeroU8, NonZeroUsize};
use std::time::Duration;

use foca::{Config, PeriodicParams};
use sim::{Case, Io, Knob};

use super::client::ASKS_UNTIL;
use super::message::Protocol;
use super::usage::{Down, Usage};

/// The knobs: a network that is faster than theirs, and all else in proportion.
pub fn knobs() -> Vec<Knob> {
    vec![
        // A ping's way there and back takes 10 ms at most where nothing is wrong.
        Knob::octaves("rtt_ms", 20..=200),
        // "If unsure, err on the safe side with `probe_rtt * 3`."
        Knob::linear("period_rtts", 3..=5),
        Knob::linear("indirect_probes", 1..=3),
        // "From 5, for small clusters."
        Knob::linear("transmissions", 5..=10),
        Knob::linear("suspicion_periods", 3..=6),
        // In tenths of a period.
        Knob::linear("gossip_tenths", 2..=10),
        Knob::octaves("announce_periods", 4..=32),
        Knob::octaves("announce_to_down_periods", 4..=16),
        Knob::linear("announce_to", 1..=2),
        // How often its user tries to join.
        Knob::octaves("announce_ms", 200..=2_000),
        Knob::octaves("think_ms", 100..=2_000),
    ]
}

/// As `Config::new_lan` has it, of which every extension is on, with these knobs.
pub fn config<U: Usage>(io: &Io<'_, Protocol>) -> Config {
    let settings = Settings::of(|name| io.knob(name));
    let every = |frequency, num_members| Some(PeriodicParams { frequency, num_members });
    let (one, three) = (NonZeroUsize::MIN, NonZeroUsize::new(3).expect("3"));
    let count = |name| NonZeroUsize::new(io.knob(name) as usize).expect("1 or more");
    Config {
        probe_period: settings.period,
        probe_rtt: io.knob_ms("rtt_ms"),
        num_indirect_probes: count("indirect_probes"),
        max_transmissions: NonZeroU8::new(io.knob("transmissions") as u8).expect("5 or more"),
        suspect_to_down_after: settings.suspicion,
        // "It's recommended to use `None` or using a high value here."
        remove_down_after: None,
        max_packet_size: NonZeroUsize::new(1_400).expect("1400"),
        notify_down_members: U::DOWN == Down::IsTold,
        periodic_announce: every(settings.announce, one),
        periodic_announce_to_down_members: every(settings.announce_to_down, count("announce_to")),
        periodic_gossip: every(settings.period * io.knob("gossip_tenths") as u32 / 10, three),
    }
}

/// How long an interval is in which a group can be at rest: two rounds of probes of the largest group.
pub fn interval(io: &Io<'_, Protocol>) -> Duration {
    Settings::of(|name| io.knob(name)).period * INTERVAL_PERIODS
}

const INTERVAL_PERIODS: u32 = 14;

/// What may be demanded of a case.
#[derive(Clone, Copy, Debug)]
pub struct Demands {
    /// How long at least who is taken for down was suspected.
    pub suspicion_min: Duration,
    /// By when after the heal who is gone is known to be.
    pub detection: Duration,
    /// By when after the heal all know all others.
    pub agreement: Duration,
    /// By when after the heal the group is at rest.
    pub rest: Duration,
    /// How many messages a member may send in an interval, on average.
    pub sent_max: u64,
}

/// A member is probed by each other at least once in two rounds of the group (SWIM, section 4.3: once in 2n-1 periods), at the
/// end of the period is suspected, and after the suspicion is down. The crate says that it implements this, and no figure.
/// Twice that, for a name which was heard of late.
///
/// Who holds each other for down find together when one announces itself to the other. Whom it picks is chance: 40 times,
/// of which each hits one of six with one chance in six, miss by one chance in a thousand, and both sides try.
pub fn demands(case: &Case) -> Demands {
    let settings = Settings::of(|name| case.knobs[name]);
    let nodes = case.nodes.len() as u32;
    let asked = ASKS_UNTIL.as_duration() + Duration::from_secs(5);
    let join = Duration::from_millis(10 * case.knobs["announce_ms"]);
    let detected = settings.period * (2 * nodes + 1) + settings.suspicion;
    let detection = asked + join + 2 * detected;
    let agreement = detection + settings.announce_to_down * 40 + 2 * detected;
    let rest = agreement + settings.period * INTERVAL_PERIODS * 4;
    // A ping and an ack each period; an announcement, its answer, and one to somebody who is down from time to time.
    let times = |every: Duration| (settings.period * INTERVAL_PERIODS).as_nanos().div_ceil(every.as_nanos()) as u64 + 1;
    let announcements = 2 * times(settings.announce) + case.knobs["announce_to"] * times(settings.announce_to_down);
    let sent_max = 2 * u64::from(INTERVAL_PERIODS) + announcements;
    Demands {
        // A clock is fast by a tenth at most, and shows the whole of it after ten elevenths.
        suspicion_min: settings.suspicion * 10 / 11,
        detection,
        agreement,
        rest,
        // An interval of one overlaps with two of another, so that the answers to two may fall in it.
        sent_max: 2 * sent_max,
    }
}

struct Settings {
    period: Duration,
    suspicion: Duration,
    announce: Duration,
    announce_to_down: Duration,
}

impl Settings {
    fn of(knob: impl Fn(&str) -> u64) -> Settings {
        let period = Duration::from_millis(knob("rtt_ms") * knob("period_rtts"));
        let periods = |name| period * knob(name) as u32;
        Settings {
            period,
            suspicion: periods("suspicion_periods"),
            announce: periods("announce_periods"),
            announce_to_down: periods("announce_to_down_periods"),
        }
    }
}
