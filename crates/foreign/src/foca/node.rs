//! The adapter: hands the crate messages and timers, carries out what it asks its runtime for, and states as facts what it
//! says and what its list of members holds.

use std::marker::PhantomData;

use foca::{Foca, Identity, Member, NoCustomBroadcast, Notification, PostcardCodec, Runtime, State};
use oracle::membership::{MembershipFact, Notice, Standing};
use scenarios::journal::{Found, Journal, Record};
use sim::{DiskError, Io, NodeId, Process, Refusal, Request, Time, Timers, sample};

use super::config;
use super::dice::Dice;
use super::identity::Name;
use super::message::{self, Leave, Message, Packet, Protocol};
use super::usage::{Entry, FromItself, Keeping, Leaving, Naming, Usage};

type Group = Foca<Name, PostcardCodec, Dice, NoCustomBroadcast>;

/// A node: the crate, its timers, and what it is told of it.
pub struct Node<U> {
    group: Group,
    dice: Dice,
    desk: Desk,
    journal: Journal<Start>,
    /// What has to be durable before anybody hears of this life.
    named: Named,
    usage: PhantomData<fn() -> U>,
}

/// Whether the node may use its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Named {
    After(Request),
    Yes,
}

/// What the adapter keeps for the crate.
struct Desk {
    timers: Timers<Due>,
    /// How many timers there were: each is one of its own, however like another.
    submitted: u64,
    keeping: Keeping,
    entry: Entry,
    stage: Stage,
    /// The list of members as it was stated last, by node.
    stated: Vec<Member<Name>>,
    /// Whether anything was stated that is to be settled.
    unsettled: Unsettled,
    /// What it goes by, and at which incarnation, as was stated last.
    own: Option<(Name, u16)>,
    sent: u64,
    changes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unsettled {
    Nothing,
    Something,
}

/// How far it is, by what the crate tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
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
enum Due {
    Theirs(foca::Timer<Name>, u64),
    Announce,
    Return,
    Interval,
}

impl<U: Usage> Process for Node<U> {
    type Protocol = Protocol;

