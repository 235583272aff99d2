//! Operations are answered, and logs catch up, after the heal.

use sim::{Case, Goal, NodeId, Observed, Time, What};

use super::fact::{Acknowledged, LogFact, Replicated, log_fact};
use crate::by_node::ByNode;
use crate::pending::{Lack, Pending, lacks};

/// After the heal every client that still has operations begins one and gets it answered, and every node of the core
/// applies all that anybody had applied before.
///
/// An answer that promises nothing, such as to a read, is not enough where more can be asked: a node alone can give it.
/// An answer to what was asked before the heal is not enough where more can be asked: it may have been on its way already.
#[derive(Clone, Debug)]
pub struct Liveness {
    clients: Vec<Client>,
    demanded: Demanded,
    applied: ByNode<Applied>,
    /// The last index that any life of any node applied.
    furthest: u64,
    healed: Option<Healed>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Demanded {
    AnswersAndCatchingUp,
    Answers,
}

/// The last index that the present life of a node applied, and since when it is the last.
#[derive(Clone, Copy, Debug, Default)]
struct Applied {
    index: u64,
    since: Time,
}

#[derive(Clone, Debug)]
struct Client {
    id: NodeId,
    operations: u32,
    asked_count: u32,
    answered_count: u32,
    /// The last operation that it asked for.
    last: Option<u32>,
    pending: Pending,
    due: Due,
    /// How many answers it had to what it asked since the heal that promised nothing, and when the last of them came.
    unpromising: (u32, Time),
}

/// What a client is to get after the heal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Due {
    /// Nothing, or nothing more.
    Nothing,
    /// The answer to the last operation that it has.
    LastAnswer,
    /// What an operation after this one promises, or the answers to all that it has.
    AnswerAfter(Option<u32>),
}

#[derive(Clone, Debug)]
struct Healed {
    core: Vec<NodeId>,
    /// What the core has to apply.
    through: u64,
}

impl Liveness {
    /// For the clients of this case.
    pub fn new(case: &Case) -> Liveness {
        Liveness::demanding(Demanded::AnswersAndCatchingUp, case)
    }

    /// The same for the clients alone: where a protocol leaves it open whether a node catches up that nobody needs.
    pub fn of_clients(case: &Case) -> Liveness {
        Liveness::demanding(Demanded::Answers, case)
    }

    fn demanding(demanded: Demanded, case: &Case) -> Liveness {
        let client = |load: &sim::ClientLoad| {
            let omitted = load.omitted.iter().filter(|ordinal| **ordinal < load.operations).count() as u32;
            let operations = load.operations - omitted;
            Client {
                id: load.id,
                operations,
                asked_count: 0,
                answered_count: 0,
                last: None,
                pending: Pending::default(),
                due: Due::Nothing,
                unpromising: (0, Time::ZERO),
            }
        };
        Liveness {
            clients: case.workload.clients.iter().map(client).collect(),
            demanded,
            applied: ByNode::default(),
            furthest: 0,
            healed: None,
        }
    }

    fn client(&mut self, id: NodeId) -> &mut Client {
        self.clients.iter_mut().find(|client| client.id == id).expect("only clients of the case ask")
    }

    fn waiting(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| client.due != Due::Nothing)
    }

    fn behind<'a>(&'a self, healed: &'a Healed) -> impl Iterator<Item = (NodeId, Applied)> + 'a {
        let applied = |node: &NodeId| (*node, self.applied.get(*node).copied().unwrap_or_default());
        healed.core.iter().map(applied).filter(|(_, applied)| applied.index < healed.through)
    }
}

impl Client {
    fn ask(&mut self, ordinal: u32, now: Time) {
        self.asked_count += 1;
        self.last = Some(ordinal);
        self.pending.ask(ordinal, now);
    }

    fn answer(&mut self, ordinal: u32, promise: Option<Acknowledged>, now: Time) {
        self.answered_count += 1;
        self.pending.answer(ordinal, now);
        let is_through = self.answered_count == self.operations;
        let is_due = match self.due {
            Due::Nothing => false,
            Due::LastAnswer => is_through,
            Due::AnswerAfter(last) if last.is_none_or(|last| ordinal > last) => {
                if promise.is_none() {
                    self.unpromising = (self.unpromising.0 + 1, now);
                }
                is_through || promise.is_some()
            }
            Due::AnswerAfter(_) => is_through,
        };
        if is_due {
            self.due = Due::Nothing;
        }
    }

