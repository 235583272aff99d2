//! What the adapter keeps for the crate: its timers, and what is stated of its list. And the crate's way out, which leads over it.

use foca::{Foca, Member, NoCustomBroadcast, Notification, PostcardCodec, Runtime, State};
use oracle::membership::{MembershipFact, Notice, Standing};
use sim::{Io, Timers};

use super::config;
use super::dice::Dice;
use super::identity::Name;
use super::message::{self, Message, Packet, Protocol};
use super::usage::{Entry, Keeping, Usage};

pub(super) type Group = Foca<Name, PostcardCodec, Dice, NoCustomBroadcast>;

/// What the adapter keeps for the crate.
pub(super) struct Desk {
    pub(super) timers: Timers<Due>,
    /// How many timers there were: each is one of its own, however like another.
    submitted: u64,
    keeping: Keeping,
    entry: Entry,
    pub(super) stage: Stage,
    /// The list of members as it was stated last, by node.
    stated: Vec<Member<Name>>,
    /// Whether anything was stated that is to be settled.
    unsettled: Unsettled,
    /// What it goes by, and at which incarnation, as was stated last.
    pub(super) own: Option<(Name, u16)>,
    pub(super) sent: u64,
    changes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unsettled {
    Nothing,
    Something,
}

/// How far it is, by what the crate tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Nobody is known to know of it.
    Joining,
    /// Somebody knows of it.
    Active,
    /// It has left, and comes back some time.
    Away,
    /// It was declared down, and cannot be renewed.
    Defunct,
}

/// What a timer is for: the crate's own come first, in its own order where they are due at once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Due {
    Theirs(foca::Timer<Name>, u64),
    Announce,
    Return,
    Interval,
}

impl Desk {
    pub(super) fn new<U: Usage>() -> Desk {
        Desk {
            timers: Timers::default(),
            submitted: 0,
            keeping: U::TIMERS,
            entry: U::ENTRY,
            stage: Stage::Joining,
            stated: Vec::new(),
            unsettled: Unsettled::Nothing,
            own: None,
            sent: 0,
            changes: 0,
        }
    }

    /// The instance is dropped.
    pub(super) fn clear(&mut self, io: &mut Io<'_, Protocol>) {
        self.timers.cancel_where(|due| matches!(due, Due::Theirs(..)));
        self.stated.clear();
        io.fact(MembershipFact::Emptied);
    }

    /// It goes by this name, and has told nobody yet.
    pub(super) fn go_by(&mut self, name: Name, io: &mut Io<'_, Protocol>) {
        if self.own.is_none_or(|(own, _)| own != name) {
            self.own = Some((name, 0));
            io.fact(MembershipFact::Joined(name.told()));
        }
    }

    /// It speaks of itself at this incarnation.
    fn refute(&mut self, name: Name, incarnation: u16, io: &mut Io<'_, Protocol>) {
        if self.own.is_some_and(|own| own != (name, incarnation)) {
            self.own = Some((name, incarnation));
            io.fact(MembershipFact::Refuted { identity: name.told(), incarnation: u64::from(incarnation) });
        }
    }

    /// It is not known whether anybody knows of it: its user sees to that.
    fn join_again(&mut self, io: &mut Io<'_, Protocol>) {
        if self.stage != Stage::Away {
            self.stage = Stage::Joining;
            if self.entry == Entry::UntilActive {
                self.timers.set(Due::Announce, io.now() + io.knob_ms("announce_ms"));
            }
        }
    }

    /// States what is new in the list of members.
    pub(super) fn state_list(&mut self, group: &Group, io: &mut Io<'_, Protocol>) {
        for member in group.iter_membership_state() {
            let known = self.stated.iter_mut().find(|known| known.id().node() == member.id().node());
            match known {
                Some(known) if known == member => continue,
                Some(known) => *known = member.clone(),
                None => self.stated.push(member.clone()),
            }
            self.unsettled = Unsettled::Something;
            io.fact(MembershipFact::Holds {
                identity: member.id().told(),
                incarnation: u64::from(member.incarnation()),
                standing: standing(member.state()),
            });
        }
        if self.stated.len() > group.iter_membership_state().len() {
            let is_held = |known: &Member<Name>| group.iter_membership_state().any(|held| held.id() == known.id());
            self.stated.retain(|known| {
                if !is_held(known) {
                    self.unsettled = Unsettled::Something;
                    io.fact(MembershipFact::Forgot(known.id().told()));
                }
                is_held(known)
            });
        }
        if std::mem::replace(&mut self.unsettled, Unsettled::Nothing) == Unsettled::Something {
            io.fact(MembershipFact::Settled);
        }
    }