    fn boot(io: &mut Io<'_, Protocol>) -> Result<Node<U>, Refusal> {
        let (mut journal, Found { records, .. }) = Journal::<Start>::open(io)?;
        let start = records.last().map_or(1, |Start(last)| last + 1);
        let (name, named) = match U::NAMING {
            Naming::CountedStarts => {
                let request = journal.write(&Start(start), io);
                journal.sync(io);
                (Name::of_start(io.id(), start), Named::After(request))
            }
            Naming::WallSeconds => (Name::new(io.id(), io.wall().as_nanos() / 1_000_000_000), Named::Yes),
            Naming::AddressAlone => (Name::address(io.id()), Named::Yes),
        };
        let dice = Dice::default();
        let mut node = Node {
            group: Foca::new(name, config::config::<U>(io), dice.clone(), PostcardCodec),
            dice,
            desk: Desk::new::<U>(),
            journal,
            named,
            usage: PhantomData,
        };
        if node.named == Named::Yes {
            node.begin(io);
        }
        Ok(node)
    }

    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Protocol>) {
        if self.named != Named::Yes {
            return;
        }
        match message {
            Message::Packet(_) if self.is_out() => {}
            Message::Packet(packet) => {
                let label = message::kind(&message::header(packet.bytes()));
                if label == "forwarded_ack" || label == "turn_undead" {
                    io.reached(label);
                }
                self.call(label, io, |group, hands| group.handle_data(packet.bytes(), hands));
            }
            Message::Leave(leave) => self.leave(from, leave, io),
            Message::HasLeft(_) => {}
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Protocol>) {
        while let Some(due) = self.desk.timers.pop_due(io.now()) {
            match due {
                Due::Theirs(timer, _) => {
                    self.call(label(&timer), io, |group, hands| group.handle_timer(timer, hands));
                }
                Due::Announce if self.is_deaf() => self.start_over(io),
                Due::Announce if self.desk.stage == Stage::Joining => self.announce(io),
                Due::Announce => {}
                Due::Return => self.come_back(io),
                Due::Interval => self.desk.state_interval(io),
            }
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        self.desk.timers.next_deadline()
    }

    fn on_disk(&mut self, request: Request, _: Result<(), DiskError>, io: &mut Io<'_, Protocol>) {
        self.journal.synced(io);
        if let Named::After(named) = self.named
            && named <= request
        {
            self.named = Named::Yes;
            self.begin(io);
        }
    }
}

impl<U: Usage> Node<U> {
    /// The name may be used.
    fn begin(&mut self, io: &mut Io<'_, Protocol>) {
        self.desk.go_by(*self.group.identity(), io);
        self.desk.timers.set(Due::Interval, io.now() + config::interval(io));
        if U::NAMING != Naming::AddressAlone {
            // As down, so that the crate tries to find them. Two who knew each other alone would be a group of their own
            // for ever: n1 announces itself to n3 as n2 does to n4, and nobody has a reason to ask anybody else.
            let down = others(io).into_iter().map(|node| Member::down(Name::address(node)));
            self.call("taught", io, |group, hands| group.apply_many(down, false, hands));
        }
        if U::ENTRY != Entry::Taught {
            self.announce(io);
        }
    }

    /// Tells somebody that it is there. Nothing says that this arrives, so it is done again.
    fn announce(&mut self, io: &mut Io<'_, Protocol>) {
        self.desk.timers.set(Due::Announce, io.now() + io.knob_ms("announce_ms"));
        let others = others(io);
        let seed = sample::below(io.draw("seed"), others.len().max(1) as u64) as usize;
        if let Some(seed) = others.get(seed) {
            let sent = self.desk.sent;
            self.call("announce", io, |group, hands| group.announce(Name::address(*seed), hands));
            // Its user's doing: one that is alone has nothing else to do, and is at rest.
            self.desk.sent = sent;
        }
    }

    fn leave(&mut self, client: NodeId, leave: Leave, io: &mut Io<'_, Protocol>) {
        if let Stage::Joining | Stage::Active = self.desk.stage {
            io.fact(MembershipFact::Left(self.group.identity().told()));
            self.desk.stage = Stage::Away;
            if let Some(away_ms) = leave.away_ms {
                self.desk.timers.set(Due::Return, io.now() + std::time::Duration::from_millis(away_ms));
            }
            self.call("leave", io, |group, hands| group.leave_cluster(hands));
            if U::LEAVING == Leaving::Ends {
                self.desk.clear(io);
            }
        }
        io.send(client, Message::HasLeft(leave.name));
    }

    /// Comes back by another name, where it has one.
    fn come_back(&mut self, io: &mut Io<'_, Protocol>) {
        self.desk.stage = Stage::Joining;
        match self.group.identity().renew() {
            Some(name) if U::LEAVING == Leaving::Stays => {
                self.desk.own = None;
                self.desk.go_by(name, io);
                self.call("return", io, |group, hands| group.change_identity(name, hands));
                self.announce(io);
            }
            _ => self.begin_anew(io),
        }
    }

    /// Whether it has active members and probes none of them, as nobody is known to know its new name. Were the last of them
    /// gone by now, it would have that one for ever.
    fn is_deaf(&self) -> bool {
        self.desk.stage == Stage::Joining && self.group.num_members() > 0 && U::LEAVING == Leaving::Ends
    }

    fn start_over(&mut self, io: &mut Io<'_, Protocol>) {
        io.reached("started_over");
        self.desk.clear(io);
        self.begin_anew(io);
    }

    /// Makes another instance, by another name where it has one.
    fn begin_anew(&mut self, io: &mut Io<'_, Protocol>) {
        let own = *self.group.identity();
        let name = own.renew().unwrap_or(own);
        self.desk.own = None;
        self.group = Foca::new(name, config::config::<U>(io), self.dice.clone(), PostcardCodec);
        self.begin(io);
    }

    /// Whether nobody is there to hear.
    fn is_out(&self) -> bool {
        self.desk.stage == Stage::Away && U::LEAVING == Leaving::Ends
    }

    /// Calls the crate, and states what came of it.
    fn call(
        &mut self,
        what: &'static str,
        io: &mut Io<'_, Protocol>,
        call: impl FnOnce(&mut Group, &mut Hands<'_, '_>) -> Result<(), foca::Error>,
    ) {
        self.dice.throw(io.draw(what));
        let mut hands = Hands { io, desk: &mut self.desk };
        let result = call(&mut self.group, &mut hands);
        match result {
            Err(foca::Error::DataFromOurselves) if U::FROM_ITSELF == FromItself::Ignored => io.reached("from_itself"),
            Err(error) => io.fact(MembershipFact::Failed(reason(&error))),
            Ok(()) => {}
        }
        self.desk.state_list(&self.group, io);
    }
}

impl Desk {
    fn new<U: Usage>() -> Desk {
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
    fn clear(&mut self, io: &mut Io<'_, Protocol>) {
        self.timers.cancel_where(|due| matches!(due, Due::Theirs(..)));
        self.stated.clear();
        io.fact(MembershipFact::Emptied);
    }

    /// It goes by this name, and has told nobody yet.
    fn go_by(&mut self, name: Name, io: &mut Io<'_, Protocol>) {
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
    fn state_list(&mut self, group: &Group, io: &mut Io<'_, Protocol>) {
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

    fn state_interval(&mut self, io: &mut Io<'_, Protocol>) {
        self.timers.set(Due::Interval, io.now() + config::interval(io));
        let (sent, changes) = (std::mem::take(&mut self.sent), std::mem::take(&mut self.changes));
        if self.stage != Stage::Away {
            io.fact(MembershipFact::Passed { sent, changes });
        }
    }
}

/// What the crate acts by, during one call.
struct Hands<'h, 'io> {
    io: &'h mut Io<'io, Protocol>,
    desk: &'h mut Desk,
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

fn others(io: &Io<'_, Protocol>) -> Vec<NodeId> {
    io.nodes().iter().copied().filter(|node| *node != io.id()).collect()
}

fn standing(state: State) -> Standing {
    match state {
        State::Alive => Standing::Alive,
        State::Suspect => Standing::Suspected,
        State::Down => Standing::Down,
    }
}

fn label(timer: &foca::Timer<Name>) -> &'static str {
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

fn reason(error: &foca::Error) -> &'static str {
    match error {
        foca::Error::DataTooBig => "data too big",
        foca::Error::NotUndead => "not undead",
        foca::Error::SameIdentity => "same identity",
        foca::Error::NotConnected => "not connected",
        foca::Error::IncompleteProbeCycle => "incomplete probe cycle",
        foca::Error::DataFromOurselves => "data from ourselves",
        foca::Error::IndirectForOurselves => "indirect for ourselves",
        foca::Error::MalformedPacket => "malformed packet",
        foca::Error::Encode(_) => "encode",
        foca::Error::Decode(_) => "decode",
        foca::Error::CustomBroadcast(_) => "custom broadcast",
        foca::Error::InvalidConfig => "invalid configuration",
    }
}

/// The so-manieth start of a node.
struct Start(u32);

impl Record for Start {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_le_bytes());
    }

    fn decode(content: &[u8]) -> Option<Start> {
        content.try_into().ok().map(|bytes| Start(u32::from_le_bytes(bytes)))
    }
}
