//! The adapter: names the crate's instance, hands it messages and timers, and sees to it that it joins, leaves and comes back.

use std::marker::PhantomData;

use foca::{Foca, Identity, Member, PostcardCodec};
use oracle::membership::MembershipFact;
use scenarios::journal::{Found, Journal, Record};
use sim::{DiskError, Io, NodeId, Process, Refusal, Request, Time, sample};

use super::config;
use super::desk::{Desk, Due, Group, Hands, Stage, label};
use super::dice::Dice;
use super::identity::Name;
use super::message::{self, Leave, Message, Protocol};
use super::usage::{Entry, FromItself, Leaving, Naming, Usage};

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

    fn on_disk(&mut self, request: Request, result: Result<(), DiskError>, io: &mut Io<'_, Protocol>) {
        result.expect("this scenario excludes requests that fail");
        self.journal.synced(request, io);
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

fn others(io: &Io<'_, Protocol>) -> Vec<NodeId> {
    io.nodes().iter().copied().filter(|node| *node != io.id()).collect()
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

/// Which start of a node it is, counted from 1.
struct Start(u32);

impl Record for Start {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_le_bytes());
    }

    fn decode(content: &[u8]) -> Option<Start> {
        content.try_into().ok().map(|bytes| Start(u32::from_le_bytes(bytes)))
    }
}