    pub(super) fn state_interval(&mut self, io: &mut Io<'_, Protocol>) {
        self.timers.set(Due::Interval, io.now() + config::interval(io));
        let (sent, changes) = (std::mem::take(&mut self.sent), std::mem::take(&mut self.changes));
        if self.stage != Stage::Away {
            io.fact(MembershipFact::Passed { sent, changes });
        }
    }
}

/// What the crate acts by, during one call.
pub(super) struct Hands<'h, 'io> {
    pub(super) io: &'h mut Io<'io, Protocol>,
    pub(super) desk: &'h mut Desk,
}

impl Runtime<Name> for &mut Hands<'_, '_> {
    fn notify(&mut self, notification: Notification<'_, Name>) {
        let notice = match notification {
            Notification::MemberUp(member) => Notice::Up(member.told()),
            Notification::MemberDown(member) => Notice::Down(member.told()),
            Notification::Rename(from, to) => Notice::Renamed { from: from.told(), to: to.told() },
            Notification::Active => {
                self.io.reached("active");
                self.desk.stage = Stage::Active;
                return;
            }
            Notification::Idle => {
                self.io.reached("idle");
                return self.desk.join_again(self.io);
            }
            Notification::Rejoin(name) => {
                self.io.reached("rejoined");
                self.desk.go_by(*name, self.io);
                return self.desk.join_again(self.io);
            }
            Notification::Defunct => {
                self.io.reached("defunct");
                if self.desk.stage != Stage::Away {
                    self.desk.stage = Stage::Defunct;
                }
                return;
            }
        };
        self.desk.changes += 1;
        self.desk.unsettled = Unsettled::Something;
        self.io.fact(MembershipFact::Told(notice));
    }

    fn send_to(&mut self, to: Name, data: &[u8]) {
        let header = message::header(data);
        self.desk.sent += 1;
        // It was declared down, and has renewed itself: this is the first that anybody hears of its new name.
        self.desk.go_by(header.src, self.io);
        self.desk.refute(header.src, header.src_incarnation, self.io);
        match message::kind(&header) {
            "ping_request" => self.io.reached("probed_indirectly"),
            "turn_undead" => self.io.reached("turned_away"),
            _ => {}
        }
        self.io.send(to.node(), Message::Packet(Packet::new(data, &header)));
    }

    fn submit_after(&mut self, event: foca::Timer<Name>, after: std::time::Duration) {
        if self.desk.keeping == Keeping::OneOfAKind {
            self.desk.timers.cancel_where(|due| matches!(due, Due::Theirs(timer, _) if label(timer) == label(&event)));
        }
        self.desk.submitted += 1;
        self.desk.timers.set(Due::Theirs(event, self.desk.submitted), self.io.now() + after);
    }
}

fn standing(state: State) -> Standing {
    match state {
        State::Alive => Standing::Alive,
        State::Suspect => Standing::Suspected,
        State::Down => Standing::Down,
    }
}

pub(super) fn label(timer: &foca::Timer<Name>) -> &'static str {
    match timer {
        foca::Timer::ProbeRandomMember(_) => "probe",
        foca::Timer::SendIndirectProbe { .. } => "probe_indirectly",
        foca::Timer::ChangeSuspectToDown { .. } => "suspect_to_down",
        foca::Timer::PeriodicAnnounce(_) => "announce_again",
        foca::Timer::PeriodicAnnounceDown(_) => "announce_to_down",
        foca::Timer::PeriodicGossip(_) => "gossip",
        foca::Timer::RemoveDown(_) => "remove_down",
    }
}