    /// What it lacks, where something is due. Answers that promise nothing are no news while it waits: one that read once and
    /// then waits for its write lacks the answer to the write.
    fn lack(&self) -> Lack {
        match (self.pending.lack(), self.due, self.unpromising) {
            (Lack::NothingAsked { .. }, Due::AnswerAfter(_), (answers @ 1.., last_at)) => {
                Lack::Promise { answers, last_at }
            }
            (lack, ..) => lack,
        }
    }

    fn heal(&mut self) {
        self.due = if self.asked_count < self.operations {
            Due::AnswerAfter(self.last)
        } else if self.answered_count < self.operations {
            Due::LastAnswer
        } else {
            Due::Nothing
        };
    }
}

impl<P: Replicated> Goal<P> for Liveness {
    fn observe(&mut self, observed: &Observed<'_, P>) {
        match observed.what {
            What::Crashed | What::Booted => {
                *self.applied.get_mut(observed.node) = Applied { index: 0, since: observed.time };
            }
            What::Invoked(operation, _) => self.client(operation.client).ask(operation.ordinal, observed.time),
            What::Responded(operation, reply) => {
                self.client(operation.client).answer(operation.ordinal, P::acknowledged(reply), observed.time);
            }
            What::Healed(core) => {
                self.clients.iter_mut().for_each(Client::heal);
                let through = match self.demanded {
                    Demanded::AnswersAndCatchingUp => self.furthest,
                    Demanded::Answers => 0,
                };
                self.healed = Some(Healed { core: core.to_vec(), through });
            }
            _ => {}
        }
        if let Some(LogFact::Applied(entry)) = log_fact(observed) {
            *self.applied.get_mut(observed.node) = Applied { index: entry.index, since: observed.time };
            self.furthest = self.furthest.max(entry.index);
        }
    }

    fn met(&self) -> bool {
        let Some(healed) = &self.healed else { return false };
        self.waiting().next().is_none() && self.behind(healed).next().is_none()
    }

    fn missing(&self) -> String {
        let Some(healed) = &self.healed else { return "there was no heal".into() };
        let mut missing = lacks(self.waiting().map(|client| (client.id, client.lack())));
        missing.extend(self.behind(healed).map(|(node, Applied { index, since })| {
            format!("{node} (at entry {index} since {since}) did not get to entry {}", healed.through)
        }));
        missing.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use sim::ClientLoad;

    use super::super::story::missing;
    use super::*;
    use crate::story::case;

    /// Two clients, of two operations and of none.
    fn of_two_clients() -> Liveness {
        Liveness::new(&of_two())
    }

    fn of_two() -> Case {
        case(2, vec![load(1, 3), load(2, 0)])
    }

    fn load(number: u16, operations: u32) -> ClientLoad {
        ClientLoad { id: NodeId::client(number), operations, omitted: vec![1] }
    }

    #[test]
    fn an_answer_and_everything_applied_is_progress() {
        let history = "n1 applies 1/1 a\nhealed n1 n2\nn2 applies 1/1 a\nc1 asks\nc1 answered 1 a";
        assert_eq!(missing(&mut of_two_clients(), history), None);
    }

    #[test]
    fn before_the_heal_nothing_counts_nor_does_an_answer_to_what_was_asked_before() {
        let idle = Some("c1 asked for nothing more (answered at 0.003s)");
        let history = "n1 n2 applies 1/1 a\nc1 asks\nc1 answered 1 a\nhealed n1 n2";
        assert_eq!(missing(&mut of_two_clients(), history).as_deref(), idle);
        let history = "c1 asks\nhealed n1 n2\nc1 answered 1 a";
        assert_eq!(missing(&mut of_two_clients(), history).as_deref(), idle);
        assert_eq!(missing(&mut of_two_clients(), "healed n1 n2").as_deref(), Some("c1 asked for nothing"));
        assert!(missing(&mut of_two_clients(), "n1 applies 1/1 a").is_some());
    }

    #[test]
    fn what_is_pending_is_named_with_the_time_since_when() {
        let history = "n1 applies 1/1 a\nn2 applies 1/1 a\nc1 asks\nn1 applies 1/2 b\nhealed n1 n2 n3\nc2 asks";
        let of_all = Liveness::new(&case(3, [1, 2].map(|number| load(number, 3)).to_vec()));
        let expected = "c1 got no answer to operation 1 (asked at 0.003s), \
                        c2 got no answer to operation 2 (asked at 0.006s), \
                        n2 (at entry 1 since 0.002s) did not get to entry 2, \
                        n3 (at entry 0 since 0.000s) did not get to entry 2";
        assert_eq!(missing(&mut of_all.clone(), history).as_deref(), Some(expected));
    }

    /// Or a cluster that decides nothing any more would be one that makes progress, by what each node remembers.
    #[test]
    fn a_read_is_no_progress_where_more_can_be_asked() {
        let history = "healed n1 n2\nc1 asks\nc1 shown n1 0 1";
        let unpromising = Some("c1 got only answers that promise nothing: 1 (the last at 0.003s)");
        assert_eq!(missing(&mut of_two_clients(), history).as_deref(), unpromising);
        let through = format!("{history}\nc1 asks\nc1 shown n1 0 1");
        assert_eq!(missing(&mut of_two_clients(), &through), None);
        let promised = format!("{history}\nc1 asks\nc1 answered 1 a");
        assert_eq!(missing(&mut of_two_clients(), &promised), None);
    }

    /// Failures are grouped by their sentences without the numbers.
    #[test]
    fn one_answer_is_spoken_of_like_several() {
        let mut of_many = Liveness::new(&case(1, vec![load(1, 5)]));
        let history = "healed n1\nc1 asks\nc1 shown n1 0 1\nc1 asks\nc1 shown n1 0 1";
        let expected = "c1 got only answers that promise nothing: 2 (the last at 0.005s)";
        assert_eq!(missing(&mut of_many, history).as_deref(), Some(expected));
    }

    /// A client read once, and waits for its write ever since.
    #[test]
    fn what_is_open_is_named_rather_than_answers_that_promise_nothing() {
        let history = "healed n1 n2\nc1 asks\nc1 shown n1 0 1\nc1 asks";
        let open = Some("c1 got no answer to operation 2 (asked at 0.004s)");
        assert_eq!(missing(&mut of_two_clients(), history).as_deref(), open);
    }

    /// Or the client would be blamed, that it asks for nothing more, where the cluster owes it an answer.
    #[test]
    fn of_two_operations_the_one_that_is_not_answered_is_named() {
        let of_many = Liveness::new(&case(1, vec![load(1, 5)]));
        let open = Some("c1 got no answer to operation 1 (asked at 0.001s)");
        let history = "c1 asks\nc1 asks\nc1 answered 1 a\nhealed n1";
        assert_eq!(missing(&mut of_many.clone(), history).as_deref(), open);
        let read = format!("{history}\nc1 asks\nc1 shown n1 0 1");
        assert_eq!(missing(&mut of_many.clone(), &read).as_deref(), open);
    }

    #[test]
    fn a_client_that_is_through_is_owed_nothing_and_one_at_its_last_operation_that_answer() {
        let through = "c1 asks\nc1 answered 1 a\nc1 asks\nc1 answered 2 b\nhealed n1";
        assert_eq!(missing(&mut of_two_clients(), through), None);
        let last = "c1 asks\nc1 answered 1 a\nc1 asks\nhealed n1";
        assert!(missing(&mut of_two_clients(), last).is_some());
        assert_eq!(missing(&mut of_two_clients(), &format!("{last}\nc1 answered 2 b")), None);
    }

    #[test]
    fn a_life_has_to_apply_again_what_its_last_had_applied() {
        let history = "n1 n2 applies 1/1 a\nhealed n1 n2\nn2 boots\nc1 asks\nc1 answered 1 a";
        assert_eq!(
            missing(&mut of_two_clients(), history).as_deref(),
            Some("n2 (at entry 0 since 0.003s) did not get to entry 1")
        );
    }

    #[test]
    fn where_only_clients_are_owed_something_nobody_need_catch_up() {
        let history = "n1 applies 1/1 a\nhealed n1 n2\nc1 asks";
        let unanswered = "c1 got no answer to operation 1 (asked at 0.003s)";
        assert_eq!(missing(&mut Liveness::of_clients(&of_two()), history).as_deref(), Some(unanswered));
        let history = format!("{history}\nc1 answered 1 a");
        assert_eq!(missing(&mut Liveness::of_clients(&of_two()), &history), None);
        assert!(missing(&mut of_two_clients(), &history).is_some());
    }

    #[test]
    fn what_is_outside_of_the_core_need_not_catch_up() {
        let history = "n1 applies 1/1 a\nhealed n1\nc1 asks\nc1 answered 1 a";
        assert_eq!(missing(&mut of_two_clients(), history), None);
    }
}
